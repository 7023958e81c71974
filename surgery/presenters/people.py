"""Who and what the HIS names by number and code, as pages write it.

What our directory or catalogue does not know is shown all the same, and said to be so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.directory.models import Practitioner
from portal.ui.elements import Grade, Text
from portal.ui.phrases import noted
from surgery.models import Procedure
from surgery.queries.procedures import procedures_by_code


@dataclass(frozen=True)
class Person:
    """``url`` is the doctor's file; blank for one the directory does not know."""

    emp_no: str
    name: str
    department: str
    url: str

    @property
    def in_one(self) -> str:
        return " ".join(word for word in (self.name, self.emp_no) if word)


@dataclass(frozen=True)
class Operation:
    """A procedure by its code; ``grade`` None where the catalogue does not know it."""

    code: str
    name: Text
    grade: Grade | None

    @property
    def in_one(self) -> str:
        return noted(self.name, self.code)


class Names:
    """Looked up once for a page: two queries."""

    def __init__(self, emp_nos: Iterable[str], codes: Iterable[str]) -> None:
        self._people: Mapping[str, Practitioner] = {
            one.emp_no: one
            for one in Practitioner.objects.filter(emp_no__in=set(emp_nos))
            .select_related("department")
            .order_by("pk")
        }
        self._procedures: Mapping[str, Procedure] = procedures_by_code(set(codes))

    def person(self, emp_no: str, name: str = "") -> Person:
        """``name`` is what the HIS calls them."""
        found = self._people.get(emp_no)
        if found is None:
            return Person(emp_no, name, _("不在医师字典"), "")
        return Person(
            emp_no,
            found.name,
            found.department.name,
            reverse("permissions:practitioner-detail", args=[emp_no]),
        )

    def operation(self, code: str, name: str = "") -> Operation:
        found = self._procedures.get(code)
        if found is None:
            return Operation(code, name or _("不在目录"), None)
        return Operation(code, found.name, Grade(found.grade or None))
