"""The hospital's procedure catalogue (domain 3.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.audit.bulk import plain_rows
from portal.audit.history import HistoricalModel, HistoricalQuerySet
from portal.directory.models import Department
from surgery import codes
from surgery.enums import (
    Chapter,
    EntryOption,
    Grade,
    IncisionClass,
    Place,
    ProcedureCategory,
    RecodingState,
    RestrictedClass,
    Source,
)
from surgery.spelling import initials_of, search_text

# Columns made from others, and what they are made from.
DERIVED = ("code_key", "chapter", "initials", "search_text")
MANY = 500
FOUND_BY = frozenset({"code", "code_insurance", "code_extra", "name", "his_item_id"})


class DerivedBypass(Exception):
    """A way of writing was used that would leave a derived column behind."""


class ProcedureQuerySet(HistoricalQuerySet["Procedure"]):
    """Many at once keep the derived columns true, as one by one does."""

    def bulk_create(  # type: ignore[override]  # as the class above
        self, objs: Iterable[Procedure], batch_size: int | None = None, **kwargs: Any
    ) -> list[Procedure]:
        rows = list(objs)
        for row in rows:
            row.derive()
        return super().bulk_create(rows, batch_size, **kwargs)

    def bulk_update(
        self,
        objs: Iterable[Procedure],
        fields: Iterable[str],
        batch_size: int | None = None,
    ) -> int:
        rows, names = list(objs), list(fields)
        if FOUND_BY.intersection(names):
            derive_all(rows)
            names = list(dict.fromkeys((*names, *DERIVED)))
        return super().bulk_update(rows, names, batch_size)

    def update(self, **kwargs: Any) -> int:
        if FOUND_BY.intersection(kwargs) and not set(DERIVED) <= kwargs.keys():
            raise DerivedBypass("update() of what a procedure is found by")
        return super().update(**kwargs)


class Procedure(HistoricalModel):
    """One entry of the catalogue.

    The grade is the hospital's own; what the national lists say of an entry (level 4,
    mini-invasive) stands beside it and never decides it. ``effective_from`` is the first
    day it is in use, ``effective_to`` the first day it is not any more. Out of use and to
    come back on a day ahead, it has both, the end before the new beginning.
    """

    code = models.CharField(_("国临编码"), max_length=32, unique=True)
    code_insurance = models.CharField(_("医保编码"), max_length=32, blank=True)
    code_extra = models.CharField(_("附加编码"), max_length=32, blank=True)
    name = models.CharField(_("名称"), max_length=100)
    category = models.CharField(
        _("类别"), max_length=1, choices=ProcedureCategory.choices
    )
    entry_option = models.CharField(
        _("录入选项"),
        max_length=1,
        choices=EntryOption.choices,
        default=EntryOption.UNSAID,
        blank=True,
    )
    grade = models.PositiveSmallIntegerField(
        _("本院级别"), choices=Grade.choices, default=Grade.UNGRADED
    )
    is_national_level4 = models.BooleanField(_("国考四级手术"), default=False)
    is_mini_invasive = models.BooleanField(_("国考微创手术"), default=False)
    restricted_class = models.PositiveSmallIntegerField(
        _("限制类技术"), choices=RestrictedClass.choices, default=RestrictedClass.NONE
    )
    needs_special_licence = models.BooleanField(_("专项许可"), default=False)
    is_day_surgery = models.BooleanField(_("日间手术"), default=False)
    is_new_technique = models.BooleanField(_("新技术"), default=False)
    incision_class = models.CharField(
        _("默认切口类别"),
        max_length=1,
        choices=IncisionClass.choices,
        default=IncisionClass.UNSAID,
        blank=True,
    )
    site = models.CharField(_("部位"), max_length=50, blank=True)
    needs_side = models.BooleanField(_("须注明侧别"), default=False)
    place = models.CharField(
        _("开展场所"), max_length=4, choices=Place.choices, default=Place.ANY
    )
    specialty = models.CharField(_("专业"), max_length=50, blank=True)
    his_item_id = models.CharField(_("HIS 项目编号"), max_length=32, blank=True)
    charge_item = models.CharField(_("收费项目"), max_length=50, blank=True)
    is_enabled = models.BooleanField(_("启用"), default=True)
    effective_from = models.DateField(_("启用日期"), null=True, blank=True)
    effective_to = models.DateField(_("停用日期"), null=True, blank=True)
    source = models.CharField(
        _("来源"), max_length=8, choices=Source.choices, default=Source.HOSPITAL
    )
    remark = models.CharField(_("备注"), max_length=500, blank=True)
    # Derived by ``derive``; see ``surgery.codes`` and ``surgery.spelling``.
    code_key = models.CharField(max_length=32, unique=True, editable=False)
    chapter = models.CharField(
        _("章"), max_length=5, choices=Chapter.choices, blank=True, editable=False
    )
    initials = models.CharField(max_length=100, db_index=True, editable=False)
    search_text = models.TextField(editable=False)

    objects: ClassVar[Any] = ProcedureQuerySet.as_manager()

    # Every word of it stands in the other columns and in the aliases.
    history_excludes = ("search_text",)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_enabled=False)
                | Q(effective_to__isnull=True)
                | Q(effective_from__isnull=True)
                | Q(effective_from__lt=F("effective_to")),
                name="surgery_procedure_from_before_to",
                violation_error_message=_("停用日期须晚于启用日期。"),
            ),
            models.CheckConstraint(
                condition=~Q(code_key=""),
                name="surgery_procedure_code_has_key",
                violation_error_message=_("编码须有字母或数字。"),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_restricted(self) -> bool:
        return self.restricted_class != RestrictedClass.NONE

    def derive(self, aliases: Iterable[str] = (), former: Iterable[str] = ()) -> None:
        """Make the derived columns from what is typed; ``aliases`` are its names,
        ``former`` the codes that became this one."""
        self.code_key = codes.key(self.code)
        self.chapter = codes.chapter_of(self.code).value
        self.initials = initials_of(self.name)
        self.search_text = search_text(
            codes=(self.code, self.code_insurance, self.code_extra, *former),
            names=(self.name, *aliases),
            others=(self.his_item_id,),
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            derive_all([self])
        else:
            self.derive()
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = list(dict.fromkeys((*fields, *DERIVED)))
        super().save(*args, **kwargs)


class AliasQuerySet(HistoricalQuerySet["ProcedureAlias"]):
    """Many at once are found at once, as one by one is."""

    def bulk_create(  # type: ignore[override]  # as the class above
        self, objs: Iterable[ProcedureAlias], batch_size: int | None = None, **kw: Any
    ) -> list[ProcedureAlias]:
        with transaction.atomic(using=self.db):
            rows = super().bulk_create(objs, batch_size, **kw)
            find_anew({row.procedure_id for row in rows}, self.db)
        return rows

    def update(self, **kwargs: Any) -> int:
        with transaction.atomic(using=self.db):
            found = set(self.order_by().values_list("procedure_id", flat=True))
            count = super().update(**kwargs)
            find_anew(found, self.db)
        return count


class ProcedureAlias(HistoricalModel):
    """Another name of a procedure; one that is dropped stays, marked."""

    procedure = models.ForeignKey(
        Procedure, on_delete=models.RESTRICT, related_name="aliases"
    )
    name = models.CharField(_("别名"), max_length=100)
    is_dropped = models.BooleanField(_("已去掉"), default=False)

    objects: ClassVar[Any] = AliasQuerySet.as_manager()

    class Meta:
        ordering = ["procedure", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["procedure", "name"], name="surgery_procedurealias_once"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
            find_anew({self.procedure_id}, str(self._state.db))


class ProcedureDepartment(HistoricalModel):
    """A department that may do a procedure; without one every department may."""

    procedure = models.ForeignKey(
        Procedure, on_delete=models.RESTRICT, related_name="departments"
    )
    department = models.ForeignKey(
        Department, on_delete=models.RESTRICT, related_name="+"
    )
    is_dropped = models.BooleanField(_("已去掉"), default=False)

    class Meta:
        ordering = ["procedure", "department"]
        constraints = [
            models.UniqueConstraint(
                fields=["procedure", "department"],
                name="surgery_proceduredepartment_once",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


def aliases_of(procedures: Iterable[Any]) -> dict[int, list[str]]:
    """The names that stand, by procedure; one query."""
    found: dict[int, list[str]] = {}
    rows = ProcedureAlias.objects.filter(procedure__in=list(procedures))
    standing = rows.filter(is_dropped=False).order_by("pk")
    for procedure, name in standing.values_list("procedure_id", "name"):
        found.setdefault(procedure, []).append(name)
    return found


def former_codes_of(procedures: Iterable[int]) -> dict[int, list[str]]:
    """The codes that became these entries, straight or over others; nearest first.

    One query where there are none, one more for each step back.
    """
    found: dict[int, list[str]] = {}
    # Entries looked at next, each with those it counts for.
    behind = {pk: {pk} for pk in procedures}
    seen = set(behind)
    while behind:
        rows = Procedure.objects.filter(
            pk__in=list(behind), recoded_from__recoding__state=RecodingState.APPLIED
        ).order_by("recoded_from__pk")
        steps = rows.values_list("pk", "recoded_from__old", "recoded_from__old_code")
        further: dict[int, set[int]] = {}
        for new, old, code in steps:
            for pk in behind[new]:
                found.setdefault(pk, []).append(code)
            if old not in seen:
                further.setdefault(old, set()).update(behind[new])
        seen |= further.keys()
        behind = further
    return found


def derive_all(rows: Sequence[Procedure]) -> None:
    """The derived columns of entries that stand, with all their names and codes."""
    keys = [row.pk for row in rows]
    aliases, former = aliases_of(keys), former_codes_of(keys)
    for row in rows:
        row.derive(aliases.get(row.pk, ()), former.get(row.pk, ()))


def find_anew(procedures: Collection[int], using: str) -> None:
    """Make the search text of these entries from their names as they now stand.

    It is an index and not maintained by anybody: no history tells of it.
    """
    rows = list(plain_rows(Procedure, using).filter(pk__in=procedures).order_by("pk"))
    derive_all(rows)
    plain_rows(Procedure, using).bulk_update(rows, ["search_text"], MANY)
