"""Who may open us, and how: what ``LAUNCH_KEYS`` and ``LAUNCH_APPS`` say, typed.

``LAUNCH_KEYS`` is the short way for stations that sign a link. ``LAUNCH_APPS`` is TOML
(``docs/settings.md``): ``[station.NAME]`` for those, ``[oidc.NAME]``, ``[cas.NAME]``
and ``[smart.NAME]`` for a platform that says who somebody is. Nonsense is refused when
the settings are read; what is merely dangerous is named by ``portal.checks``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from portal.env import BadSetting
from portal.his.contract.launch import STATIONS, Algorithm

SETTING = "LAUNCH_APPS"
NAME = re.compile(r"[A-Za-z0-9_-]{1,20}")


class Method(StrEnum):
    """How one comes in; also what the event log says."""

    LINK = "LINK"
    TICKET = "TICKET"
    OIDC = "OIDC"
    CAS = "CAS"
    SMART = "SMART"


@dataclass(frozen=True)
class StationApp:
    """A station whose links are signed, or whose server asks for tickets."""

    name: str
    key: str = field(repr=False)
    algorithm: Algorithm = Algorithm.HMAC_SHA256
    until: date | None = None  # last day of a plain digest
    methods: frozenset[Method] = frozenset({Method.LINK})


@dataclass(frozen=True)
class OidcProvider:
    """A platform that speaks OpenID Connect; ``claim`` holds the staff number."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)  # "" is a public client
    claim: str = "sub"
    department_claim: str = ""  # "" when it does not tell where one works
    scope: str = "openid"
    station: str = "ZY"


@dataclass(frozen=True)
class CasServer:
    """``attribute`` holds the staff number; without one the user's name is it."""

    name: str
    url: str
    attribute: str = ""
    station: str = "ZY"


@dataclass(frozen=True)
class SmartEhr:
    """A HIS that launches by SMART; ``system`` names the identifier that is 工号."""

    name: str
    iss: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    system: str = ""
    scope: str = "launch openid fhirUser user/Practitioner.rs"
    station: str = "ZY"


Platform: TypeAlias = OidcProvider | CasServer | SmartEhr


@dataclass(frozen=True)
class Entrances:
    """Everything that may open us; no two have the same name."""

    stations: Mapping[str, StationApp] = field(default_factory=dict)
    oidc: Mapping[str, OidcProvider] = field(default_factory=dict)
    cas: Mapping[str, CasServer] = field(default_factory=dict)
    smart: Mapping[str, SmartEhr] = field(default_factory=dict)

    @property
    def platforms(self) -> list[Platform]:
        found: list[Platform] = [*self.oidc.values(), *self.cas.values()]
        found += self.smart.values()
        return sorted(found, key=lambda one: one.name)

    def ehr_of(self, iss: str) -> SmartEhr | None:
        """The one whose FHIR base this is, to the letter but for a last slash."""
        wanted = iss.rstrip("/")
        return next((one for one in self.smart.values() if one.iss == wanted), None)


def address_of(platform: Platform) -> str:
    """Where the platform is."""
    if isinstance(platform, OidcProvider):
        return platform.issuer
    return platform.url if isinstance(platform, CasServer) else platform.iss


def entrances(keys: Mapping[str, str], text: str) -> Entrances:
    """Read both settings; BadSetting names the table and what is wrong with it."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise BadSetting(SETTING, f"is no TOML: {problem}") from None
    if unknown := set(tables) - set(READERS):
        raise BadSetting(SETTING, f"has no tables [{min(unknown)}.NAME]")
    found: dict[str, dict[str, Any]] = {kind: {} for kind in READERS}
    for kind, read in READERS.items():
        for name, said in tables.get(kind, {}).items():
            table = Table(f"[{kind}.{name}]", dict(said))
            found[kind][name] = read(table.name_of(name), table)
            table.refuse_rest()
    stations = {name: StationApp(name, key) for name, key in keys.items()}
    made = [name for group in (stations, *found.values()) for name in group]
    if twice := {name for name in made if made.count(name) > 1}:
        raise BadSetting(SETTING, f"{min(twice)} is named twice")
    return Entrances(
        {**stations, **found["station"]}, found["oidc"], found["cas"], found["smart"]
    )


class Table:
    """One table, each of its words asked for once."""

    def __init__(self, where: str, said: Any) -> None:
        self.where = where
        self.said = said

    def wrong(self, problem: str) -> BadSetting:
        return BadSetting(SETTING, f"{self.where}: {problem}")

    def name_of(self, name: str) -> str:
        if NAME.fullmatch(name) is None:
            raise self.wrong("a name has at most 20 letters, digits, - and _")
        return name

    def text(self, word: str, default: str | None = None) -> str:
        value = self.said.pop(word, default)
        if not isinstance(value, str) or (default is None and not value):
            raise self.wrong(f"{word} must be a text")
        return value

    def one_of(self, word: str, allowed: list[str], default: str) -> str:
        value = self.text(word, default)
        if value not in allowed:
            raise self.wrong(f"{word} must be one of {', '.join(allowed)}")
        return value

    def url(self, word: str) -> str:
        value = self.text(word).rstrip("/")
        parts = urlsplit(value)
        is_plain = not (parts.query or parts.fragment or parts.username)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain:
            raise self.wrong(f"{word} must be an address such as https://host/path")
        return value

    def issuer(self) -> str:
        """As it is written: it is compared to the letter, a last slash included."""
        written = str(self.said.get("issuer", ""))
        self.url("issuer")
        return written

    def day(self, word: str) -> date | None:
        value = self.said.pop(word, None)
        if value is not None and type(value) is not date:
            raise self.wrong(f"{word} must be a day, 2027-03-31 without quotes")
        return value

    def refuse_rest(self) -> None:
        if self.said:
            raise self.wrong(f"{min(self.said)} means nothing")


def _station(name: str, table: Table) -> StationApp:
    algorithm = Algorithm(
        table.one_of("algorithm", list(Algorithm), Algorithm.HMAC_SHA256)
    )
    until = table.day("until")
    if algorithm.is_plain_digest != (until is not None):
        raise table.wrong("a plain digest, and nothing else, has its last day in until")
    methods = table.said.pop("methods", [Method.LINK])
    allowed = [Method.LINK, Method.TICKET]
    if not (isinstance(methods, list) and methods and set(methods) <= set(allowed)):
        raise table.wrong("methods is a list of LINK and TICKET")
    return StationApp(
        name, table.text("key"), algorithm, until, frozenset(map(Method, methods))
    )


def _station_code(table: Table) -> str:
    return table.one_of("station", list(STATIONS), OidcProvider.station)


def _oidc(name: str, table: Table) -> OidcProvider:
    return OidcProvider(
        name,
        table.issuer(),
        table.text("client_id"),
        table.text("client_secret", ""),
        table.text("claim", OidcProvider.claim),
        table.text("department_claim", ""),
        table.text("scope", OidcProvider.scope),
        _station_code(table),
    )


def _cas(name: str, table: Table) -> CasServer:
    return CasServer(
        name, table.url("url"), table.text("attribute", ""), _station_code(table)
    )


def _smart(name: str, table: Table) -> SmartEhr:
    return SmartEhr(
        name,
        table.url("iss"),
        table.text("client_id"),
        table.text("client_secret", ""),
        table.text("system"),
        table.text("scope", SmartEhr.scope),
        _station_code(table),
    )


READERS: Mapping[str, Callable[[str, Table], Any]] = {
    "station": _station,
    "oidc": _oidc,
    "cas": _cas,
    "smart": _smart,
}
