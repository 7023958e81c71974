"""定级审定: the drawer with its live preview, the inbox, the decision, the trace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from permissions.models import GrantState
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import Practitioner
from surgery.enums import Grade
from surgery.models import GradeProposal, GradeVersion, Procedure
from surgery.services import grading
from tests.cast import make_practitioner, make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.event_acts import give
from tests.permissions.ledger import make_procedure
from tests.surgery.grading import (
    DECIDED,
    MEETING,
    REASON,
    grade,
    nothing_written,
    propose,
)

pytestmark = pytest.mark.usefixtures("catalogue", "prerequisites_warn")
CHOLE, LIVER = "51.2300", "50.2205"
LIST = "/grades/"
DECIDE = "/grades/decide/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}
TYPED: dict[str, Any] = {
    "grade": "4",
    "effective_on": "2027-01-01",
    "doc_no": "云技委〔2026〕14号",
    "meeting": MEETING,
    "score_risk": "5",
    "score_difficulty": "5",
    "score_resources": "4",
    "score_ethics": "3",
    "reason": REASON,
}


@pytest.fixture
def he(db: None) -> User:
    return make_user("2003", "何静宜", Role.OFFICE_HEAD)


@pytest.fixture
def doctor(lin: User) -> Practitioner:
    """Has had the right to the cholecystectomy for an hour."""
    person = make_practitioner()
    hour_ago = timezone.now() - timedelta(hours=1)
    give(lin, person, "SG03", item=CHOLE, at=hour_ago)
    return person


def url(act: str, code: str = CHOLE) -> str:
    key = Procedure.objects.get(code=code).pk
    return f"/grades/procedures/{key}/{act}/"


def text(answer: Any) -> str:
    content: str = answer.content.decode()
    return content


# --- asking ---------------------------------------------------------------------------


def test_drawer_shows_the_procedure_and_asks_for_the_sheet(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    answer = client.get(url("propose"), **HTMX)
    assert "腹腔镜下胆囊切除术" in text(answer)
    assert "分级评分" in text(answer)


def test_preview_scores_and_tells_whom_it_hits_and_saves_nothing(
    client: CheckedClient, lin: User, doctor: Practitioner
) -> None:
    sign_in(client, lin)
    with nothing_written():
        answer = client.post(url("preview"), TYPED, **HTMX)
    assert answer.context["score"].says == "合计 17 分，建议四级"
    panel = answer.context["panel"]
    assert panel.summary == "过渡期后失去 1 人"
    [row] = panel.rows
    assert (row.name, row.then) == ("王若谷", "保留至 2027-03-31，须补高级别审批")


def test_preview_of_half_a_form_says_what_it_can(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    some = {"grade": "4", "effective_on": "x", "score_risk": "9"}
    answer = client.post(url("preview"), some, **HTMX)
    assert (answer.context["score"], answer.context["panel"]) == (None, None)
    same = {**TYPED, "grade": "3"}
    answer = client.post(url("preview"), same, **HTMX)
    assert "施行日的级别已是三级" in text(answer)


def test_posting_makes_a_proposal_with_its_sheet(
    client: CheckedClient, lin: User
) -> None:
    sign_in(client, lin)
    answer = client.post(url("propose"), TYPED, **HTMX)
    assert answer.status_code == 200
    proposal = GradeProposal.objects.get()
    sheet = proposal.sheet
    assert sheet is not None
    assert (proposal.grade, sheet.points, proposal.proposed_by) == (
        4,
        (5, 5, 4, 3),
        lin,
    )


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"score_ethics": ""}, "四个维度都须评 1 至 5 分。"),
        ({"reason": "改"}, "至少 5 个字，现有 1 个。"),
        ({"effective_on": "2026-01-01"}, "最早 2026-10-24"),
        ({"grade": "3"}, "施行日的级别已是三级"),
    ],
)
def test_refused_proposal_says_why_keeps_what_was_typed_and_leaves_nothing(
    client: CheckedClient, lin: User, changed: dict[str, str], message: str
) -> None:
    sign_in(client, lin)
    with nothing_written():
        answer = client.post(url("propose"), {**TYPED, **changed}, **HTMX)
    assert answer.status_code == 422
    assert message in text(answer)
    assert "云技委〔2026〕14号" in text(answer)


@pytest.mark.parametrize("act", ["propose", "preview"])
def test_who_may_not_propose_gets_no_drawer(
    client: CheckedClient, chen: User, act: str
) -> None:
    sign_in(client, chen)
    assert client.post(url(act), TYPED, **HTMX).status_code == 403


# --- the inbox ------------------------------------------------------------------------


@pytest.mark.parametrize("count", [5, 50])
def test_list_takes_the_same_queries_whatever_its_length(
    client: CheckedClient, lin: User, he: User, count: int
) -> None:
    for number in range(count):
        code = f"54.{number:02}x00"
        make_procedure(code, f"手术 {number}", Grade.TWO)
        propose(lin, code, 3)
    sign_in(client, he)
    client.get(LIST)
    with assert_queries(9):
        answer = client.get(LIST)
    assert len(answer.context["list"].rows) == min(count, 20)


def test_detail_takes_a_fixed_number_of_queries(
    client: CheckedClient, lin: User, he: User, doctor: Practitioner
) -> None:
    proposal = propose(lin, CHOLE, 4)
    sign_in(client, he)
    client.get(f"{LIST}{proposal.pk}/")
    with assert_queries(18):
        client.get(f"{LIST}{proposal.pk}/")


def test_list_filters_by_state_and_finds_by_code_and_name(
    client: CheckedClient, lin: User, he: User
) -> None:
    propose(lin, CHOLE, 4)
    first = propose(lin, LIVER, 3)
    grading.reject(proposal=first, by=he, at=timezone.now(), reason=DECIDED)
    sign_in(client, he)

    def codes(query: str) -> list[str]:
        rows = client.get(f"{LIST}?{query}").context["list"].rows
        return sorted(row.code for row in rows)

    assert codes("") == [CHOLE]
    assert codes("view=all") == [LIVER, CHOLE]
    assert codes("view=all&state=REJECTED") == [LIVER]
    assert codes("view=all&q=肝部分") == [LIVER]
    assert codes("view=all&q=51.2") == [CHOLE]


def test_detail_shows_sheet_preview_and_what_may_be_done(
    client: CheckedClient, lin: User, he: User, su: User, doctor: Practitioner
) -> None:
    proposal = propose(lin, CHOLE, 4)
    detail = f"{LIST}{proposal.pk}/"
    may = {}
    for user in (lin, he, su):
        sign_in(client, user)
        answer = client.get(detail)
        may[user.name] = answer.context["may_decide"], answer.context["may_withdraw"]
    assert may == {
        "林若川": (False, True),
        "何静宜": (True, False),
        "苏晓岚": (False, False),
    }
    assert "合计 17 分，建议四级" in text(answer)
    assert "王若谷" in text(answer)


def test_sheet_that_proposes_another_grade_is_pointed_at(
    client: CheckedClient, lin: User, he: User
) -> None:
    proposal = propose(lin, CHOLE, 2)
    sign_in(client, he)
    answer = client.get(f"{LIST}{proposal.pk}/")
    assert "评分建议四级，申请为二级，请核对理由。" in text(answer)


# --- deciding -------------------------------------------------------------------------


def decided(client: CheckedClient, *proposals: GradeProposal, **given: Any) -> Any:
    asked = {
        "id": ",".join(str(one.pk) for one in proposals),
        "decision": "APPROVE",
        "reason": DECIDED,
        **given,
    }
    return client.post(DECIDE, asked, **HTMX)


def test_several_are_decided_as_one_version(
    client: CheckedClient, lin: User, he: User
) -> None:
    both = propose(lin, CHOLE, 4), propose(lin, LIVER, 3)
    sign_in(client, he)
    opened = client.get(f"{DECIDE}?selected={both[0].pk}&selected={both[1].pk}", **HTMX)
    assert [row.code for row in opened.context["rows"]] == [LIVER, CHOLE]
    assert decided(client, *both).status_code == 200
    assert [one.changes.count() for one in GradeVersion.objects.order_by("pk")] == [2]
    assert (grade(CHOLE), grade(LIVER)) == (4, 3)


@pytest.mark.parametrize(
    ("decision", "state"), [("RETURN", "RETURNED"), ("REJECT", "REJECTED")]
)
def test_one_may_be_returned_or_refused(
    client: CheckedClient, lin: User, he: User, decision: str, state: str
) -> None:
    proposal = propose(lin, CHOLE, 4)
    sign_in(client, he)
    decided(client, proposal, decision=decision)
    proposal.refresh_from_db()
    assert (proposal.state, grade(CHOLE)) == (state, 3)


def test_several_are_not_refused_in_one_go(
    client: CheckedClient, lin: User, he: User
) -> None:
    both = propose(lin, CHOLE, 4), propose(lin, LIVER, 3)
    sign_in(client, he)
    with nothing_written():
        assert decided(client, *both, decision="REJECT").status_code == 422


def test_refused_decision_is_told_in_the_drawer_and_leaves_nothing(
    client: CheckedClient, lin: User, su: User, doctor: Practitioner
) -> None:
    proposal = propose(lin, CHOLE, 4)
    sign_in(client, su)
    with nothing_written():
        answer = decided(client, proposal)
    assert answer.status_code == 422
    assert "由医疗技术临床应用管理委员会审定" in text(answer)
    assert GrantState.objects.get().status == "ACTIVE"


@pytest.mark.parametrize("ids", ["", "x", "0", "1,abc", "99999999999"])
def test_nonsense_is_not_found(client: CheckedClient, he: User, ids: str) -> None:
    sign_in(client, he)
    assert client.get(f"{DECIDE}?id={ids}", **HTMX).status_code == 404


def test_proposer_withdraws_from_the_page(client: CheckedClient, lin: User) -> None:
    proposal = propose(lin, CHOLE, 4)
    sign_in(client, lin)
    address = f"{LIST}{proposal.pk}/withdraw/"
    assert (
        client.post(address, {"reason": "补充数据后再提出"}, **HTMX).status_code == 200
    )
    proposal.refresh_from_db()
    assert proposal.state == "WITHDRAWN"


def test_version_is_taken_back_from_its_page(
    client: CheckedClient, lin: User, he: User
) -> None:
    proposal = propose(lin, CHOLE, 4)
    sign_in(client, he)
    decided(client, proposal)
    version = GradeVersion.objects.get()
    address = f"/grades/versions/{version.pk}/undo/"
    assert "撤销一版" in text(client.get(address, **HTMX))
    client.post(address, {"reason": "会议纪要录入有误，撤销"}, **HTMX)
    assert grade(CHOLE) == 3


# --- the trace ------------------------------------------------------------------------


def test_log_tells_proposal_and_change_with_before_and_after(
    client: CheckedClient, lin: User, he: User
) -> None:
    make_procedure("86.0100", "皮肤抽吸术", Grade.UNGRADED)
    batch = propose(lin, CHOLE, 4), propose(lin, LIVER, 0), propose(lin, "86.0100", 3)
    sign_in(client, he)
    decided(client, *batch)
    found = client.get("/log/?view=surgery").context["list"].rows
    told = {
        (str(row.chip.text), row.what, str(row.before), str(row.after))
        for row in found
        if row.key.startswith("K")
    }
    assert told == {
        ("调整级别", CHOLE, "三级", "四级"),
        ("作废定级", LIVER, "四级", "未定级"),
        ("新增定级", "86.0100", "未定级", "三级"),
    }
    asked = [row for row in found if row.key.startswith("Q")]
    assert len(asked) == 6
    [change] = client.get("/log/?view=surgery&kind=CHANGE").context["list"].rows
    entry = client.get(change.url).context["entry"]
    fields = [
        (str(one.field), str(one.before), str(one.after)) for one in entry.diff.changes
    ]
    assert fields[:2] == [("级别", "三级", "四级"), ("施行日期", "无", "2026-11-23")]
    [link] = entry.links
    assert client.get(link.url).status_code == 200
