"""What a DSN says, and how a wrong one is refused without repeating it."""

from __future__ import annotations

import traceback
from zoneinfo import ZoneInfo

import pytest

from portal.his.connection import BadDsn, Tls, parse

PASSWORD = "kept-from-everybody"
DSN = f"mssql+pymssql://yw:{PASSWORD}@10.0.0.9:1433/HIS"


def test_parse_without_options_takes_what_fits_most_sites() -> None:
    found = parse(DSN, 10)

    assert found.url.render_as_string(hide_password=False) == DSN
    assert found.scheme == "mssql"
    assert found.deadline == 10.0
    assert found.encoding == "utf-8"
    assert found.zone == ZoneInfo("Asia/Shanghai")
    assert (found.tls, found.ca_file, found.pool) == (None, "", 2)
    assert found.oracle_client == ""


def test_parse_takes_our_options_out_and_leaves_the_drivers() -> None:
    found = parse(
        f"{DSN}?yw_encoding=GB2312&appname=yw&yw_time_zone=Asia/Urumqi&yw_tls=verify"
        "&yw_ca_file=/etc/ca.pem&yw_pool=5&yw_oracle_client=/opt/oracle",
        3,
    )

    assert dict(found.url.query) == {"appname": "yw"}
    assert found.encoding == "gb2312"
    assert found.time_zone == "Asia/Urumqi"
    assert (found.tls, found.ca_file, found.pool) == (Tls.VERIFY, "/etc/ca.pem", 5)
    assert found.oracle_client == "/opt/oracle"


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("yw_encoding=klingon", "yw_encoding: no encoding of this name"),
        ("yw_encoding=base64", "yw_encoding: no encoding of this name"),
        ("yw_time_zone=Mars/Olympus", "yw_time_zone: no time zone of this name"),
        ("yw_time_zone=../etc/passwd", "yw_time_zone: no time zone of this name"),
        ("yw_tls=yes", "yw_tls: one of off, on, verify"),
        ("yw_pool=0", "yw_pool: a number from 1 to 20"),
        ("yw_pool=21", "yw_pool: a number from 1 to 20"),
        ("yw_pool=2.5", "yw_pool: a number from 1 to 20"),
        ("yw_pool=二", "yw_pool: a number from 1 to 20"),
        ("yw_pool=1&yw_pool=2", "yw_pool: given twice"),
        ("yw_deadline=9", "unknown option yw_deadline"),
        ("yw_=9", "unknown option yw_"),
    ],
)
def test_parse_a_wrong_option_says_which_and_never_repeats_the_dsn(
    option: str, problem: str
) -> None:
    with pytest.raises(BadDsn) as caught:
        parse(f"{DSN}?{option}", 10)

    assert str(caught.value) == problem
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "dsn", ["", "no dsn at all", f"mssql://yw:{PASSWORD}@h:not-a-port/HIS", "://"]
)
def test_parse_what_is_no_address_says_so_and_never_repeats_it(dsn: str) -> None:
    with pytest.raises(BadDsn) as caught:
        parse(dsn, 10)

    assert str(caught.value) == "not an SQLAlchemy URL"
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))
