"""变更日志 of what is no grant: assessments, imports, saved views; and who hears of a
transfer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from permissions.importers import acts as imports
from permissions.services.assessments import assess
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.ui.services import save_view
from tests.cast import make_department, make_practitioner, make_user, sign_in
from tests.pages import CheckedClient
from tests.permissions.event_acts import happen, read, set_to
from tests.permissions.ledger import TODAY, granted

pytestmark = pytest.mark.usefixtures("catalogue")


def entries(client: CheckedClient, query: str) -> list[Any]:
    return list(client.get(f"/log/?{query}").context["list"].rows)


def test_assessment_is_told_with_its_document_and_found_by_the_doctor(
    client: CheckedClient, lin: User, su: User
) -> None:
    person = make_practitioner("1305", "方若谷", title_code="231")
    last = TODAY + timedelta(days=300)
    state = granted(lin, su, person, "SG04", item="50.2205", valid_to=last)
    assess(
        state=state,
        assessed_on=TODAY,
        result="PASS",
        doc_no="评〔2026〕3号",
        note="按评估表逐项评分",
        by=lin,
        at=timezone.now(),
    )
    sign_in(client, lin)

    (row,) = entries(client, "kind=ASSESSED")
    assert (row.who, row.actor, row.reason) == ("方若谷", "林若川", "按评估表逐项评分")
    page = client.get(f"/log/{row.key}/").content.decode()
    assert "评〔2026〕3号" in page


def test_import_is_told_when_it_is_uploaded_and_when_it_is_given_up(
    client: CheckedClient, lin: User
) -> None:
    sheet = "工号,权限\n1305,RX01\n".encode()
    one = imports.upload(name="科室授权.csv", data=sheet, by=lin, at=timezone.now())
    imports.discard(one=one, by=lin)
    sign_in(client, lin)

    rows = entries(client, "kind=GRANTS_IMPORTED")
    assert [(row.who, row.what) for row in rows] == [
        ("科室授权.csv", "已放弃"),
        ("科室授权.csv", "待对应列"),
    ]


def test_saved_view_is_told(client: CheckedClient, lin: User) -> None:
    save_view(
        by=lin,
        list_key="grants",
        query="dept=0301",
        name="本科即将到期",
        is_shared=True,
        is_default=False,
    )
    sign_in(client, lin)
    (row,) = entries(client, "kind=VIEW_SAVED")
    assert (row.who, row.what) == ("林若川", "本科即将到期")


@pytest.mark.parametrize("effect", [0, 2])
def test_transfer_is_told_to_the_heads_of_both_departments(
    lin: User, su: User, effect: int
) -> None:
    """Each with what they may open: the new head the file, the former what is lost."""
    set_to(lin, EVENT_TRANSFER=effect)
    make_department("0301")
    bones = make_department("0402", "骨科")
    former = make_user("1001", "周立诚", Role.DEPARTMENT_HEAD, departments=["0301"])
    new = make_user("1002", "关主任", Role.DEPARTMENT_HEAD, departments=["0402"])
    third = make_user("1003", "余主任", Role.DEPARTMENT_HEAD, departments=["0503"])
    person = make_practitioner("1305", "方若谷", title_code="231")
    granted(lin, su, person, "RX01")

    happen(person, "DEPARTMENT", "0301", "0402", department=bones)
    read()

    links = dict(
        Notice.objects.filter(recipient__in=[former, new, third]).values_list(
            "recipient__name", "link"
        )
    )
    assert links["周立诚"] == "/differences/?subject=T:0301"
    assert set(links) == {"周立诚", "关主任"}
