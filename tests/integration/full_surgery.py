"""One of everything the surgery room keeps, by its own acts; for ``full_tables``."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any


def fill(lin: Any, su: Any, he: Any) -> None:
    from django.utils import timezone

    from permissions.recoding.sheet import ACTS
    from portal.parameters.days import day_of
    from surgery.enums import Grade, Publishing
    from surgery.models import Procedure
    from surgery.services import grading
    from surgery.services.grades import set_criteria
    from surgery.services.publications import record_publication
    from surgery.services.techniques import file_technique
    from tests.permissions.ledger import make_procedure
    from tests.permissions.recodings import decide, pair
    from tests.surgery.case_rows import Theatre, pull
    from tests.surgery.grading import approve, propose
    from tests.surgery.imports.sheets import book, checked

    now = timezone.now()
    today = day_of(now)
    why = "按会议纪要执行"
    make_procedure("54.9105", "腹腔穿刺术", Grade.ONE)
    version = approve(su, propose(lin, "54.9105", 2))
    grading.withdraw(
        proposal=propose(lin, "54.9105", 1, today + timedelta(days=9)),
        by=lin,
        at=now,
        reason="还要再核对",
    )
    record_publication(
        version=version,
        kind=Publishing.REPORTED,
        on=today,
        to="市卫生健康委",
        count=3,
        check_code="A1",
        by=lin,
        at=now,
    )
    set_criteria(
        grade=Grade.ONE, criteria="风险较低的手术。", by=lin, at=now, reason=why
    )
    file_technique(
        procedure=Procedure.objects.get(code="11.6400x001"),
        filed_on=date(2026, 11, 2),
        authority="市卫生健康委",
        document_no="备〔2026〕3号",
        document="",
        by=lin,
        at=now,
        reason=why,
    )
    _named("54.9105", lin, now, why)
    checked(lin, [["52.7x00", "", "根治性胰十二指肠切除术", "手术", ""]])
    his = Theatre()
    his.case("9001", "51.2300", team={"1": "1027", "2": "1102"})
    his.booking("SQ9001")
    pull(his, now)
    decide(lin, he, pair("50.2205", "50.2209"))
    decide(lin, he, pair("11.6400x001", "11.6400x009"), effective_on=date(2027, 1, 1))
    sheet = ACTS.upload(
        name="对照.xlsx",
        data=book([("54.9105", "54.9106")], ("旧编码", "新编码")),
        by=lin,
        at=now,
    )
    ACTS.check(one=sheet, mapping=sheet.mapping, by=lin, at=now)
    _work(sheet.pk)


def _named(code: str, by: Any, at: Any, why: str) -> None:
    """Another name, and a department that may do it."""
    from surgery.models import Procedure
    from surgery.services.procedures import COLUMNS, Attributes, change_procedure

    entry = Procedure.objects.get(code=code)
    change_procedure(
        procedure=entry,
        attributes=Attributes(
            **{name: getattr(entry, name) for name in COLUMNS},
            aliases=("放腹水",),
            departments=("0301",),
        ),
        by=by,
        at=at,
        reason=why,
    )


def _work(about: int) -> None:
    from portal.jobs.models import Job
    from portal.jobs.services import run
    from surgery.models.recoding import CHECK

    run(Job.objects.get(kind=CHECK, about=about))
