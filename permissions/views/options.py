"""What long choices offer while somebody types."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from permissions.models import Privilege
from permissions.presenters import words
from permissions.queries.catalogue import entry_matches
from portal.accounts.capabilities import Capability
from portal.accounts.guards import AuthenticatedRequest, requires
from portal.directory.models import Drug
from portal.directory.queries import search_practitioners
from surgery.enums import Grade
from surgery.queries.search import search

MOST = 20


@requires(Capability.PROPOSE_PRIVILEGE)
def practitioner_options(request: AuthenticatedRequest) -> HttpResponse:
    """By name, 工号 or pinyin; who does not practise is said to."""
    found = search_practitioners(request.GET.get("q", ""))[:MOST]
    return _options(
        (
            one.emp_no,
            words.person(one),
            f"{one.department.name} {words.title_word(one.title_code)}"
            + ("" if one.is_practising else f" · {one.get_status_display()}"),
        )
        for one in found
    )


@requires(Capability.PROPOSE_PRIVILEGE, Capability.CHANGE_CATALOGUE)
def privilege_options(request: AuthenticatedRequest) -> HttpResponse:
    """Enabled entries of the catalogue by name, code or initials."""
    text = request.GET.get("q", "").strip()
    found = Privilege.objects.filter(entry_matches(text), is_enabled=True)
    return _options(
        (one.code, f"{one.code} {one.name}", one.get_category_display())
        for one in found.order_by("sort", "code")[:MOST]
    )


@requires(Capability.PROPOSE_PRIVILEGE)
def procedure_options(request: AuthenticatedRequest) -> HttpResponse:
    """Enabled procedures, as ``surgery.queries.search`` finds them."""
    found = search(request.GET.get("q", ""), limit=MOST)
    return _options(
        (one.code, f"{one.code} {one.name}", str(Grade(one.grade).label))
        for one in found
    )


@requires(Capability.PROPOSE_PRIVILEGE)
def drug_options(request: AuthenticatedRequest) -> HttpResponse:
    """Drugs in the HIS' dictionary by code or name; stopped ones are said to be."""
    text = request.GET.get("q", "").strip()
    found = Drug.objects.filter(
        Q(drug_code__istartswith=text)
        | Q(generic_name__contains=text)
        | Q(trade_name__contains=text),
        missing_since=None,
    )
    return _options(
        (
            one.drug_code,
            f"{one.drug_code} {one.generic_name}",
            one.spec if one.is_enabled else _("%(spec)s 已停用") % {"spec": one.spec},
        )
        for one in found.order_by("generic_name", "drug_code")[:MOST]
    )


def _options(lines: Iterable[tuple[str, str, str]]) -> HttpResponse:
    return JsonResponse(
        [
            {"value": value, "text": text, "hint": hint.strip()}
            for value, text, hint in lines
        ],
        safe=False,
    )
