"""授权复核 and 能力评估 as pages: who sees, who decides, what is kept when refused."""

from __future__ import annotations

from typing import Any

import pytest

from permissions.models import Assessment, GrantState, Review, ReviewLine
from portal.accounts.capabilities import Role
from portal.accounts.models import User
from portal.directory.models import Practitioner
from tests.cast import make_user, sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.event_acts import give, leave, read, statuses
from tests.permissions.ledger import nothing_written
from tests.permissions.test_reviews import WHY, fourth, house, mass, review

__all__ = ["fourth", "house", "mass", "review"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "drawer"}


def form(review: Review, *decisions: str, **given: str) -> dict[str, Any]:
    lines = ReviewLine.objects.filter(review=review).order_by("pk")
    found: dict[str, Any] = {"reason": WHY, "reason_code": "15", **given}
    for line, decision in zip(lines, decisions, strict=True):
        found[f"line_{line.pk}"] = decision
        found[f"seen_{line.pk}"] = line.state.last_event_id
    return found


def url(review: Review) -> str:
    return f"/reviews/{review.pk}/"


def test_list_shows_who_why_and_until_when(
    client: CheckedClient, lin: User, review: Review
) -> None:
    sign_in(client, lin)
    page = client.get("/reviews/")
    (row,) = page.context["list"].rows
    assert (row.name, row.emp_no, str(row.trigger), row.about, row.due, row.owner) == (
        "王若谷",
        "1188",
        "调换科室",
        "3 项",
        "2026-12-07",
        "—",
    )


def test_address_of_one_review_opens_its_drawer_over_the_list(
    client: CheckedClient, lin: User, review: Review
) -> None:
    sign_in(client, lin)
    answer = client.get(url(review))
    assert answer["Location"] == f"/reviews/?view=all&review={review.pk}"
    page = client.get(answer["Location"])
    assert f'hx-get="{url(review)}" hx-target="#drawer" hx-trigger="load"' in page.text
    assert client.get("/reviews/?review=x").context["opened"] == ""


def test_drawer_concludes_line_by_line(
    client: CheckedClient, lin: User, review: Review
) -> None:
    sign_in(client, lin)
    drawer = client.get(url(review), **HTMX)
    assert drawer.context["form"].initial["reason_code"] == "15"
    answer = client.post(url(review), form(review, "KEEP", "SUSPEND", "REVOKE"), **HTMX)
    assert answer.status_code == 200
    assert statuses() == ["ACTIVE", "SUSPENDED", "REVOKED"]
    closed = client.get(url(review), **HTMX)
    assert closed.context["form"] is None
    assert "提交结论" not in closed.text


def test_refused_conclusion_keeps_what_was_typed(
    client: CheckedClient, lin: User, review: Review
) -> None:
    sign_in(client, lin)
    with nothing_written():
        answer = client.post(url(review), form(review, "KEEP", "", "REVOKE"), **HTMX)
    assert answer.status_code == 422
    assert "每项授权都须有结论" in answer.text
    assert WHY in answer.text
    assert answer.text.count("checked") == 2


def test_one_choice_for_all_lines(
    client: CheckedClient, lin: User, wang: User, house: list[Practitioner]
) -> None:
    assert wang.practitioner is not None
    for code in ("RX01", "BL01", "MR01", "CN01"):
        give(lin, wang.practitioner, code)
    leave(wang.practitioner)
    read()
    review = Review.objects.get()
    sign_in(client, lin)
    given = form(review, "", "", "", "KEEP", all="REVOKE", reason_code="05")
    assert client.post(url(review), given, **HTMX).status_code == 200
    assert sorted(statuses()) == ["REVOKED"] * 3 + ["SUSPENDED"]


def test_head_reads_and_decides_nothing(client: CheckedClient, review: Review) -> None:
    person = review.practitioner
    assert person is not None
    codes = [person.department.code]
    sign_in(
        client,
        make_user("1001", "周立诚", Role.DEPARTMENT_HEAD, departments=codes),
    )
    drawer = client.get(url(review), **HTMX)
    assert drawer.context["form"] is None
    with nothing_written():
        client.post(url(review), form(review, "REVOKE", "REVOKE", "REVOKE"), **HTMX)
        assert client.post(f"{url(review)}claim/", **HTMX).status_code == 403
    assert Review.objects.get().state == "OPEN"


def test_doctor_and_outsider_see_no_review(
    client: CheckedClient, zhao: User, wang: User, review: Review
) -> None:
    for user in (zhao, wang):
        sign_in(client, user)
        assert client.get("/reviews/").status_code == 403
        assert client.get(url(review), **HTMX).status_code == 403


def test_claimed_review_shows_its_owner(
    client: CheckedClient, su: User, review: Review
) -> None:
    sign_in(client, su)
    client.post(f"{url(review)}claim/", **HTMX)
    (row,) = client.get("/reviews/?view=mine").context["list"].rows
    assert row.owner == "苏晓岚"


def test_mass_change_is_confirmed_in_its_drawer(
    client: CheckedClient, su: User, mass: Review
) -> None:
    sign_in(client, su)
    drawer = client.get(url(mass), **HTMX)
    assert len(drawer.context["page"].held) == 12
    answer = client.post(url(mass), {"answer": "", "reason": WHY}, **HTMX)
    assert answer.status_code == 422
    client.post(url(mass), {"answer": "true", "reason": WHY}, **HTMX)
    read()
    assert statuses() == ["SUSPENDED"] * 12


def test_review_is_counted_on_the_desk_and_shown_with_the_doctor(
    client: CheckedClient, lin: User, review: Review
) -> None:
    sign_in(client, lin)
    assert client.get("/badges/").context["it"].reviews == 1
    todos = client.get("/").context["page"].todos
    assert ("授权复核待办", 1, "/reviews/") in [
        (str(todo.title), todo.count, todo.url) for todo in todos
    ]
    page = client.get("/doctors/1188/")
    assert [row.id for row in page.context["reviews"]] == [review.pk]


def test_list_is_exported(client: CheckedClient, lin: User, review: Review) -> None:
    sign_in(client, lin)
    answer: Any = client.get("/reviews/?export=xlsx")
    assert answer["Content-Type"].startswith("application/vnd.openxmlformats")
    assert b"".join(answer.streaming_content).startswith(b"PK")
    answer.close()


@pytest.mark.parametrize("count", [3, 25])
def test_lists_keep_their_query_budget(
    client: CheckedClient, lin: User, house: list[Practitioner], count: int
) -> None:
    for person in house[:count]:
        give(lin, person, "SG04", item="50.2205")
        leave(person)
        read()
    sign_in(client, lin)
    client.get("/reviews/")
    for path in ("/reviews/?view=all", "/assessments/"):
        with assert_queries(8):
            assert client.get(path).status_code == 200


# --- assessments ------------------------------------------------------------------------


def test_assessment_is_recorded_in_its_drawer(
    client: CheckedClient, lin: User, fourth: GrantState
) -> None:
    sign_in(client, lin)
    (row,) = client.get("/assessments/?view=never").context["list"].rows
    assert (row.last, row.due) == ("未评估过", "2027-11-23")
    given = {
        "assessed_on": "2026-11-23",
        "result": "PASS",
        "doc_no": "",
        "note": "年度评估合格",
    }
    refused = client.post(row.url, given, **HTMX)
    assert refused.status_code == 422
    assert "年度评估合格" in refused.text
    assert Assessment.objects.count() == 0
    client.post(row.url, {**given, "doc_no": "评〔2026〕7号"}, **HTMX)
    assert Assessment.objects.get().next_due is not None
    (row,) = client.get("/assessments/").context["list"].rows
    assert row.last == "2026-11-23"
    assert "评〔2026〕7号" in client.get(row.url, **HTMX).text


def test_head_records_no_assessment(
    client: CheckedClient, chen: User, fourth: GrantState
) -> None:
    sign_in(client, chen)
    assert client.get("/assessments/").status_code == 200
    assert client.post(f"/assessments/{fourth.pk}/", {}, **HTMX).status_code == 403
