"""目录版本: lists, comparisons, the paper of grades 3 and 4, and whom it was shown to."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from portal.accounts.models import User
from portal.audit.models import AuditEvent, EventKind
from surgery.enums import Grade
from surgery.models import CataloguePublication, GradeVersion, Procedure
from tests.cast import sign_in
from tests.harness import assert_queries
from tests.pages import CheckedClient
from tests.permissions.ledger import make_procedure
from tests.surgery.grading import approve, nothing_written, propose, regraded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("procedures")]
CHOLE, LIVER, KERATO = "51.2300", "50.2205", "11.6400x001"
LIST = "/grade-versions/"
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


def words_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content)
    with ZipFile(BytesIO(content)) as book:
        parts = [name for name in book.namelist() if name.endswith(".xml")]
        return "".join(book.read(name).decode() for name in parts)


@pytest.mark.parametrize("count", [3, 25])
def test_list_takes_the_same_queries_whatever_its_length(
    client: CheckedClient, lin: User, he: User, count: int
) -> None:
    for number in range(count):
        regraded(lin, he, CHOLE, 4 if number % 2 == 0 else 3)
    sign_in(client, lin)
    client.get(LIST)
    with assert_queries(7):
        answer = client.get(LIST)
    rows = answer.context["list"].rows
    assert (len(rows), rows[0].name) == (min(count, 20), f"2026.{count} 版")


def test_detail_shows_changes_and_takes_a_fixed_number_of_queries(
    client: CheckedClient, lin: User, he: User
) -> None:
    regraded(lin, he, CHOLE, 4)
    version = approve(he, propose(lin, CHOLE, 2), propose(lin, LIVER, 3))
    sign_in(client, lin)
    client.get(f"{LIST}{version.pk}/")
    with assert_queries(8):
        answer = client.get(f"{LIST}{version.pk}/")
    told = [
        (row.code, row.before.text, row.after.text) for row in answer.context["changes"]
    ]
    assert told == [(LIVER, "四级", "三级"), (CHOLE, "四级", "二级")]


def test_any_two_versions_are_compared_and_exported(
    client: CheckedClient, lin: User, he: User
) -> None:
    make_procedure("86.0100", "皮肤抽吸术", Grade.UNGRADED)
    first = regraded(lin, he, CHOLE, 4)
    last = approve(he, propose(lin, "86.0100", 3), propose(lin, LIVER, 0))
    sign_in(client, lin)
    address = f"{LIST}compare/?before={first.pk}&after={last.pk}"
    answer = client.get(address)
    told = [(str(row.kind.text), row.code) for row in answer.context["rows"]]
    assert told == [("移出", LIVER), ("新增", "86.0100")]
    assert [n for _chip, n in answer.context["counts"]] == [1, 1, 0]
    words = words_of(client.get(f"{address}&export=xlsx"))
    assert "皮肤抽吸术" in words
    assert "腹腔镜下胆囊切除术" not in words


def test_compare_of_nothing_and_of_nonsense_is_empty(
    client: CheckedClient, lin: User, he: User
) -> None:
    sign_in(client, lin)
    assert client.get(f"{LIST}compare/").context["rows"] == []
    regraded(lin, he, CHOLE, 4)
    answer = client.get(f"{LIST}compare/?before=x&after=7777777")
    assert "两版相同" in answer.content.decode()


def test_catalogue_has_grades_three_and_four_of_its_version_alone(
    client: CheckedClient, lin: User, he: User
) -> None:
    make_procedure("54.9105", "腹腔穿刺术", Grade.ONE)
    first = regraded(lin, he, CHOLE, 4)
    last = regraded(lin, he, CHOLE, 2)
    sign_in(client, lin)
    words = words_of(client.get(f"{LIST}{first.pk}/catalogue/"))
    assert CHOLE in words
    assert "54.9105" not in words
    # A procedure that is not done here is not reported.
    assert "50.3x00" not in words
    assert CHOLE not in words_of(client.get(f"{LIST}{last.pk}/catalogue/"))


def test_paper_and_pdf_carry_one_check_code_and_leave_traces(
    client: CheckedClient, lin: User, he: User
) -> None:
    version = regraded(lin, he, CHOLE, 4)
    sign_in(client, lin)
    printed = client.get(f"{LIST}{version.pk}/catalogue/print/")
    sheet = printed.context["sheet"]
    assert (sheet.number, sheet.count, [one.title for one in sheet.groups]) == (
        "SSML-2026.1",
        3,
        ["四级手术"],
    )
    answer = client.get(f"{LIST}{version.pk}/catalogue/pdf/")
    assert answer.content.startswith(b"%PDF")
    traces = AuditEvent.objects.filter(kind=EventKind.EXPORTED).order_by("pk")
    assert [(one.subject_id, one.detail["check"]) for one in traces] == [
        ("SSML-2026.1", sheet.check)
    ] * 2


def test_files_need_the_capability_to_export(
    client: CheckedClient, lin: User, he: User, chen: User
) -> None:
    version = regraded(lin, he, CHOLE, 4)
    sign_in(client, chen)
    for name in ("catalogue", "catalogue/pdf"):
        assert client.get(f"{LIST}{version.pk}/{name}/").status_code == 403
    assert client.get(f"{LIST}{version.pk}/").status_code == 200


# --- reported and published -----------------------------------------------------------


def shown(client: CheckedClient, version: GradeVersion, **given: str) -> Any:
    typed = {
        "kind": "REPORTED",
        "on": "2026-11-23",
        "to": "云溪市卫生健康委员会",
        "receipt": "云卫收〔2026〕208号",
        **given,
    }
    return client.post(f"{LIST}{version.pk}/publications/new/", typed, **HTMX)


def test_report_is_kept_with_what_was_handed_over_and_stands_in_the_log(
    client: CheckedClient, lin: User, he: User
) -> None:
    version = regraded(lin, he, CHOLE, 4)
    sign_in(client, lin)
    assert shown(client, version).status_code == 200
    made = CataloguePublication.objects.get()
    sheet = client.get(f"{LIST}{version.pk}/catalogue/print/").context["sheet"]
    assert (made.kind, made.to, made.by, made.count, made.check_code) == (
        "REPORTED",
        "云溪市卫生健康委员会",
        lin,
        sheet.count,
        sheet.check,
    )
    [row] = client.get(LIST).context["list"].rows
    assert (row.reported_on, row.published_on) == ("2026-11-23", "—")
    [entry] = client.get("/log/?kind=CATALOGUE_PUBLISHED").context["list"].rows
    assert (entry.who, entry.what) == ("三、四级手术目录", "2026.1")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"on": "2026-11-24"}, "日期不能晚于今天，办完再登记。"),
        ({"on": "2026-11-22"}, "不能早于这一版审定的日期 2026-11-23。"),
        ({"to": " "}, "必填"),
        ({"on": "昨天"}, "日期"),
    ],
)
def test_report_that_cannot_be_leaves_nothing(
    client: CheckedClient, lin: User, he: User, given: dict[str, str], message: str
) -> None:
    version = regraded(lin, he, CHOLE, 4)
    sign_in(client, lin)
    with nothing_written():
        answer = shown(client, version, **given)
    assert answer.status_code == 422
    assert message in answer.content.decode()


# --- one procedure through time -------------------------------------------------------


def test_history_answers_for_any_day_as_known_on_any_day(
    client: CheckedClient, lin: User, he: User
) -> None:
    regraded(lin, he, CHOLE, 4)
    key = Procedure.objects.get(code=CHOLE).pk
    sign_in(client, lin)

    def found(query: str) -> str:
        answer = client.get(f"/procedures/{key}/grades/?{query}", **HTMX)
        return str(answer.context["found"].text)

    assert found("") == "四级"
    assert found("on=2026-11-22") == "三级"
    assert found("on=2026-12-01&known=2026-11-22") == "三级"
    answer = client.get(f"/procedures/{key}/grades/?on=昨天", **HTMX)
    assert "「昨天」不是日期" in answer.content.decode()


def test_procedure_that_never_changed_says_so(client: CheckedClient, lin: User) -> None:
    key = Procedure.objects.get(code=KERATO).pk
    sign_in(client, lin)
    answer = client.get(f"/procedures/{key}/grades/", **HTMX)
    assert "启用以来级别没有变动" in answer.content.decode()
