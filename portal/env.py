"""Typed readers of environment variables.

Every setting is read once, here, and nonsense is refused with the variable's
name and what it should be. Secrets are given as ``NAME_FILE``, the path of a file
that holds them; ``NAME`` itself is accepted for trials.
"""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path


class BadSetting(Exception):
    """An environment variable holds something this program cannot use."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name


def env_str(name: str, default: str | None = None) -> str:
    """The variable's text; without a default it must be set and not empty."""
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        raise BadSetting(name, "must be set")
    return default


def env_bool(name: str, default: bool) -> bool:
    """``True`` or ``False``, written exactly so."""
    value = os.environ.get(name, "")
    if not value:
        return default
    if value not in {"True", "False"}:
        raise BadSetting(name, f"must be True or False, not {value!r}")
    return value == "True"


def env_int(
    name: str, default: int, *, minimum: int, maximum: int | None = None
) -> int:
    """A whole number inside the given range, both ends included."""
    value = os.environ.get(name, "")
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise BadSetting(name, f"must be a whole number, not {value!r}") from None
    if number < minimum or (maximum is not None and number > maximum):
        raise BadSetting(name, f"must be {minimum} to {maximum or '…'}, not {number}")
    return number


def env_list(name: str, default: str = "") -> list[str]:
    """Comma-separated words, blanks dropped."""
    return [word.strip() for word in env_str(name, default).split(",") if word.strip()]


def env_pairs(name: str) -> dict[str, str]:
    """``name=value`` words with commas; a word without ``=`` is refused."""
    return pairs(name, env_list(name))


def env_networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks (``10.0.0.0/24``) with commas."""
    found = []
    for word in env_list(name):
        try:
            found.append(ip_network(word))
        except ValueError:
            raise BadSetting(name, f"{word!r} is no address or network") from None
    return found


def env_secret(name: str, default: str | None = None) -> str:
    """The content of the file ``NAME_FILE`` names, or else ``NAME`` itself."""
    path = os.environ.get(f"{name}_FILE", "")
    if not path:
        return env_str(name, default)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadSetting(f"{name}_FILE", f"cannot be read: {error.strerror}") from None


def pairs(name: str, words: list[str]) -> dict[str, str]:
    """``name=value`` words as a dictionary."""
    found = {}
    for word in words:
        key, sign, value = (part.strip() for part in word.partition("="))
        if not (key and sign and value):
            raise BadSetting(name, "must be NAME=VALUE, separated by commas")
        found[key] = value
    return found
