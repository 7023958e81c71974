"""How rows of the views hang together: who is named where, and what comes after what.

A column that bears the name of another view's key names a row of that view; columns
that name one by a role, and the few that only look so, are listed here.
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.his.contract.interfaces import V_YW_CHANGE_LOG, VIEWS
from portal.his.contract.shape import View

# Column: the key it holds a value of.
ROLES = {
    "surgeon_no": "emp_no",
    "assist1_no": "emp_no",
    "assist2_no": "emp_no",
    "applicant_no": "emp_no",
    "doctor_no": "emp_no",
    "anes_doctor_no": "emp_no",
    "op_dept_code": "dept_code",
    "parent_code": "dept_code",
}
# A team has nurses, who are no doctors. The log keeps who and what there once was.
NOT_NAMED = frozenset({"V_YW_OPERATION_TEAM.emp_no"})
PAST = frozenset({V_YW_CHANGE_LOG.name})

# Each day or moment is not before the one to its left; gaps do not matter.
SEQUENCES = (
    ("valid_from", "valid_to"),
    ("effective_from", "effective_to"),
    ("hire_date", "leave_date"),
    ("title_qualified_date", "title_appointed_date"),
    ("reg_time", "checkin_time", "visit_time", "finish_time"),
    ("in_room", "anes_start", "op_start", "op_end", "anes_end", "out_room"),
    ("b12", "b15"),
)
BIRTHS = ("birth_date", "a13")

# A value that names one thing: none of these may stand between two.
SEPARATORS = (",", "，", ";", "；", "、", "|")
SINGLE_ENDINGS = ("_no", "_code", "_id", "_value")


@dataclass(frozen=True)
class Reference:
    """``columns`` of a view together hold a key of ``target``, or are empty."""

    columns: tuple[str, ...]
    target: View


def references(view: View) -> tuple[Reference, ...]:
    """What the rows of the view name in other views."""
    if view.name in PAST:
        return ()
    names = {
        column.name
        for column in view.all_columns
        if f"{view.name}.{column.name}" not in NOT_NAMED
    }
    found = [
        Reference(target.key, target)
        for target in VIEWS
        if target is not view and names.issuperset(target.key)
    ]
    found += [
        Reference((column.name,), target)
        for column in view.all_columns
        for target in VIEWS
        if (ROLES.get(column.name),) == target.key
    ]
    return tuple(found)


def sequences(view: View) -> tuple[tuple[str, ...], ...]:
    """The sequences of which the view has at least two columns."""
    names = {column.name for column in view.all_columns}
    found = (tuple(name for name in one if name in names) for one in SEQUENCES)
    return tuple(one for one in found if len(one) > 1)


def single_valued(view: View) -> tuple[str, ...]:
    """Text columns that name one thing and have no code table to say so."""
    return tuple(
        column.name
        for column in view.all_columns
        if column.length
        and column.codes is None
        and (column.name in view.key or column.name.endswith(SINGLE_ENDINGS))
        and column.name != "doc_no"  # words of an office, not a number of ours
    )
