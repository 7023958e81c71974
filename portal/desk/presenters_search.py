"""What the search finds, by name, number, code or initials; one query for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from permissions.models import Application, Privilege
from permissions.presenters import words
from permissions.queries.applications import applications
from permissions.queries.catalogue import entry_matches
from permissions.views.lists import practitioner_matches
from portal.accounts.capabilities import Capability
from portal.accounts.models import User
from portal.accounts.scope import HOUSE, Scope
from portal.directory.queries import search_practitioners
from portal.ui.elements import Emptiness, Text
from portal.ui.filters import LONGEST_SEARCH
from surgery.codes import key
from surgery.enums import Grade
from surgery.models import Procedure
from surgery.models.procedures import former_codes_of
from surgery.queries.search import search as search_procedures

LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Hit:
    """One thing found; ``id`` tells the lines of the list apart."""

    id: str
    text: str
    hint: str
    url: str


@dataclass(frozen=True)
class Group:
    """What was found of one kind; ``more_url`` where there is a whole list."""

    key: str
    title: Text
    icon: str
    hits: Sequence[Hit]
    more_url: str = ""


@dataclass(frozen=True)
class SearchPage:
    text: str
    groups: Sequence[Group]
    emptiness: Emptiness

    @property
    def count(self) -> int:
        return sum(len(group.hits) for group in self.groups)


def may_search(capabilities: frozenset[Capability]) -> bool:
    return bool(capabilities & {Capability.VIEW_PRIVILEGES, Capability.VIEW_USERS})


def search_page(
    text: str,
    capabilities: frozenset[Capability],
    scope: Scope = HOUSE,
    *,
    limit: int,
) -> SearchPage:
    """Kinds in a fixed order; those without a hit are left out."""
    wanted = text.strip()[:LONGEST_SEARCH]
    finders: list[Callable[[str, int], Group]] = []
    if Capability.VIEW_PRIVILEGES in capabilities:
        finders += [
            partial(_doctors, scope=scope),
            _privileges,
            _procedures,
            partial(_applications, scope=scope),
        ]
    if Capability.VIEW_USERS in capabilities:
        finders.append(_users)
    groups = [find(wanted, limit) for find in finders] if wanted else []
    return SearchPage(
        text=wanted,
        groups=[group for group in groups if group.hits],
        emptiness=_emptiness(wanted, capabilities),
    )


def _emptiness(text: str, capabilities: frozenset[Capability]) -> Emptiness:
    if not may_search(capabilities):
        return Emptiness.forbidden(
            _("不能搜索"), _("账户没有查看授权的权限。需要时请联系医务科。")
        )
    if not text:
        return Emptiness(
            _("输入要找的内容"),
            _("医师、手术、工号、编码、申请编号、文号或拼音首字母。"),
            "search",
        )
    return Emptiness(
        _("没有找到「%(text)s」") % {"text": text},
        _("可以换用工号、编码或拼音首字母再试。"),
        "search",
    )


def _hits(key: str, lines: Iterable[tuple[str, str, str]]) -> list[Hit]:
    return [
        Hit(f"hit-{key}-{place}", text, hint, url)
        for place, (text, hint, url) in enumerate(lines)
    ]


def _list(url_name: str, text: str, **more: str) -> str:
    return f"{reverse(url_name)}?{urlencode({'q': text, **more})}"


def _doctors(text: str, limit: int, *, scope: Scope) -> Group:
    theirs = scope.of("department__code")
    lines = [
        (
            words.person(one),
            f"{one.department.name} {words.title_word(one.title_code)}".strip()
            + ("" if one.is_practising else f" · {words.practitioner_chip(one).text}"),
            reverse("permissions:practitioner-detail", args=[one.emp_no]),
        )
        for one in search_practitioners(text).filter(theirs)[:limit]
    ]
    more = _list("permissions:practitioner-list", text)
    return Group("doctor", _("医师"), "user-check", _hits("doctor", lines), more)


def _privileges(text: str, limit: int) -> Group:
    found = Privilege.objects.filter(entry_matches(text))
    lines = [
        (
            f"{one.name} {one.code}",
            str(one.get_category_display()) + ("" if one.is_enabled else _(" · 停用")),
            reverse("permissions:catalogue-detail", args=[one.code]),
        )
        for one in found.order_by("sort", "code")[:limit]
    ]
    more = _list("permissions:catalogue-list", text)
    hits = _hits("privilege", lines)
    return Group("privilege", _("权限"), "shield-check", hits, more)


def _recoded(one: Procedure, former: Sequence[str], text: str) -> str:
    """By which old code it was found: 原编码 → 现编码."""
    by = next((code for code in former if key(text) and key(text) in key(code)), "")
    said = {"old": by, "new": one.code}
    return _(" · 原编码 %(old)s → %(new)s") % said if by else ""


def _procedures(text: str, limit: int) -> Group:
    found = search_procedures(text, limit=limit, in_use=False)
    former = former_codes_of(one.pk for one in found)
    lines = [
        (
            f"{one.name} {one.code}",
            str(Grade(one.grade).label)
            + ("" if one.is_enabled else _(" · 停用"))
            + _recoded(one, former.get(one.pk, ()), text),
            _list("permissions:grant-list", one.code),
        )
        for one in found
    ]
    return Group("procedure", _("手术"), "list-tree", _hits("procedure", lines))


def _applications(text: str, limit: int, *, scope: Scope) -> Group:
    matches = practitioner_matches(text, "practitioner__") | Q(doc_no__contains=text)
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit() and int(number) <= LARGEST_ID:
        matches |= Q(pk=int(number))
    theirs = scope.of("practitioner__department__code")
    found = applications().filter(matches, theirs).order_by("-pk")
    lines = [_application_line(one) for one in found[:limit]]
    more = _list("permissions:application-list", text, view="all")
    hits = _hits("application", lines)
    return Group("application", _("申请"), "clipboard-check", hits, more)


def _application_line(one: Application) -> tuple[str, str, str]:
    what, _codes = words.what(one)
    return (
        f"#{one.pk} {one.practitioner.name} {what}",
        f"{words.STATE_CHIPS[one.state].text} {one.doc_no}".strip(),
        reverse("permissions:application-detail", args=[one.pk]),
    )


def _users(text: str, limit: int) -> Group:
    found = User.objects.filter(Q(name__contains=text) | Q(staff_no__istartswith=text))
    lines = [
        (
            f"{one.name} {one.staff_no}",
            one.office,
            reverse("desk:user-detail", args=[one.pk]),
        )
        for one in found.order_by("staff_no")[:limit]
    ]
    more = _list("desk:user-list", text)
    return Group("user", _("用户"), "users", _hits("user", lines), more)
