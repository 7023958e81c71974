"""A head of department looks at the own department, by whatever address.

Every address of the portal is asked for, as a page, as a fragment and as a file, about
a doctor of another department whose name, document and conditions stand nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.urls import NoReverseMatch, URLResolver, get_resolver, reverse
from django.utils import timezone

from permissions.models import GrantState, Review
from permissions.services import record_training
from portal.accounts import capabilities, refusals, services
from portal.accounts.capabilities import Capability, Role
from portal.accounts.models import User
from portal.accounts.queries import heads_of, standing_of
from portal.audit.models import AuditEvent, EventKind
from portal.directory.models import Practitioner
from tests.cast import make_department, make_practitioner, make_user, sign_in
from tests.permissions.event_acts import happen, read
from tests.permissions.ledger import TODAY, granted, propose
from tests.permissions.test_trainings import passed
from tests.surgery.test_declaration_list import declared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]

NAME, INSIDE = "独孤外科", "端木本科"
SECRETS = ("〔2026〕别科号",)
ELSEWHERE = "0402"


@pytest.fixture
def stranger(lin: User, su: User) -> Practitioner:
    """A doctor of another department with one of everything."""
    bones = make_department(ELSEWHERE, "骨科")
    person = make_practitioner(
        *("9402", NAME), department=bones, initials="dgwk", pinyin="du gu wai ke"
    )
    given: dict[str, Any] = {"doc_no": SECRETS[0]}
    last = TODAY + timedelta(days=20)
    granted(lin, su, person, "RX01", **given)
    granted(
        *(lin, su, person, "SG04"),
        item="50.2205",
        valid_to=last,
        **given,
    )
    propose(lin, person, "MR01", valid_to=last, **given)
    record_training(
        practitioner=person,
        passed=passed(),
        by=lin,
        at=timezone.now(),
        reason="医教科考核成绩登记",
    )
    user = make_user("9402", NAME, Role.DOCTOR, practitioner=person)
    declared(user, "SQ-9402")
    happen(person, "DEPARTMENT", "0503", ELSEWHERE)
    read()
    return person


@pytest.fixture
def colleague(lin: User, su: User) -> Practitioner:
    person = make_practitioner("1305", INSIDE, initials="dmbk", pinyin="duan mu ben ke")
    granted(lin, su, person, "RX01")
    return person


# --- every address --------------------------------------------------------------------


def patterns(resolver: URLResolver, names: str = "") -> Iterator[tuple[str, list[str]]]:
    """Name and parameters of every address that has a name."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{names}{entry.namespace}:" if entry.namespace else names
            yield from patterns(entry, inner)
        elif entry.name:
            yield f"{names}{entry.name}", list(entry.pattern.converters)


def arguments(person: Practitioner) -> dict[str, list[Any]]:
    """What may stand in an address: everything of this person, by its number."""
    states = GrantState.objects.filter(practitioner=person).order_by("pk")
    numbers = [*states.values_list("pk", flat=True)]
    reviews = Review.objects.values_list("pk", flat=True)
    many = sorted({1, 2, *numbers, *reviews})
    return {
        "emp_no": [person.emp_no],
        "act": ["suspend", "renew"],
        "code": ["SG04"],
        "rule_id": ["R01"],
        "decision": ["approve"],
        "list_key": ["grants"],
        "state_id": numbers,
        "": many,
    }


QUERIES = (
    "",
    f"dept={ELSEWHERE}",
    "dept=0301",
    "view=all&per=100",
    "view=open&per=100",
    "q=9402",
    "q=dgwk&view=all",
    f"subject=E:9402&from={TODAY - timedelta(days=90)}",
    f"subject=T:{ELSEWHERE}",
    f"subject=P:50.2205&from={TODAY - timedelta(days=90)}",
    "subject=P:50.2205",
    "emp_no=9402&row=50.2205",
    "emp_no=9402&row=RX01&rows=privileges",
    "target=9402&source=9402",
    "on=2026-11-23&known=then&all=1",
    "export=xlsx&view=all",
    f"export=xlsx&dept={ELSEWHERE}",
    "export=xlsx&subject=P:50.2205",
    "export=xlsx&selected=1&selected=2",
)
PAGE: dict[str, str] = {}
FRAGMENTS = (
    {"HX-Request": "true"},
    {"HX-Request": "true", "HX-Target": "grants-body"},
    {"HX-Request": "true", "HX-Target": "search-results"},
)
OF_ONE = ("", "export=xlsx&view=all")
# Of ours, but not asked: they end the session, or go to other houses.
LEFT_OUT = {"accounts:logout", "his_plugin:launch", "his_plugin:enter"}


def addresses(person: Practitioner) -> Iterator[tuple[str, str, bool]]:
    """Name, path, and whether it is about one thing."""
    known = arguments(person)
    for name, parameters in patterns(get_resolver()):
        if name in LEFT_OUT:
            continue
        for place in range(len(known[""])):
            given = {}
            for parameter in parameters:
                values = known.get(parameter, known[""])
                given[parameter] = values[place % len(values)]
            try:
                path = reverse(name, kwargs=given)
            except NoReverseMatch:
                path = reverse(name, kwargs=dict.fromkeys(parameters, "1"))
            yield name, path, bool(parameters)
            if not parameters:
                break


def text_of(response: Any) -> str:
    content = b"".join(response) if response.streaming else response.content
    if response.headers.get("Content-Type") == "application/json":
        return json.dumps(json.loads(content), ensure_ascii=False)
    if not content.startswith(b"PK"):
        return (
            f"{response.headers.get('Location', '')} {content.decode(errors='replace')}"
        )
    with ZipFile(BytesIO(content)) as book:
        return "".join(book.read(one).decode() for one in book.namelist())


def shown(client: Client, person: Practitioner, *words: str) -> set[str]:
    """Names of the addresses whose answer says one of the words."""
    found = set()
    for name, path, is_one in addresses(person):
        if not is_one and client.get(path).status_code == HTTPStatus.FORBIDDEN:
            continue  # the role may not come here at all
        plain = [(query, PAGE) for query in (OF_ONE if is_one else QUERIES)]
        parts = [(query, head) for query, _page in plain for head in FRAGMENTS[:1]]
        parts += [("q=9402&view=all", head) for head in FRAGMENTS]
        for query, headers in [*plain, *parts]:
            response = client.get(f"{path}?{query}", headers=headers)
            if any(word in text_of(response) for word in words):
                found.add(name)
    return found


ABOUT_DOCTORS = {
    "desk:home",
    "desk:search",
    "permissions:application-detail",
    "permissions:application-list",
    "permissions:assessment-list",
    "permissions:difference-subjects",
    "permissions:differences",
    "permissions:grant-history",
    "permissions:grant-list",
    "permissions:matrix",
    "permissions:matrix-cell",
    "permissions:practitioner-detail",
    "permissions:practitioner-list",
    "permissions:review-detail",
    "permissions:review-list",
    "permissions:roster",
    "permissions:roster-print",
    "permissions:who-may",
    "surgery:application-list",
    "surgery:application-history",
}


@pytest.mark.slow
def test_no_address_shows_a_head_another_departments_doctor(
    client: Client, chen: User, stranger: Practitioner, monkeypatch: Any
) -> None:
    """Files too, were the role ever given EXPORT; who may operate is said to everybody."""
    own = capabilities.ROLE_CAPABILITIES[Role.DEPARTMENT_HEAD]
    monkeypatch.setitem(
        capabilities.ROLE_CAPABILITIES,
        Role.DEPARTMENT_HEAD,
        own | {Capability.EXPORT},
    )
    sign_in(client, chen)

    assert shown(client, stranger, NAME, *SECRETS) == {"permissions:who-may"}
    who_may = client.get("/who-may/?subject=P:50.2205")
    assert "/doctors/9402/" not in who_may.content.decode()


@pytest.mark.slow
def test_the_same_addresses_show_the_doctor_to_who_sees_the_house(
    client: Client, stranger: Practitioner
) -> None:
    """So that the walk is known to find what there is."""
    sign_in(client, make_user("2001", "梁望山", Role.OFFICE_HEAD))

    assert ABOUT_DOCTORS - shown(client, stranger, NAME) == set()


# --- what a head is told --------------------------------------------------------------


def denied() -> list[tuple[str, Any]]:
    events = AuditEvent.objects.filter(kind=EventKind.ACCESS_DENIED).order_by("pk")
    return [(one.subject_id, one.detail) for one in events]


def test_another_departments_doctor_is_refused_with_a_clear_page_and_logged(
    client: Client, chen: User, stranger: Practitioner
) -> None:
    sign_in(client, chen)

    response = client.get("/doctors/9402/")

    assert response.status_code == HTTPStatus.FORBIDDEN
    page = response.content.decode()
    assert "您只能查看本科室和所管科室的医师与授权。" in page
    assert "需要全院范围，请联系医务科。" in page
    assert NAME not in page
    told = {"capability": "DEPARTMENT_SCOPE", "department": ELSEWHERE}
    assert denied() == [("permissions:practitioner-detail", told)]


def test_the_own_departments_doctor_is_shown_and_nothing_is_logged(
    client: Client, chen: User, colleague: Practitioner, stranger: Practitioner
) -> None:
    sign_in(client, chen)

    assert INSIDE in client.get("/doctors/1305/").content.decode()
    listed = client.get("/privileges/").content.decode()
    assert INSIDE in listed
    assert NAME not in listed
    assert denied() == []


def test_lists_count_what_the_reader_may_see_even_while_counts_are_kept(
    client: Client, chen: User, lin: User, colleague: Any, stranger: Any
) -> None:
    """The list of grants keeps its counts and its queries for a minute."""
    totals = []
    for user in (lin, chen, lin):
        sign_in(client, user)
        totals.append(client.get("/privileges/").context["list"].pager.total)
    assert totals == [3, 1, 3]


def test_a_head_of_two_departments_sees_both(
    client: Client, colleague: Practitioner, stranger: Practitioner
) -> None:
    head = make_user(
        "1001", "周立诚", Role.DEPARTMENT_HEAD, departments=["0301", ELSEWHERE]
    )
    sign_in(client, head)

    listed = client.get("/privileges/").content.decode()
    assert INSIDE in listed
    assert NAME in listed


def test_a_head_who_is_also_an_officer_sees_the_house(
    client: Client, stranger: Practitioner
) -> None:
    both = make_user(
        *("1001", "周立诚", Role.DEPARTMENT_HEAD, Role.OFFICER), departments=["0301"]
    )
    sign_in(client, both)

    assert client.get("/doctors/9402/").status_code == HTTPStatus.OK


def test_a_head_without_a_department_sees_nothing_and_is_told_so(
    client: Client, colleague: Practitioner
) -> None:
    sign_in(client, make_user("1001", "周立诚", Role.DEPARTMENT_HEAD))

    assert INSIDE not in client.get("/privileges/").content.decode()
    assert client.get("/matrix/").status_code == HTTPStatus.FORBIDDEN
    assert "还没有科室" in client.get(reverse("accounts:profile")).content.decode()


def test_the_own_department_follows_the_his(stranger: Practitioner) -> None:
    with_link = make_practitioner(
        *("9401", "关主任"), department=make_department(ELSEWHERE, "骨科")
    )
    head = make_user(*("9401", "关主任", Role.DEPARTMENT_HEAD), practitioner=with_link)
    assert standing_of(head).scope.departments == frozenset({ELSEWHERE})
    assert heads_of(stranger.department) == [head]


# --- the role -------------------------------------------------------------------------


def test_request_role_of_head_is_for_the_departments_that_are_approved(
    chen: User,
) -> None:
    make_department(ELSEWHERE, "骨科")
    asks = make_user("9001", "秦牧", Role.SYSTEM_ADMIN)
    approves = make_user("9002", "安宁", Role.SECURITY_ADMIN)
    user = make_user("1001", "周立诚")
    asked = services.request_role(
        user=user,
        role=Role.DEPARTMENT_HEAD,
        by=asks,
        reason="聘任",
        departments=[ELSEWHERE],
    )
    assert heads_of(make_department(ELSEWHERE)) == []

    services.approve_role(assignment=asked, by=approves, reason="核实")

    assert heads_of(make_department(ELSEWHERE)) == [user]
    assert [row.departments for row in asked.history.order_by("history_id")] == [
        [ELSEWHERE],
        [ELSEWHERE],
    ]


@pytest.mark.parametrize(
    ("role", "codes", "refusal"),
    [
        (Role.DEPARTMENT_HEAD, [], refusals.ScopeMissing),
        (Role.DEPARTMENT_HEAD, ["0000"], refusals.ScopeUnknown),
        (Role.OFFICER, ["0301"], refusals.ScopeNotAsked),
    ],
)
def test_request_role_with_departments_that_do_not_fit_leaves_nothing(
    chen: User, role: Role, codes: list[str], refusal: Any
) -> None:
    make_department()
    asks = make_user("9001", "秦牧", Role.SYSTEM_ADMIN)
    user = make_user("1001", "周立诚")

    with pytest.raises(refusal):
        services.request_role(
            user=user, role=role, by=asks, reason="聘任", departments=codes
        )

    assert not user.role_assignments.exists()
    assert not AuditEvent.objects.filter(kind=EventKind.ROLE_REQUESTED).exists()
