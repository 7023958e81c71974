"""A word to whoever runs the tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Say something to whoever runs the tests."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")

    return say
