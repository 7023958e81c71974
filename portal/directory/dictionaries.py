"""Which views are pulled into which of our models: one line each.

A column goes to the field of the same name, or to the one named here; the watermark
goes nowhere. A flag of the contract becomes true or false, a moment an instant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import BooleanField, DateTimeField

from portal.directory import models
from portal.directory.models import HisRow
from portal.his.contract.interfaces import VIEWS
from portal.his.contract.shape import Column, View
from portal.his.pull.dictionary import KEY_SIGN
from portal.parameters.days import ZONE

NOT_KEPT = ""
VIEW = {view.name: view for view in VIEWS}
FLAGS = {"1": True, "0": False}


@dataclass(frozen=True)
class Dictionary:
    """A view of the contract and our copy of it."""

    name: str
    model: type[HisRow]
    renamed: Mapping[str, str] = field(default_factory=dict)  # column → field
    # Of a fact: what is made of its rows, in the transaction that takes them.
    follow: Callable[[Collection[Any]], None] | None = None

    @property
    def view(self) -> View:
        return VIEW[self.name]

    @property
    def title(self) -> str:
        return self.view.title

    @cached_property
    def kept(self) -> tuple[tuple[Column, str], ...]:
        """The columns our copy keeps, with their fields."""
        named = (
            (column, self.renamed.get(column.name, column.name))
            for column in self.view.columns
            if column.name != self.view.watermark
        )
        return tuple((column, name) for column, name in named if name != NOT_KEPT)

    @cached_property
    def key_fields(self) -> tuple[str, ...]:
        return tuple(self.renamed.get(name, name) for name in self.view.key)

    def fields_of(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """A row of the HIS as the fields of our copy; a foreign key stays a code."""
        return {
            name: self._value(self._field(name), values[column.name])
            for column, name in self.kept
        }

    @staticmethod
    def _value(field: Any, value: Any) -> Any:
        if isinstance(field, BooleanField):
            return FLAGS.get(value)
        if isinstance(field, DateTimeField) and value is not None:
            return value.replace(tzinfo=ZONE)
        return value

    def _field(self, name: str) -> Any:
        return self.model._meta.get_field(name)


def key_text(parts: Iterable[Any]) -> str:
    return KEY_SIGN.join(map(str, parts))


# In the order they are pulled: departments before the doctors that name them.
DICTIONARIES = (
    Dictionary(
        "V_YW_DEPT",
        models.Department,
        {"dept_code": "code", "py": "initials", "enabled": "is_enabled"},
    ),
    Dictionary(
        "V_YW_DOCTOR",
        models.Practitioner,
        {
            "py": NOT_KEPT,  # read from the name, with surnames read as such
            "dept_code": "department",
            "dept_name": NOT_KEPT,
            "prac_cert_no": "license_no",
            "prac_valid_to": "license_valid_to",
        },
    ),
    Dictionary("V_YW_DOCTOR_DEPT", models.PractitionerDepartment),
    Dictionary("V_YW_DOCTOR_SCOPE", models.PractitionerScope),
    Dictionary(
        "V_YW_PRIV_DICT",
        models.HisPrivilege,
        {"priv_code": "code", "priv_level": "level", "enabled": "is_enabled"},
    ),
    Dictionary(
        "V_YW_DRUG",
        models.Drug,
        {
            "narcotic_flag": "is_narcotic",
            "toxic_flag": "is_toxic",
            "radioactive_flag": "is_radioactive",
            "enabled": "is_enabled",
        },
    ),
    Dictionary(
        "V_YW_OP_DICT",
        models.HisProcedure,
        {"py": "initials", "enabled": "is_enabled"},
    ),
    Dictionary("V_YW_OP_GRADE", models.HisProcedureGrade),
    Dictionary("V_YW_GRADE_DICT", models.HisGrade, {"grade_code": "code"}),
    Dictionary(
        "V_YW_OPRIGHT_DICT",
        models.HisRightKind,
        {"right_code": "code", "enabled": "is_enabled"},
    ),
)
BY_VIEW = {dictionary.name: dictionary for dictionary in DICTIONARIES}
