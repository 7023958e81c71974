"""The places that are told, as the settings name them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.his.gateway import HisMisconfigured
from portal.his.targets import Target, problems, target_of, targets, title_of

ZONE = ZoneInfo("Asia/Shanghai")
PLATFORM = """
[platform]
title = "集成平台"
dsn = "mllp://127.0.0.1:2575"
read_dsn = "postgresql+psycopg://yw@127.0.0.1/platform"
mapping = "typical_his"
interfaces = ["YW_PRIV_SAVE", "YW_OPGRADE_SAVE"]
window = "22:00-06:00"
per_second = 20
batch = 500
"""


@pytest.fixture(autouse=True)
def _his(settings: Any) -> None:
    settings.HIS_DSN = "sqlite:////nowhere/his.sqlite3"
    settings.HIS_PUSH_DSN = ""
    settings.HIS_MAPPING = ""


def told(settings: Any, text: str) -> Target:
    settings.HIS_TARGETS = text
    return list(targets().values())[-1]


def refused(settings: Any, text: str) -> str:
    settings.HIS_TARGETS = text
    with pytest.raises(HisMisconfigured) as problem:
        targets()
    assert problem.value.setting == "HIS_TARGETS"
    return problem.value.problem


def test_without_further_ones_the_his_is_the_only_target(settings: Any) -> None:
    settings.HIS_TARGETS = ""

    assert list(targets()) == ["his"]
    his = target_of("his")
    assert (his.title, his.dsn, his.read_dsn) == ("HIS", *[settings.HIS_DSN] * 2)
    assert (his.window, his.per_second, his.batch) == (None, 0, 200)
    assert his.reads_back is True


def test_his_that_is_told_elsewhere_is_read_where_it_always_was(settings: Any) -> None:
    settings.HIS_PUSH_DSN = "mllp://127.0.0.1:2575"

    his = target_of("his")

    assert (his.dsn, his.read_dsn) == ("mllp://127.0.0.1:2575", settings.HIS_DSN)
    assert set(his.lacking()) == {"YW_DOCTOR_OP_SAVE", "YW_OPGRADE_SAVE"}


def test_target_is_as_its_table_says(settings: Any) -> None:
    platform = told(settings, PLATFORM)

    assert list(targets()) == ["his", "platform"]
    assert (platform.title, platform.per_second, platform.batch) == (
        "集成平台",
        20,
        500,
    )
    assert str(platform.window) == "22:00-06:00"
    assert (platform.mapping, platform.reads_back) == ("typical_his", True)
    assert "YW_DOCTOR_OP_SAVE" in platform.lacking()
    assert platform.lacking()["YW_OPGRADE_SAVE"] == "HL7 v2 只传送 YW_PRIV_SAVE"
    assert "YW_PRIV_SAVE" not in platform.lacking()
    assert "127.0.0.1" not in repr(platform)


@pytest.mark.parametrize(
    ("dsn", "reads_back"),
    [
        ("rest+https://token@platform/api", True),
        ("postgresql+psycopg://yw@127.0.0.1/x", True),
        ("mllp://127.0.0.1:2575", False),
    ],
)
def test_target_that_has_views_beside_its_functions_is_read_back_there(
    dsn: str, reads_back: bool, settings: Any
) -> None:
    assert told(settings, f'[other]\ndsn = "{dsn}"').reads_back is reads_back


def test_his_itself_may_have_limits_and_nothing_else(settings: Any) -> None:
    his = told(settings, '[his]\nper_second = 5\nwindow = "00:00-06:00"')

    assert (his.name, his.per_second, str(his.window)) == ("his", 5, "00:00-06:00")
    assert refused(settings, '[his]\ndsn = "mllp://a:1"') == "[his] 不能有 dsn"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[platform", "不是 TOML"),
        ("platform = 1", "platform 应是 [platform] 一节"),
        ('[Platform]\ndsn = "mllp://a:1"', "[Platform] 名称用小写字母和数字，2–30 位"),
        ('[platform]\ntitle = "x"', "[platform] 缺少 dsn"),
        ('[platform]\ndsn = "mllp://a:1"\nrate = 1', "[platform] 不认识 rate"),
        (
            '[platform]\ndsn = "mllp://a:1"\nper_second = 0',
            "[platform] per_second 应是 1 到 100000 的整数",
        ),
        (
            '[platform]\ndsn = "mllp://a:1"\nper_second = true',
            "[platform] per_second 应是 1 到 100000 的整数",
        ),
        (
            '[platform]\ndsn = "mllp://a:1"\nwindow = "6-8"',
            "[platform] window 应写作 22:00-06:00",
        ),
        (
            '[platform]\ndsn = "mllp://a:1"\nwindow = "08:00-08:00"',
            "[platform] window 开始与结束不能相同",
        ),
        (
            '[platform]\ndsn = "mllp://a:1"\ninterfaces = ["V_YW_DRUG"]',
            "[platform] interfaces 应是这些名称的列表",
        ),
    ],
)
def test_nonsense_is_refused_with_the_place(
    text: str, words: str, settings: Any
) -> None:
    assert refused(settings, text).startswith(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[other]\ndsn = "nonsense"', "[other] not an SQLAlchemy URL"),
        ('[other]\ndsn = "oracle+none://h/x"', "[other] no driver 'none'"),
        (
            '[other]\ndsn = "mllp://127.0.0.1:1"\nmapping = "nowhere.toml"',
            "[other] mapping",
        ),
    ],
)
def test_what_can_be_seen_to_be_wrong_is_told_before_anybody_is_asked(
    text: str, words: str, settings: Any
) -> None:
    settings.HIS_TARGETS = text

    [problem] = problems(1)

    assert problem.problem.startswith(words)


@pytest.mark.parametrize(
    ("window", "hour", "minute", "is_open"),
    [
        ("00:00-06:00", 0, 0, True),
        ("00:00-06:00", 5, 59, True),
        ("00:00-06:00", 6, 0, False),
        ("22:00-06:00", 23, 30, True),
        ("22:00-06:00", 3, 0, True),
        ("22:00-06:00", 12, 0, False),
        ("18:30-24:00", 23, 59, True),
        ("18:30-24:00", 0, 0, False),
    ],
)
def test_hours_are_those_of_the_hospital(
    window: str, hour: int, minute: int, is_open: bool, settings: Any
) -> None:
    target = told(settings, f'[other]\ndsn = "mllp://a:1"\nwindow = "{window}"')

    assert target.is_open(datetime(2026, 12, 1, hour, minute, tzinfo=ZONE)) is is_open


def test_target_that_is_no_longer_set_up_goes_by_its_name(settings: Any) -> None:
    settings.HIS_TARGETS = ""

    assert title_of("platform") == "platform"
    with pytest.raises(HisMisconfigured, match="没有名为 platform 的对接目标"):
        target_of("platform")
