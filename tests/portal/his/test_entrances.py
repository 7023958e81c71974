"""LAUNCH_KEYS and LAUNCH_APPS: what is read, and what nonsense is refused."""

from __future__ import annotations

from datetime import date

import pytest

from portal.env import BadSetting
from portal.his.contract.launch import (
    VECTOR_KEY,
    VECTOR_PARAMETERS,
    VECTOR_SIGNATURES,
    Algorithm,
    sign,
)
from portal.his.entrances import Entrances, Method, StationApp, entrances

KEY = "k" * 16
ALL = f"""
[station.SM]
key = "{KEY}"
algorithm = "HMAC-SM3"
methods = ["LINK", "TICKET"]
[station.OLD]
key = "{KEY}"
algorithm = "MD5"
until = 2027-03-31
[oidc.plat]
issuer = "https://sso/"
client_id = "yiwu"
[cas.cas]
url = "https://cas/cas/"
attribute = "employeeNumber"
station = "MZ"
[smart.his]
iss = "https://fhir/r4/"
client_id = "yiwu"
client_secret = "s3cret"
system = "urn:x"
"""


def test_everything_is_read_and_typed() -> None:
    read = entrances({"YW": KEY}, ALL)
    assert read.stations == {
        "YW": StationApp("YW", KEY),
        "SM": StationApp(
            "SM",
            KEY,
            Algorithm.HMAC_SM3,
            methods=frozenset({Method.LINK, Method.TICKET}),
        ),
        "OLD": StationApp("OLD", KEY, Algorithm.MD5, date(2027, 3, 31)),
    }
    # An issuer is compared to the letter; addresses lose their last slash.
    assert read.oidc["plat"].issuer == "https://sso/"
    assert (read.cas["cas"].url, read.cas["cas"].station) == ("https://cas/cas", "MZ")
    assert read.ehr_of("https://fhir/r4") == read.smart["his"]
    assert read.ehr_of("https://fhir/r4/") == read.smart["his"]
    assert read.ehr_of("https://fhir/R4") is None
    assert [one.name for one in read.platforms] == ["cas", "his", "plat"]


def test_secrets_are_not_shown() -> None:
    shown = repr(entrances({"YW": KEY}, ALL))
    assert KEY not in shown
    assert "s3cret" not in shown


def test_nothing_is_nothing() -> None:
    assert entrances({}, "") == Entrances()


WRONG = [
    ("no toml", "LAUNCH_APPS: is no TOML"),
    ('[link.YW]\nkey = "k"', r"has no tables \[link.NAME\]"),
    ("[station.YW]", r"\[station.YW\]: key must be a text"),
    ("[station.YW]\nkey = 5", "key must be a text"),
    ('[station."a b"]\nkey = "k"', "a name has at most 20"),
    ('[station.A]\nkey = "k"\nalgorithm = "HMAC-MD5"', "algorithm must be one of"),
    ('[station.A]\nkey = "k"\nalgorithm = "MD5"', "has its last day in until"),
    ('[station.A]\nkey = "k"\nuntil = 2027-01-01', "has its last day in until"),
    ('[station.A]\nkey = "k"\nuntil = "2027-01-01"', "until must be a day"),
    ('[station.A]\nkey = "k"\nmethods = ["OIDC"]', "a list of LINK and TICKET"),
    ('[station.A]\nkey = "k"\nmethods = []', "a list of LINK and TICKET"),
    ('[station.A]\nkey = "k"\nkeys = "x"', "keys means nothing"),
    (
        '[station.YW]\nkey = "k"\n[oidc.YW]\nissuer = "https://s"\nclient_id = "c"',
        "YW is named twice",
    ),
    ('[oidc.p]\nissuer = "sso"\nclient_id = "c"', "issuer must be an address"),
    (
        '[oidc.p]\nissuer = "https://u:p@s"\nclient_id = "c"',
        "issuer must be an address",
    ),
    (
        '[oidc.p]\nissuer = "https://s?x=1"\nclient_id = "c"',
        "issuer must be an address",
    ),
    ('[oidc.p]\nissuer = "file:///etc/passwd"\nclient_id = "c"', "issuer must be an"),
    ('[oidc.p]\nissuer = "https://s"', "client_id must be a text"),
    (
        '[cas.p]\nurl = "https://s"\nstation = "HS"',
        "station must be one of ZY|station must be one of MZ",
    ),
    ('[smart.p]\niss = "https://s"\nclient_id = "c"', "system must be a text"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_nonsense_is_refused_by_name(text: str, problem: str) -> None:
    with pytest.raises(BadSetting, match=problem):
        entrances({}, text)


def test_key_is_not_repeated_in_a_refusal() -> None:
    with pytest.raises(BadSetting) as refused:
        entrances({}, f'[station.A]\nkey = "{KEY}"\nx = "{KEY}"')
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_signature_is_that_of_the_vector(algorithm: Algorithm) -> None:
    made = sign(VECTOR_PARAMETERS, VECTOR_KEY, algorithm)
    assert made == VECTOR_SIGNATURES[algorithm]
