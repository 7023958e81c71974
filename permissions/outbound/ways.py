"""What of a ledger line a target can be told, and by which function."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Protocol

from django.utils.translation import gettext as _

from permissions.enums import ItemKind, SurgicalRole
from permissions.ledger import Standing
from permissions.models import Grant, Privilege
from permissions.outbound.table import Right
from portal.directory.models import HisProcedure, HisRightKind
from portal.his.contract.interfaces import YW_DOCTOR_OP_SAVE, YW_PRIV_SAVE
from portal.his.targets import DEFAULT, target_of
from portal.parameters.days import day_of, last_day_of
from portal.parameters.queries import value_of
from portal.parameters.registry import OPERATE_IMPLIES_ORDER

PRIV, OP = YW_PRIV_SAVE.name, YW_DOCTOR_OP_SAVE.name
# Roles a row of YW_PRIV_SAVE can mean; 开单 has a privilege of its own.
SPOKEN_ROLES = frozenset({SurgicalRole.NONE, SurgicalRole.OPERATE})
ORDERING = "SG05"
# Right kinds of the contract (domain 9.4a). Told of a role without one, the HIS would
# let its holder do more than was granted.
ORDER, OPERATE, ASSIST = "1", "2", "3"
KINDS_OF = {
    SurgicalRole.ORDER: (ORDER,),
    SurgicalRole.OPERATE: (OPERATE,),
    SurgicalRole.ASSIST: (ASSIST,),
}
# Until its dictionary was read: every HIS tells these two apart.
USUAL_KINDS = frozenset({ORDER, OPERATE})


def his_value_of(privilege: Privilege) -> str:
    """What the catalogue says; else the level, and without one just: granted."""
    return privilege.his_value or privilege.level or "1"


def last_day_for(grant: Grant, standing: Standing) -> date | None:
    """The last day the HIS is told; a revoked right ends on the day of revocation."""
    if standing.ended_at is None:
        return last_day_of(standing.span.valid_to)
    # A right revoked before it began must still be a span of days for the HIS.
    return max(day_of(standing.ended_at), day_of(grant.valid_from))


class Terms(Protocol):
    """What tells one right from another: of a grant, a proposal, a line of the ledger."""

    @property
    def privilege_id(self) -> int: ...

    @property
    def privilege(self) -> Privilege: ...

    @property
    def item_kind(self) -> str: ...

    @property
    def item_code(self) -> str: ...

    @property
    def role(self) -> str: ...

    @property
    def setting(self) -> str: ...

    @property
    def visit_no(self) -> str: ...


class Ways:
    """How a target takes rights; reads the dictionaries of the HIS once, when they are
    needed: other targets go by its items and kinds of rights."""

    def __init__(self, target: str = DEFAULT) -> None:
        told = target_of(target)
        self.target = target
        self.push = told.push
        self.lacking = told.lacking()
        self._kinds: frozenset[str] | None = None
        self._items: dict[str, tuple[str, ...]] = {}
        self._rights: dict[tuple[Any, ...], tuple[Right, ...]] = {}

    @property
    def kinds(self) -> frozenset[str]:
        if self._kinds is None:
            found = HisRightKind.objects.filter(is_enabled=True).order_by()
            self._kinds = frozenset(found.values_list("right_kind", flat=True))
        return self._kinds or USUAL_KINDS

    def items_of(self, code: str) -> tuple[str, ...]:
        """What the HIS calls a procedure; by its code where it has no such item."""
        if code not in self._items:
            found = HisProcedure.objects.filter(code_clinical=code)
            ids = found.order_by("his_item_id").values_list("his_item_id", flat=True)
            self._items[code] = tuple(ids) or (code,)
        return self._items[code]

    def know_items(self, codes: Iterable[str]) -> None:
        """Read at once what the HIS calls these procedures."""
        wanted = {code for code in codes if code} - self._items.keys()
        if not wanted:
            return
        found: dict[str, list[str]] = {code: [] for code in wanted}
        rows = HisProcedure.objects.filter(code_clinical__in=wanted)
        for code, item in rows.order_by("his_item_id").values_list(
            "code_clinical", "his_item_id"
        ):
            found[code].append(item)
        for code, items in found.items():
            self._items[code] = tuple(items) or (code,)

    def function_of(self, terms: Terms) -> str:
        """Which function takes the line, by the catalogue's HIS target; "" for none.

        A target may name both: then a HIS without the first gets it by the other.
        """
        targets = terms.privilege.his_target.split()
        if OP in targets and terms.item_kind == ItemKind.PROCEDURE:
            if OP not in self.lacking:
                return OP
            return PRIV if PRIV in targets else ""
        return "" if PRIV in self.lacking or self.push.flags else PRIV

    def rights_of(self, terms: Terms) -> tuple[Right, ...]:
        """The rows of the HIS a line gives; none for a line it cannot hold.

        Kept: very many lines are about few rights.
        """
        if terms.visit_no:
            return ()
        what = (
            *(terms.privilege_id, terms.item_kind, terms.item_code),
            *(terms.role, terms.setting),
        )
        if what not in self._rights:
            self._rights[what] = self._rights_of(terms)
        return self._rights[what]

    def _rights_of(self, terms: Terms) -> tuple[Right, ...]:
        function = self.function_of(terms)
        if function == OP:
            return tuple(
                Right(OP, kind, item, terms.setting)
                for kind in self.kinds_of(terms.role)
                for item in self.items_of(terms.item_code)
            )
        if function != PRIV or not is_spoken(terms):
            return ()
        code = terms.privilege.code
        return (Right(PRIV, code, terms.item_code, terms.setting),)

    def kinds_of(self, role: str) -> Iterable[str]:
        """Who may operate may order, where the hospital says so."""
        kinds: Iterable[str] = KINDS_OF.get(SurgicalRole(role), ())
        if role == SurgicalRole.OPERATE and value_of(OPERATE_IMPLIES_ORDER):
            kinds = (OPERATE, ORDER)
        return tuple(kind for kind in kinds if kind in self.kinds)

    def is_in_a_flag(self, terms: Terms) -> bool:
        """A coarse field of the HIS says something of this line."""
        if terms.visit_no or terms.role not in SPOKEN_ROLES:
            return False
        return any(terms.privilege.code in one.privileges for one in self.push.flags)

    def why_not_told(self, terms: Terms) -> str:
        """Why nothing of a line goes to the HIS; empty when something does."""
        if terms.visit_no:
            return _("单例授权，HIS 分不出一次就诊，不推送")
        if self.is_in_a_flag(terms):
            return ""
        function = self.function_of(terms)
        if not function:
            if self.push.flags:
                return _("HIS 只有粗略标志，没有这一项，不推送")
            return _("HIS 未提供接口，不推送")
        if self.kinds_of(terms.role) if function == OP else is_spoken(terms):
            return ""
        role = SurgicalRole(terms.role).label
        return _("HIS 没有「%(role)s」这种权限，不推送") % {"role": role}


def is_spoken(terms: Terms) -> bool:
    """``YW_PRIV_SAVE`` knows one row per privilege and item: it speaks of operating."""
    return terms.role in SPOKEN_ROLES or terms.privilege.code == ORDERING
