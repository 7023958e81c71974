"""Keeping ``CaseShare`` equal to the cases, their procedures and their teams.

``keep`` is called with the rows a pull took, in the transaction that took them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Q

from portal.directory.models import PulledView
from surgery import codes
from surgery.enums import Reoperation
from surgery.models import CaseMember, CaseProcedure, CaseShare, PerformedCase
from surgery.queries.volumes import counted

CASES = "V_YW_OPERATION"
WITHOUT_COMPLICATION = ("", "00")
AT_ONCE = 500


def keep(rows: Collection[Any]) -> None:
    """Make the shares anew of the cases these rows are, or belong to."""
    wanted = {
        row.op_id if isinstance(row, PerformedCase) else row.case_id for row in rows
    }
    # Of two pulls at once, each in a view of its own, the later sees what the earlier
    # took: they take turns at the row of the cases.
    PulledView.objects.select_for_update().filter(view=CASES).first()
    numbers = sorted(wanted)
    for start in range(0, len(numbers), AT_ONCE):
        _remake(numbers[start : start + AT_ONCE])


def keep_if_empty() -> None:
    """Cases that were pulled before their shares were kept."""
    if CaseShare.objects.exists():
        return
    numbers = list(counted().order_by("op_id").values_list("op_id", flat=True))
    for start in range(0, len(numbers), AT_ONCE):
        with transaction.atomic():
            _remake(numbers[start : start + AT_ONCE])


def _remake(numbers: Collection[str]) -> None:
    CaseShare.objects.filter(case__op_id__in=numbers).delete()
    CaseShare.objects.bulk_create(shares_of(numbers), batch_size=AT_ONCE)


def shares_of(numbers: Collection[str]) -> Iterator[CaseShare]:
    """What the rows as they stand add up to; three queries."""
    done: dict[str, set[str]] = defaultdict(set)
    of_these = Q(("case_id__in", numbers), missing_since=None)
    items: Any = CaseProcedure.objects.filter(of_these)
    for number, code in items.order_by().values_list("case_id", "code"):
        done[number].add(code)
    team: dict[str, set[tuple[str, str]]] = defaultdict(set)
    members: Any = CaseMember.objects.filter(of_these)
    for number, who, role in members.order_by().values_list(
        "case_id", "emp_no", "role"
    ):
        team[number].add((who, role))
    cases: Any = counted().filter(op_id__in=numbers)
    for case in cases.order_by("pk"):
        yield from _of_case(
            case,
            sorted(done[case.op_id]) or [case.proc_code],
            sorted(team[case.op_id]) or [(case.surgeon_no, "")],
        )


def _of_case(
    case: Any, procedures: Iterable[str], team: Iterable[tuple[str, str]]
) -> Iterator[CaseShare]:
    for nth_person, (who, role) in enumerate(team):
        for nth, code in enumerate(procedures):
            yield CaseShare(
                case=case,
                op_start=case.op_start,
                dept_code=case.dept_code,
                who=who,
                role=role,
                code=code,
                code_key=codes.key(code)[:32],
                is_first_of_person=nth == 0,
                is_first_of_procedure=nth_person == 0,
                is_hurt=case.complication not in WITHOUT_COMPLICATION,
                is_again=case.reoperation == Reoperation.UNPLANNED,
                is_dead=bool(case.is_dead),
            )
