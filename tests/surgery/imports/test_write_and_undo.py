"""What a dry run showed is written in one go with its history, and can be taken back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from portal.accounts.models import User
from portal.audit.acting import acting
from portal.audit.refusing import ReasonTooShort, TooLateToUndo
from portal.sheets.models import ImportState, Outcome
from portal.sheets.refusals import NothingToWrite, NotInThatStep, SomeRowsCannot
from surgery.enums import Grade, Source
from surgery.importers import acts
from surgery.importers.refusals import (
    DayMissing,
    DeciderMissing,
    DeciderNotAnother,
)
from surgery.importers.writing import says
from surgery.models import GradeChange, Procedure, ProcedureImport
from surgery.models.imports import Sort
from surgery.queries.grading import grade_of
from surgery.services import grading
from surgery.services.grading_refusals import (
    CommitteeNeeded,
    DocumentMissing,
    EffectiveTooEarly,
    MeetingMissing,
)
from tests.surgery.imports.sheets import (
    WHY,
    Rows,
    catalogue_unchanged,
    checked,
    graded,
    procedure,
    reasons,
    rows_of,
    undone,
    verdicts,
    written,
)

LIST: Rows = [
    ["51.2300", "", "腹腔镜胆囊切除术", "手术", "选择性"],
    ["52.7x00", "", "根治性胰十二指肠切除术", "手术", ""],
]
DAY = date(2026, 11, 23)
WITH_ERROR: Rows = [*LIST, ["51.2", "", "胆", "手术", ""]]
GRADE_LIST: Rows = [
    ["51.2300", "腹腔镜下胆囊切除术", "三级"],
    ["43.9901", "全胃切除伴食管空肠吻合术", "四级"],
]


@pytest.fixture
def gallbladder(db: None) -> Procedure:
    return procedure("51.2300", "腹腔镜下胆囊切除术", grade=Grade.TWO)


@pytest.fixture
def stomach(db: None) -> Procedure:
    return procedure("43.9901", "全胃切除伴食管空肠吻合术", grade=Grade.FOUR)


def told(one: Procedure) -> list[tuple[str, str, str]]:
    """History of a procedure: kind, who and why, the newest first."""
    return [
        (row.history_type, row.history_user.name, row.history_change_reason)
        for row in one.history.select_related("history_user").order_by("-history_id")
        if row.history_user
    ]


def test_good_rows_are_written_with_history_and_searchable_at_once(
    lin: User, gallbladder: Procedure
) -> None:
    one = written(checked(lin, WITH_ERROR), lin)
    assert one.state == ImportState.APPLIED
    assert [row.outcome for row in rows_of(one)] == [Outcome.DONE, Outcome.DONE, ""]
    gallbladder.refresh_from_db()
    assert gallbladder.name == "腹腔镜胆囊切除术"
    assert gallbladder.initials == "fqjdnqcs"
    assert gallbladder.grade == Grade.TWO
    assert told(gallbladder) == [("~", "林若川", WHY)]
    new = Procedure.objects.get(code="52.7x00")
    assert (new.grade, new.source, new.chapter) == (
        Grade.UNGRADED,
        Source.NATIONAL,
        "42-54",
    )
    assert told(new) == [("+", "林若川", WHY)]


def test_all_or_nothing_is_refused_while_a_row_is_wrong(
    lin: User, gallbladder: Procedure
) -> None:
    one = checked(lin, WITH_ERROR)
    with catalogue_unchanged(), pytest.raises(SomeRowsCannot):
        written(one, lin, is_all_or_nothing=True)
    one.refresh_from_db()
    assert (one.state, one.applied_by) == (ImportState.CHECKED, None)


def test_all_or_nothing_writes_nothing_when_the_catalogue_has_moved_on(
    lin: User, su: User, gallbladder: Procedure
) -> None:
    one = checked(lin, LIST)
    _renamed(gallbladder, su)
    with catalogue_unchanged():
        one = written(one, lin, is_all_or_nothing=True)
    assert (one.state, one.applied_by) == (ImportState.CHECKED, None)
    assert one.problem == "有 1 行在试运行后目录已有变动，全部没有写入。"
    assert verdicts(one) == {2: "CONFLICT", 3: "NEW"}


def test_row_the_catalogue_moved_on_from_is_left_and_the_rest_written(
    lin: User, su: User, gallbladder: Procedure
) -> None:
    one = checked(lin, LIST)
    _renamed(gallbladder, su)
    one = written(one, lin)
    first, second = rows_of(one)
    assert (first.outcome, second.outcome) == (Outcome.REFUSED, Outcome.DONE)
    assert reasons(one) == {2: [": 试运行后目录中的这一条已有修改。重新试运行。"]}
    gallbladder.refresh_from_db()
    assert gallbladder.name == "腹腔镜下胆囊摘除术"


def _renamed(one: Procedure, by: User) -> None:
    one.refresh_from_db()
    one.name = "腹腔镜下胆囊摘除术"
    with acting(by=by, reason="按外科意见改名"):
        one.save()


def test_second_writing_is_refused_with_who_was_first(
    lin: User, su: User, gallbladder: Procedure
) -> None:
    one = written(checked(lin, LIST), lin)
    with catalogue_unchanged(), pytest.raises(NotInThatStep, match="已写入.*林若川"):
        acts.write(
            one=one, is_all_or_nothing=False, by=su, at=timezone.now(), reason=WHY
        )


def test_nothing_to_write_and_a_short_reason_are_refused(
    lin: User, gallbladder: Procedure
) -> None:
    one = checked(lin, [["51.2300", "", "腹腔镜下胆囊切除术", "手术", ""]])
    assert verdicts(one) == {2: "SAME"}
    with catalogue_unchanged():
        with pytest.raises(NothingToWrite):
            written(one, lin)
        with pytest.raises(ReasonTooShort):
            written(one, lin, reason="短")


def test_undo_puts_back_what_was_and_stops_what_was_new(
    lin: User, gallbladder: Procedure
) -> None:
    one = undone(written(checked(lin, LIST), lin), lin)
    assert one.state == ImportState.UNDONE
    assert [row.outcome for row in rows_of(one)] == [Outcome.UNDONE, Outcome.UNDONE]
    gallbladder.refresh_from_db()
    assert (gallbladder.name, gallbladder.entry_option) == ("腹腔镜下胆囊切除术", "")
    assert gallbladder.initials == "fqjxdnqcs"
    new = Procedure.objects.get(code="52.7x00")
    assert not new.is_enabled
    assert told(new)[0] == ("~", "林若川", "文件用错了，整批撤销")


def test_undo_with_a_row_changed_since_is_refused_and_undoes_nothing(
    lin: User, su: User, gallbladder: Procedure
) -> None:
    one = written(checked(lin, LIST), lin)
    _renamed(gallbladder, su)
    with catalogue_unchanged():
        one = undone(one, lin)
    assert (one.state, one.undone_by) == (ImportState.APPLIED, None)
    assert {row.outcome for row in rows_of(one)} == {Outcome.DONE}
    assert one.problem.startswith("不能整份撤销，没有撤销任何一行：第 2 行，共 1 行。")
    assert "苏晓岚已修改（按外科意见改名）。先在手术目录改回" in one.problem


def test_undo_goes_through_once_the_changed_row_was_put_back(
    lin: User, su: User, gallbladder: Procedure
) -> None:
    one = written(checked(lin, LIST), lin)
    before = rows_of(one)[0].before
    _renamed(gallbladder, su)
    for name, value in before.items():
        setattr(gallbladder, name, value)
    with acting(by=su, reason="改回导入以前的样子"):
        gallbladder.save()
    new = Procedure.objects.get(code="52.7x00")
    new.is_enabled = False
    with acting(by=su, reason="本院不开展，停用"):
        new.save()
    one = undone(one, lin)
    assert one.state == ImportState.UNDONE
    assert [row.outcome for row in rows_of(one)] == [Outcome.LEFT, Outcome.LEFT]
    assert reasons(one)[2] == [": 这一条已另行改回或停用，不用撤销。"]


def test_undo_of_some_fields_keeps_others_that_somebody_changed_since(
    lin: User, su: User, gallbladder: Procedure
) -> None:
    one = written(checked(lin, LIST), lin)
    gallbladder.refresh_from_db()
    gallbladder.remark = "科室意见"
    with acting(by=su, reason="补充备注"):
        gallbladder.save()
    one = undone(one, lin)
    assert [row.outcome for row in rows_of(one)] == [Outcome.UNDONE, Outcome.UNDONE]
    gallbladder.refresh_from_db()
    assert says(gallbladder, rows_of(one)[0].before) == rows_of(one)[0].before
    assert gallbladder.remark == "科室意见"


def test_what_an_undo_stopped_comes_back_but_not_what_the_hospital_stopped(
    lin: User, gallbladder: Procedure
) -> None:
    undone(written(checked(lin, LIST), lin), lin)
    procedure("43.9901", "全胃切除伴食管空肠吻合术", is_enabled=False)
    one = checked(lin, [*LIST, ["43.9901", "", "全胃切除伴食管空肠吻合术", "手术", ""]])
    assert verdicts(one) == {2: "CHANGED", 3: "CHANGED", 4: "SAME"}
    written(one, lin)
    enabled = Procedure.objects.order_by("code").values_list("code", "is_enabled")
    assert list(enabled) == [("43.9901", False), ("51.2300", True), ("52.7x00", True)]


def test_undo_too_late_is_refused(
    lin: User, gallbladder: Procedure, clock: time_machine.Traveller
) -> None:
    one = written(checked(lin, LIST), lin)
    clock.shift(timedelta(hours=25))
    with catalogue_unchanged(), pytest.raises(TooLateToUndo):
        undone(one, lin)
    assert ProcedureImport.objects.get().state == ImportState.APPLIED


def test_grades_by_list_are_one_version_of_the_ledger_and_can_be_taken_back(
    lin: User, he: User, gallbladder: Procedure, stomach: Procedure
) -> None:
    one = graded(checked(lin, GRADE_LIST, Sort.GRADES), lin, he)
    assert verdicts(one) == {2: "CHANGED", 3: "SAME"}
    change = GradeChange.objects.get()
    assert one.version is not None
    assert (change.version, change.by, change.doc_no, change.meeting) == (
        one.version,
        he,
        "医务〔2026〕12号",
        "2026 年第 6 次会议",
    )
    assert (change.grade_before, change.grade) == (Grade.TWO, Grade.THREE)
    gallbladder.refresh_from_db()
    assert gallbladder.grade == Grade.THREE
    undone(one, he)
    gallbladder.refresh_from_db()
    stomach.refresh_from_db()
    assert (gallbladder.grade, stomach.grade) == (Grade.TWO, Grade.FOUR)
    assert [who for _kind, who, _why in told(gallbladder)] == ["何静宜", "何静宜"]
    assert grade_of(gallbladder, DAY, known_at=one.applied_at) == Grade.TWO


def test_grade_decided_since_keeps_the_whole_list_until_that_is_undone(
    lin: User, he: User, gallbladder: Procedure, stomach: Procedure
) -> None:
    rows = [[*GRADE_LIST[0][:2], "三级"], [*GRADE_LIST[1][:2], "三级"]]
    one = graded(checked(lin, rows, Sort.GRADES), lin, he)
    later = graded(checked(lin, [[*GRADE_LIST[0][:2], "四级"]], Sort.GRADES), lin, he)
    with catalogue_unchanged():
        one = undone(one, he)
    assert {row.outcome for row in rows_of(one)} == {Outcome.DONE}
    assert one.problem == (
        "不能整份撤销，没有撤销任何一行：第 2 行，共 1 行。"
        "第 2 行：51.2300 在 2026.2 版又有变动。先撤销那一版，再撤销这一版。"
    )
    undone(later, he)
    one = undone(one, he)
    assert {row.outcome for row in rows_of(one)} == {Outcome.UNDONE}
    gallbladder.refresh_from_db()
    stomach.refresh_from_db()
    assert (gallbladder.grade, stomach.grade) == (Grade.TWO, Grade.FOUR)


def test_list_whose_version_was_undone_by_itself_is_settled(
    lin: User, he: User, gallbladder: Procedure
) -> None:
    one = graded(checked(lin, GRADE_LIST[:1], Sort.GRADES), lin, he)
    assert one.version is not None
    grading.undo(version=one.version, by=he, at=timezone.now(), reason="在版本页已撤销")
    with catalogue_unchanged():
        one = undone(one, he)
    assert (one.state, rows_of(one)[0].outcome) == (ImportState.UNDONE, Outcome.LEFT)


def test_grade_for_a_day_ahead_holds_from_that_day(
    lin: User, he: User, gallbladder: Procedure
) -> None:
    ahead = DAY + timedelta(days=30)
    one = checked(lin, GRADE_LIST[:1], Sort.GRADES)
    one = graded(one, lin, he, effective_on=ahead)
    gallbladder.refresh_from_db()
    assert gallbladder.grade == Grade.TWO
    assert grade_of(gallbladder, ahead) == Grade.THREE
    assert [row.outcome for row in rows_of(one)] == [Outcome.DONE]


def test_grades_without_decider_document_or_day_are_refused(
    lin: User, he: User, su: User, gallbladder: Procedure
) -> None:
    one = checked(lin, GRADE_LIST[:1], Sort.GRADES)
    with catalogue_unchanged():
        with pytest.raises(DeciderMissing):
            written(one, lin)
        with pytest.raises(DeciderNotAnother):
            graded(one, he, he)
        with pytest.raises(CommitteeNeeded):
            graded(one, lin, su)
        with pytest.raises(DocumentMissing):
            graded(one, lin, he, doc_no=" ")
        with pytest.raises(MeetingMissing):
            graded(one, lin, he, meeting=" ")
        with pytest.raises(DayMissing):
            graded(one, lin, he, effective_on=None)
        with pytest.raises(EffectiveTooEarly):
            graded(one, lin, he, effective_on=DAY - timedelta(days=400))
    assert not GradeChange.objects.exists()
    one.refresh_from_db()
    assert (one.state, one.applied_by) == (ImportState.CHECKED, None)


def test_who_may_not_decide_may_not_take_grades_back(
    lin: User, he: User, gallbladder: Procedure
) -> None:
    one = graded(checked(lin, GRADE_LIST[:1], Sort.GRADES), lin, he)
    with catalogue_unchanged(), pytest.raises(CommitteeNeeded):
        undone(one, lin)
    assert ProcedureImport.objects.get().state == ImportState.APPLIED
    assert GradeChange.objects.count() == 1
