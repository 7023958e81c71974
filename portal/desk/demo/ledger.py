"""The demo's rights as data: who holds what, since when, and what happened to it.

Days count from today, negative ones lie in the past, so the demo is always of today.
"""

from __future__ import annotations

from typing import NamedTuple

from permissions.enums import EventKind


class Fate(NamedTuple):
    """What happened to a right later."""

    kind: EventKind
    day: int
    reason: str
    reason_code: str = ""


class Wanted(NamedTuple):
    """One right; ``last`` None is as long as the catalogue allows."""

    emp_no: str
    privilege: str
    start: int
    item: str = ""
    last: int | None = None
    fates: tuple[Fate, ...] = ()
    setting: str = "ALL"
    role: str = ""
    conditions: str = ""
    evidence: str = ""
    side: str = ""


class Asked(NamedTuple):
    """One open or declined proposal."""

    emp_no: str
    privilege: str
    asked: int
    item: str = ""
    reason: str = "科室考核合格，手术分级管理小组同意上报"
    decision: str = ""
    decision_reason: str = ""
    by_second: bool = False


OVERDUE = Fate(EventKind.SUSPEND, -3, "年度评估应于上月底完成，科室未提交评估表", "08")
SUSPENDED_TRAINING = Fate(EventKind.SUSPEND, -20, "脱产进修三个月，进修期间暂停", "06")
RESTORED = Fate(EventKind.RESTORE, -5, "补评合格，医务科同意恢复")
LEFT_GROUP = Fate(EventKind.REVOKE, -40, "科室调整带教名单，本人不再承担", "17")
COMPLICATIONS = Fate(EventKind.REVOKE, -12, "并发症发生率连续两季度高于同级", "09")
WRONG_PERSON = Fate(EventKind.VOID, -8, "录入时选错医师，这项授权从未成立")
LAPSED = Fate(EventKind.SUSPEND, -15, "培训证书到期，换证后再恢复", "13")

GRANTS: tuple[Wanted, ...] = (
    # 陈景行, chief physician of hepatobiliary surgery.
    Wanted("1027", "RX01", -340),
    Wanted("1027", "AB01", -302),
    Wanted("1027", "AB02", -301),
    Wanted("1027", "AB03", -300, setting="INP"),
    Wanted("1027", "ND01", -300),
    Wanted("1027", "BL01", -280),
    Wanted("1027", "CN01", -280),
    Wanted("1027", "TE01", -250),
    Wanted("1027", "MR01", -340),
    Wanted("1027", "SG01", -330),
    Wanted("1027", "SG02", -330),
    Wanted("1027", "SG03", -330, "51.2300"),
    Wanted("1027", "SG03", -330, "41.5x00"),
    Wanted("1027", "SG04", 0, "50.2205"),
    Wanted("1027", "SG04", -270, "50.3x00"),
    Wanted("1027", "SG04", -270, "52.7x00"),
    Wanted("1027", "SG04", -345, "41.5x01"),
    Wanted("1027", "SG04", -200, "50.5900x005", fates=(SUSPENDED_TRAINING,)),
    # 罗景文, attending physician.
    Wanted("1188", "RX01", -320),
    Wanted("1188", "AB01", -201),
    Wanted("1188", "AB02", -200),
    Wanted("1188", "MR01", -320),
    Wanted("1188", "SG01", -312),
    Wanted("1188", "SG02", -310),
    Wanted("1188", "SG07", -310),
    Wanted("1188", "SG03", -150, "06.2x00"),
    Wanted("1188", "SG03", -150, "41.5x00"),
    Wanted("1188", "SG03", -290, "45.7300x007", fates=(LEFT_GROUP,)),
    # 方若谷, resident.
    Wanted("1305", "RX01", -260),
    Wanted("1305", "SG01", -200),
    Wanted("1305", "SG07", -260),
    Wanted("1305", "MR01", -260),
    Wanted("1305", "AB01", -200),
    # 林若川, gastrointestinal surgery.
    Wanted("1043", "RX01", -340),
    Wanted("1043", "SG04", -349, "17.3300"),
    Wanted("1043", "SG04", -346, "17.3600"),
    Wanted("1043", "SG04", -300, "48.6302", fates=(COMPLICATIONS,)),
    Wanted("1043", "SG03", -300, "45.7300x007"),
    # 季云舒: begins next week.
    Wanted("1206", "RX01", -300),
    Wanted("1206", "SG03", 8, "51.2300"),
    # 顾明舟, orthopaedics.
    Wanted("1066", "RX01", -330),
    Wanted("1066", "SG04", -320, "81.0801", fates=(OVERDUE,)),
    Wanted("1066", "SG03", -320, "80.5100"),
    Wanted("1066", "SG03", -310, "81.5100"),
    # 沈砚秋, cardiology.
    Wanted("1015", "RX01", -330),
    Wanted("1015", "SG04", -190, "35.0502"),
    Wanted("1015", "SG03", -340, "37.8000x001", last=17),
    Wanted("1015", "ND01", -320),
    # 周以宁, urology.
    Wanted("1132", "RX01", -300),
    Wanted("1132", "SG03", -83, "60.2900x004"),
    Wanted("1132", "SG03", -83, "57.4900x001", fates=(WRONG_PERSON,)),
    # 梁嘉树, thoracic surgery.
    Wanted("1119", "RX01", -330),
    Wanted("1119", "SG04", 0, "32.4100"),
    Wanted("1119", "SG03", -300, "32.4902"),
    # 韩书屏, gynaecology.
    Wanted("1058", "RX01", -330),
    Wanted("1058", "AB01", -329),
    Wanted("1058", "AB02", -328),
    Wanted("1058", "SG03", -176, "68.4100"),
    Wanted("1058", "SG03", -340, "65.2501", last=21),
    Wanted("1058", "DS01", -340, "65.2501"),
    # 唐亦诚, neurosurgery.
    Wanted("1150", "RX01", -330),
    Wanted("1150", "SG03", -1, "01.2408"),
    # 宋雨桐, ophthalmology.
    Wanted("1049", "RX01", -330),
    Wanted("1049", "SG04", -312, "14.7401"),
    Wanted("1049", "SG03", -330, "13.4100x001", last=27),
    # 许知行, respiratory medicine, in the outpatient clinic.
    Wanted("1214", "RX01", -330),
    Wanted("1214", "AB01", -346),
    Wanted("1214", "AB02", -345),
    Wanted("1214", "ND01", -310),
    Wanted("1214", "CN01", -280),
    Wanted("1214", "MR01", -330),
    Wanted("1214", "SG01", -210),
    # 邓一鸣, gastroenterology: ended in July, renewal is asked for.
    Wanted("1097", "RX01", -360),
    Wanted("1097", "SG04", -360, "43.4107", last=-115),
    Wanted("1097", "SG03", -300, "51.1000", fates=(LAPSED, RESTORED)),
)

ASKED: tuple[Asked, ...] = (
    Asked("1188", "SG03", -4, "51.2300"),
    Asked("1188", "SG03", -4, "17.1200x001"),
    Asked("1097", "SG04", -2, "43.4107", "续期：近一年 46 例，无严重并发症"),
    Asked("1132", "SG03", -2, "57.4900x001"),
    Asked("1058", "AB03", -1, reason="抗菌药物考核 94 分，申请特殊使用级"),
    Asked("1305", "SG02", -1, reason="一级手术 60 例，质量评价合格"),
    Asked("1150", "SG04", -1, "01.5900x037", by_second=True),
    Asked(
        "1206",
        "SG03",
        -30,
        "41.5x00",
        decision="RETURN",
        decision_reason="带教下主刀 8 例，要求不少于 20 例，补足后再报",
    ),
    Asked(
        "1305",
        "SG03",
        -60,
        "51.2300",
        decision="REJECT",
        decision_reason="二级手术权限未取得，不同意越级申请",
    ),
)
