"""What the HIS should show of some practitioners, and what of it is still on its way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime

from permissions.models import Privilege
from permissions.outbound import RowKey, Ways
from permissions.outbound.apart import Apart, apart, in_the_way
from permissions.outbound.lines import Later, read_many
from permissions.outbound.rows import expected, key_of_flag, no_flag
from permissions.outbound.table import SUSPENDED, Row, Table
from permissions.outbound.ways import KINDS_OF, OP
from permissions.outbound.wording import right_of, told_by
from portal.his.contract.interfaces import YW_DOCTOR_OP_SAVE, YW_PRIV_SAVE
from portal.his.messages import DoctorOpSave, DoctorOpSet, PrivSave
from portal.outbox.kinds import Call
from portal.outbox.promises import promises_of

OUR_KINDS = frozenset(kind for kinds in KINDS_OF.values() for kind in kinds)


@dataclass(frozen=True)
class Owed:
    """Of one practitioner: every row as it should be, and the keys that are on their
    way to the HIS."""

    rows: Table
    under_way: frozenset[RowKey]
    is_set_under_way: bool

    def on_its_way(self, keys: Set[RowKey]) -> Set[RowKey]:
        """Those of these rows."""
        if not self.is_set_under_way:
            return keys & self.under_way
        return {k for k in keys if k.right.function == OP or k in self.under_way}


NOTHING_OWED = Owed({}, frozenset(), is_set_under_way=False)


class House:
    """How this HIS is told, and which of its rows are ours to tell; read once."""

    def __init__(self) -> None:
        self.ways = Ways()
        self.privileges = {one.pk: one for one in Privilege.objects.order_by("pk")}
        self.flags = {key_of_flag(one): no_flag(one) for one in self.ways.push.flags}
        self._codes = {one.code for one in self.privileges.values()}

    @property
    def functions(self) -> list[str]:
        """Whose views there are to read."""
        names = (YW_PRIV_SAVE.name, YW_DOCTOR_OP_SAVE.name)
        return [name for name in names if name not in self.ways.lacking]

    def is_ours(self, key: RowKey) -> bool:
        """We would tell it; a HIS may keep rights beside, of which we know nothing."""
        if key.right.function == OP:
            return key.right.code in OUR_KINDS
        if self.flags:
            return key in self.flags
        return key.right.code in self._codes

    def counts(self, key: RowKey, row: Row) -> bool:
        """Where all rights are replaced at once, none is ever suspended by us, and one
        that is gives nothing: it is left alone, as by the read-back."""
        return not (self._is_of_set(key) and row.status == SUSPENDED)

    def apart(self, ours: Table, theirs: Table, day: date) -> list[Apart]:
        """What differs; and what is in the way of it, unless all is replaced at once."""
        found = list(apart(ours, theirs, day, self.flags))
        across = in_the_way(found, ours, theirs, day)
        return found + [one for one in across if not self._is_of_set(one.key)]

    def _is_of_set(self, key: RowKey) -> bool:
        return self.ways.push.whole_sets and key.right.function == OP

    def owed(
        self,
        people: Mapping[int, str],
        *,
        at: datetime,
        since: datetime,
        later: Later | None = None,
    ) -> dict[str, Owed]:
        """By number; ``people`` are numbers by primary key, some hundreds at most.

        In this order: what is recorded while we read is seen as under way at the end.
        Three queries and the dictionaries; two where ``later`` was read for more people.
        """
        lines = read_many(people, self.privileges, later)
        self.ways.know_items(
            line.grant.item_code for mine in lines.values() for line in mine
        )
        promises = promises_of(people.values(), at, since)
        return {
            emp_no: _owed(
                expected(lines[pk], told_by(promises[emp_no].told), self.ways, at),
                promises[emp_no].under_way,
            )
            for pk, emp_no in people.items()
        }


def _owed(rows: Table, under_way: Sequence[Call]) -> Owed:
    return Owed(
        rows,
        frozenset(
            RowKey(right_of(call), call.valid_from)
            for call in under_way
            if isinstance(call, PrivSave | DoctorOpSave)
        ),
        is_set_under_way=any(isinstance(call, DoctorOpSet) for call in under_way),
    )
