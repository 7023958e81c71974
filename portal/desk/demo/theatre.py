"""The demo's rights of hepatobiliary surgery: a department whose matrix is worth a look.

Operating alone, under supervision, teaching, assisting; suspended, to come, ending soon,
ended; bound to a side or a condition. 14 doctors, so that gaps show too.
"""

from __future__ import annotations

from permissions.enums import EventKind
from portal.desk.demo.ledger import (
    COMPLICATIONS,
    LAPSED,
    LEFT_GROUP,
    OVERDUE,
    RESTORED,
    Fate,
    Wanted,
)

OPERATE, SUPERVISED = "OPERATE", "OPERATE_SUPERVISED"
ASSIST, SUPERVISE = "ASSIST", "SUPERVISE"
GALLBLADDER, SPLEEN, LAP_SPLEEN = "51.2300", "41.5x00", "41.5x01"
HERNIA, ERCP, COLON = "17.1200x001", "51.1000", "45.7300x007"
LAP_LIVER, LOBE, WHIPPLE, TRANSPLANT = "50.2205", "50.3x00", "52.7x00", "50.5900x005"
GRADE_4 = frozenset({LAP_SPLEEN, LAP_LIVER, LOBE, WHIPPLE, TRANSPLANT})
BY_DAY = "限日间 8:00–18:00 开展"
WITH_HELP = "须有副主任医师以上人员在场"
UNDER_WATCH = "前 20 例由陈景行带教，逐例登记"
EVIDENCE = "近一年手术登记表；并发症统计表；科室考核记录"
MATERNITY = Fate(EventKind.SUSPEND, -45, "产假，休假期间暂停", "06")


def right(
    emp_no: str,
    item: str,
    start: int,
    role: str = OPERATE,
    *,
    last: int | None = None,
    fates: tuple[Fate, ...] = (),
    conditions: str = "",
    side: str = "",
) -> Wanted:
    """One procedure of grade 3 or 4, in one role."""
    return Wanted(
        emp_no,
        "SG04" if item in GRADE_4 else "SG03",
        start,
        item,
        last=last,
        fates=fates,
        role=role,
        conditions=conditions,
        evidence=EVIDENCE,
        side=side,
    )


# Days between a class of rights and the one it is the prerequisite of.
LADDER = (("RX01", 0), ("SG01", 3), ("SG02", 6))
CLASSES = tuple(
    Wanted(emp_no, privilege, first + days)
    for emp_no, first in (
        ("1099", -360),
        ("1102", -350),
        ("1104", -334),
        ("000427", -333),
        ("1098", -331),
        ("1101", -329),
        ("1103", -327),
        ("000771", -326),
    )
    for privilege, days in LADDER
)
HANDS = tuple(
    Wanted(emp_no, "SG07", -300)
    for emp_no in ("1105", "1098", "1101", "1103", "000771")
)
THEATRE: tuple[Wanted, ...] = (
    *CLASSES,
    *HANDS,
    # 陈景行 teaches what he does.
    right("1027", GALLBLADDER, -329, SUPERVISE),
    right("1027", LOBE, -269, SUPERVISE),
    # 钟书瑶, chief physician.
    right("1099", LAP_LIVER, -330),
    right("1099", LOBE, -330),
    right("1099", LOBE, -330, SUPERVISE),
    right("1099", WHIPPLE, -352),
    right("1099", LAP_SPLEEN, -300, fates=(OVERDUE,)),
    right("1099", GALLBLADDER, -330),
    right("1099", SPLEEN, -330),
    right("1099", HERNIA, -330),
    # 李启航 and 许芷若, associate chief physicians.
    right("1102", LAP_LIVER, -60, SUPERVISED, conditions=UNDER_WATCH),
    right("1102", LOBE, -280),
    right("1102", WHIPPLE, -120, SUPERVISED),
    right("1102", GALLBLADDER, -335),
    right("1102", SPLEEN, -335, last=19),
    right("1102", HERNIA, -335),
    right("1102", ERCP, -200),
    right("1104", LOBE, -200, SUPERVISED),
    right("1104", LAP_SPLEEN, -250),
    right("1104", GALLBLADDER, -300, fates=(MATERNITY,)),
    right("1104", SPLEEN, -300, fates=(MATERNITY,)),
    right("1104", HERNIA, -300, side="LEFT"),
    # 苏展鹏: one right taken away, one granted from the first of next month on.
    right("000427", GALLBLADDER, -310),
    right("000427", COLON, -310, fates=(COMPLICATIONS,)),
    right("000427", LAP_SPLEEN, 12),
    right("000427", HERNIA, -310, conditions=BY_DAY),
    right("000427", ERCP, -150, SUPERVISED, fates=(LAPSED, RESTORED)),
    # Attending physicians.
    right("1098", GALLBLADDER, -190, SUPERVISED),
    right("1098", SPLEEN, -190, ASSIST),
    right("1098", HERNIA, -190, conditions=WITH_HELP),
    right("1101", GALLBLADDER, -320, last=-9),
    right("1101", HERNIA, -180, SUPERVISED),
    right("1101", LOBE, -180, ASSIST),
    right("1103", GALLBLADDER, 20, SUPERVISED),
    right("1103", HERNIA, -170, last=26),
    right("1103", WHIPPLE, -170, ASSIST),
    right("000771", GALLBLADDER, -160),
    right("000771", COLON, -160, SUPERVISED, fates=(LEFT_GROUP,)),
    right("000771", LAP_LIVER, -160, ASSIST),
    right("1206", HERNIA, -140, SUPERVISED),
    right("1305", GALLBLADDER, -110, ASSIST),
)
