"""What a list of old and new codes would do to the catalogue. Nothing is written.

The dry run of a sheet, the decision and the day it takes effect ask the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.approvals.workflow import ProposalState
from portal.parameters.days import day_of
from portal.ui.phrases import listed
from surgery import codes
from surgery.checks.recoding import Answer, Pair, Way, resolve
from surgery.enums import Grade, RecodingKind, RecodingState, RestrictedClass
from surgery.models import (
    Filing,
    GradeProposal,
    Procedure,
    Recoding,
    RecodingLine,
)
from surgery.queries.grading import standing_changes

AT_ONCE = 400


@dataclass(frozen=True)
class Wish:
    """One old code becomes one new code; ``name`` is the new entry's, where it is new."""

    old: str
    new: str
    name: str = ""
    note: str = ""

    @property
    def pair(self) -> Pair:
        return Pair(codes.key(self.old), codes.key(self.new))


@dataclass(frozen=True)
class Turning:
    """One entry of the catalogue and what it becomes; ``new`` None must be made.

    ``grade`` is what the new entry will have: the strictest of all that come together.
    """

    kind: RecodingKind
    old: Procedure
    new: Procedure | None
    new_code: str
    new_name: str
    grade: int
    note: str = ""


@dataclass(frozen=True)
class Judgment:
    """A wish with what it comes to; ``problem`` says why it cannot be."""

    wish: Wish
    way: Way
    turnings: tuple[Turning, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()


WORDS = {
    Way.UNKNOWN: lambda: _("手术目录中没有这个旧编码。核对编码。"),
    Way.TWICE: lambda: _("这一对编码前面已有。只保留一行。"),
    Way.CROSSED: lambda: _(
        "同一编码既拆分、又与别的编码合并。分成两份，先做一份，次日再做另一份。"
    ),
    Way.CIRCLE: lambda: _("编码绕成一圈，没有终点。去掉其中一行。"),
}


def judge(
    wishes: Sequence[Wish], *, at: datetime, but: Recoding | None = None
) -> list[Judgment]:
    """One judgment for each wish; a handful of queries per 400 codes.

    ``but`` is the re-coding these wishes are of, when its day has come.
    """
    pairs = [one.pair for one in wishes]
    known = Entries({key for pair in pairs for key in (pair.old, pair.new)}, at, but)
    answers = resolve(pairs, known.has)
    names = {one.pair.new: one for one in wishes if one.name}
    sources: dict[str, list[Procedure]] = defaultdict(list)
    for answer in answers:
        for ending in answer.endings:
            if (old := known.by_key[ending.old]) not in sources[ending.new]:
                sources[ending.new].append(old)
    spelled = {one.pair.new: codes.written(one.new) for one in wishes}
    return [
        _judged(wish, answer, known, sources, names, spelled)
        for wish, answer in zip(wishes, answers, strict=True)
    ]


def _judged(
    wish: Wish,
    answer: Answer,
    known: Entries,
    sources: dict[str, list[Procedure]],
    names: dict[str, Wish],
    spelled: dict[str, str],
) -> Judgment:
    if answer.way in WORDS:
        return Judgment(wish, answer.way, problem=WORDS[answer.way]())
    turnings, problems, notes = [], [], []
    for ending in answer.endings:
        old, new = known.by_key[ending.old], known.by_key.get(ending.new)
        mine = sources[ending.new]
        name = (
            new.name if new else names[ending.new].name if ending.new in names else ""
        )
        if new is None and not name:
            # Of one code alone it is the same operation under another number.
            name = old.name if ending.way is not Way.SPLIT and len(mine) == 1 else ""
        turning = Turning(
            RecodingKind(ending.way.value),
            old,
            new,
            new.code if new else spelled[ending.new],
            name,
            max(one.grade for one in (*mine, *([new] if new else []))),
            wish.note,
        )
        turnings.append(turning)
        problems += known.problems_of(turning)
        notes += _notes(turning, mine)
        if known.takes_a_filing(turning, mine):
            notes.append(_("旧编码的限制类技术备案将带入新编码"))
    if answer.way is Way.CHAIN:
        ends = listed([one.new_code for one in turnings]) or "—"
        notes.insert(0, _("连环：最终为 %(codes)s") % {"codes": ends})
    return Judgment(
        wish,
        answer.way,
        tuple(turnings),
        " ".join(dict.fromkeys(problems)),
        tuple(dict.fromkeys(notes)),
    )


def _notes(turning: Turning, sources: Sequence[Procedure]) -> list[str]:
    notes = [
        _("新编码目录中已有") if turning.new else _("新编码将新增"),
    ]
    entries = [*sources, *([turning.new] if turning.new else [])]
    grades = {one.grade for one in entries}
    if len(grades) > 1:
        said = listed([f"{one.code} {Grade(one.grade).label}" for one in entries])
        notes.append(
            _("级别不同（%(said)s），从严定为%(grade)s")
            % {"said": said, "grade": Grade(turning.grade).label}
        )
    return notes + _strict_notes(entries)


def _strict_notes(entries: Sequence[Procedure]) -> list[str]:
    """Where they differ: what holds for one will hold for all."""
    notes, strict = [], strictest(entries)
    if len({one.restricted_class for one in entries}) > 1:
        label = RestrictedClass(strict["restricted_class"]).label
        notes.append(_("限制类别不同，从严列为%(label)s") % {"label": label})
    if len({one.needs_special_licence for one in entries}) > 1:
        notes.append(_("专项许可要求不同，从严须专项许可"))
    return notes


STRICT = ("restricted_class", "needs_special_licence")


def strictest(entries: Iterable[Procedure]) -> dict[str, int]:
    """The fields of ``STRICT`` for a code that takes in all of these."""
    found = list(entries)
    classes = (one.restricted_class for one in found)
    # 国家限制类 is stricter than 省级, and has the smaller number.
    highest = max(classes, key=lambda each: (each != RestrictedClass.NONE, -each))
    licence = any(one.needs_special_licence for one in found)
    return {"restricted_class": highest, "needs_special_licence": licence}


class Entries:
    """The entries a list speaks of, and what keeps each from being re-coded now."""

    def __init__(
        self, keys: Iterable[str], at: datetime, but: Recoding | None = None
    ) -> None:
        self._today = day_of(at)
        self.by_key: dict[str, Procedure] = {}
        self._waiting: dict[int, str] = {}
        self._eased: dict[int, str] = {}
        self._wakeable: set[int] = set()
        self._filed: set[int] = set()
        self._planned: dict[str, int] = {}
        wanted = sorted(keys)
        for start in range(0, len(wanted), AT_ONCE):
            self._read(wanted[start : start + AT_ONCE])
        planned = RecodingLine.objects.filter(recoding__state=RecodingState.PLANNED)
        if but is not None:
            planned = planned.exclude(recoding=but)
        for old, new, number in planned.order_by("pk").values_list(
            "old_code", "new_code", "recoding_id"
        ):
            self._planned[codes.key(old)] = self._planned[codes.key(new)] = number

    def _read(self, keys: list[str]) -> None:
        rows = list(Procedure.objects.filter(code_key__in=keys).order_by("pk"))
        self.by_key |= {row.code_key: row for row in rows}
        mine = [row.pk for row in rows]
        asked = GradeProposal.objects.filter(
            procedure__in=mine, state=ProposalState.SUBMITTED.value
        )
        for pk in asked.order_by("pk").values_list("procedure_id", flat=True):
            self._waiting[pk] = _("有一份待审定的定级申请，先办结")
        standing = standing_changes().filter(procedure__in=mine)
        ahead = standing.filter(effective_from__gt=self._today)
        for pk, day in ahead.order_by("pk").values_list(
            "procedure_id", "effective_from"
        ):
            self._waiting[pk] = _(
                "已定于 %(day)s 调级，先撤销那一版，或等到那天以后"
            ) % {"day": day.isoformat()}
        eased = standing.filter(transition_until__gte=self._today)
        ending = eased.order_by("pk").values_list("procedure_id", "transition_until")
        for pk, last in ending:
            self._eased[pk] = _("调级过渡期到 %(day)s，期满后再调整") % {
                "day": last.isoformat() if last else ""
            }
        woken = RecodingLine.objects.filter(
            new__in=mine, is_made=True, recoding__state=RecodingState.UNDONE
        )
        self._wakeable |= set(woken.order_by("pk").values_list("new_id", flat=True))
        filed = Filing.objects.filter(procedure__in=mine)
        self._filed |= set(filed.order_by("pk").values_list("procedure_id", flat=True))

    def has(self, key: str) -> bool:
        return key in self.by_key

    def takes_a_filing(self, turning: Turning, sources: Iterable[Procedure]) -> bool:
        is_filed = turning.new is not None and turning.new.pk in self._filed
        return not is_filed and any(one.pk in self._filed for one in sources)

    def problems_of(self, turning: Turning) -> list[str]:
        """Each with the code it is about."""
        found = [(turning.old.code, self._of_old(turning.old))]
        if turning.new is not None:
            found.append((turning.new.code, self._of_new(turning.new)))
        elif not codes.is_valid(turning.new_code):
            found.append((turning.new_code, _("不是国临 3.0 的写法，如 51.2300")))
        elif not turning.new_name:
            found.append((turning.new_code, _("目录中没有，填写新名称")))
        else:
            found.append((turning.new_code, self._planned_for(turning.new_code)))
        return [
            _("%(code)s：%(why)s。") % {"code": code, "why": why}
            for code, why in found
            if why
        ]

    def _of_old(self, old: Procedure) -> str:
        if not old.is_enabled:
            return _("已停用，不能再调整编码")
        if old.effective_to is not None:
            return _("已定于 %(day)s 停用") % {"day": old.effective_to.isoformat()}
        if old.effective_from is not None and old.effective_from >= self._today:
            return _("今天才启用，明天起可以调整")
        waits = self._waiting.get(old.pk) or self._eased.get(old.pk)
        return waits or self._planned_for(old.code)

    def _of_new(self, new: Procedure) -> str:
        if not new.is_enabled and new.pk not in self._wakeable:
            return _("新编码已停用，先启用或换一个编码")
        if new.is_enabled and new.effective_to is not None:
            return _("已定于 %(day)s 停用") % {"day": new.effective_to.isoformat()}
        return self._waiting.get(new.pk, "") or self._planned_for(new.code)

    def _planned_for(self, code: str) -> str:
        number = self._planned.get(codes.key(code))
        if number is None:
            return ""
        return _("已在第 %(number)s 号待施行的编码调整中") % {"number": number}


def lines_of(judgments: Iterable[Judgment]) -> list[Turning]:
    """Each old and new code once, in the order of the list."""
    found: dict[tuple[int, str], Turning] = {}
    for judgment in judgments:
        for one in judgment.turnings:
            found.setdefault((one.old.pk, codes.key(one.new_code)), one)
    return list(found.values())


def grades_touched(turnings: Iterable[Turning]) -> set[int]:
    """Grades that come or go: those of grade 3 and 4 are the committee's."""
    found: set[int] = set()
    for one in turnings:
        found |= {one.old.grade, one.grade}
        if one.new is not None:
            found.add(one.new.grade)
    return found


def touching(procedures: Iterable[int]) -> Q:
    """Lines that name one of these entries, by key."""
    keys = list(procedures)
    return Q(old__in=keys) | Q(new__in=keys)
