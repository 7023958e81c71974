"""The bench runner says OK or SHORT as it is, and keeps the newest run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import run
from tests.benchmarks.result import Result


def made(figure: float, **more: object) -> Result:
    parts = {
        "columns": ("way", "推送/s"),
        "rows": [("ours", "900"), ("peer 对照", "1000")],
    }
    return Result("push", **parts, figure=figure, goal=0.8, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (made(0.9), "BENCH push: 0.9 goal >= 0.8 OK"),
        (made(0.79), "BENCH push: 0.79 goal >= 0.8 SHORT"),
        (
            made(0.9, less_is_better=True, unit=" s"),
            "BENCH push: 0.9 s goal <= 0.8 s SHORT",
        ),
    ],
)
def test_last_line_says_whether_the_goal_is_reached(result: Result, line: str) -> None:
    assert result.last_line == line


def test_table_is_padded_by_the_width_of_chinese() -> None:
    assert run.table(made(1)) == [
        "| way       | 推送/s |",
        "|-----------|--------|",
        "| ours      | 900    |",
        "| peer 对照 | 1000   |",
    ]


def test_keep_replaces_its_own_section_only(tmp_path: Path) -> None:
    document = tmp_path / "benchmarks.md"
    run.keep(made(0.5), "small", document)
    run.keep(made(0.6), "full", document)
    run.keep(made(0.9), "small", document)
    text = document.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## push, small",
        "## push, full",
    ]
    assert "push: 0.5 " not in text
    assert text.index("push: 0.9 ") < text.index("push: 0.6 ")


def test_unknown_benchmark_is_refused_by_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run.main(["nonsense"]) == 1
    assert capsys.readouterr().err.startswith("no benchmark 'nonsense':")
