"""``manage.py drift``: the acts of the page, its refusals, and the exit codes."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from permissions.enums import Part
from permissions.models import Drift, DriftDecision, Reconciliation
from permissions.queries.standing import standings
from permissions.reconciliation import grades
from permissions.reconciliation.running import LOOKS
from permissions.reconciliation.seen import NotCompared
from portal.accounts.models import User
from portal.his.gateway import HisUnavailable
from portal.his.sql.gateway import SqlGateway
from portal.outbox.models import Message
from portal.watch.comparisons import PARTS
from surgery.models import GradeProposal
from tests.harness import assert_queries
from tests.permissions.grade_drifts.grade_looks import (
    LENS,
    REASON,
    TONSIL,
    VEIN,
    drift_of,
    look,
    rename,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def run(*words: object) -> tuple[int, str]:
    """The exit code and what was printed."""
    out = StringIO()
    try:
        call_command("drift", *map(str, words), stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def told(*words: object) -> tuple[int, Any]:
    code, text = run("--json", *words)
    return code, json.loads(text)


def by(user: User, reason: str = REASON) -> tuple[str, ...]:
    return "--by", user.staff_no, "--reason", reason


def nothing_done() -> bool:
    return not (
        Message.objects.exists()
        or DriftDecision.objects.exists()
        or GradeProposal.objects.exists()
    )


def test_compare_looks_at_everything_and_says_who_asked(
    his: SqlGateway, gao: User
) -> None:
    code, found = told("compare", "--by", gao.staff_no)

    assert code == 4
    lines = [(one["part"], one["problem"], one["different"]) for one in found["looks"]]
    assert lines == [("grades", "", 3), ("rights", "", 0)]
    assert {one.by for one in Reconciliation.objects.select_related("by")} == {gao}


def test_status_says_how_each_part_stands(his: SqlGateway) -> None:
    assert run("status")[0] == 0
    look(his)

    code, found = told("status")

    assert code == 4
    grades, rights = sorted(found["parts"], key=lambda one: one["part"])
    assert (grades["part"], grades["different"], grades["missing"]) == ("grades", 3, 0)
    assert grades["looked_at"] is not None
    assert (rights["part"], rights["looked_at"]) == ("rights", None)


def test_watch_is_told_of_all_parts_by_two_queries(his: SqlGateway) -> None:
    look(his)

    with assert_queries(2):
        found = {one.part: one.count for one in standings()}

    assert found == {"grades": 3, "rights": 0}
    assert set(PARTS) == {"grades", "rights"}


def test_list_and_show_tell_of_drifts(his: SqlGateway) -> None:
    look(his)

    code, found = told("list", "--part", "grades", "--kind", "DIFFERENT")

    assert code == 0
    lines = {(one["what"], one["ours"], one["theirs"]) for one in found["drifts"]}
    assert (f"{VEIN} · 手术级别", "二级", "三级") in lines
    assert len(lines) == 3
    assert told("list", "--part", "rights")[1] == {"drifts": []}
    whole = told("show", drift_of(VEIN).pk)[1]
    assert (whole["of"], whole["decisions"]) == ("大隐静脉高位结扎和剥脱术", [])


def test_all_chosen_are_repaired_and_a_second_time_none(
    his: SqlGateway, gao: User
) -> None:
    look(his)

    assert told("repair", "--all", "--part", "grades", *by(gao)) == (
        0,
        {"act": "repair", "done": 3, "refused": []},
    )
    code, again = told("repair", "--all", "--part", "grades", *by(gao))

    assert (code, again) == (1, {"act": "repair", "done": 0, "refused": []})
    assert Message.objects.count() == DriftDecision.objects.count() == 3


def test_more_than_one_act_is_about_are_repaired_by_several(
    his: SqlGateway, gao: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(his)
    monkeypatch.setattr("permissions.reconciliation.outcome.MOST", 2)

    code, found = told("repair", "--all", "--part", "grades", *by(gao))

    assert (code, found["done"]) == (0, 3)
    assert Message.objects.count() == DriftDecision.objects.count() == 3


def test_ignored_drift_asks_nobody_after_a_comparison(
    his: SqlGateway, gao: User, lin: User
) -> None:
    look(his)
    assert run("ignore", "--all", "--part", "grades", *by(lin))[0] == 0

    code, found = told("compare", "--by", gao.staff_no)

    (grades,) = [one for one in found["looks"] if one["part"] == "grades"]
    assert (code, grades["different"], grades["ignored"]) == (0, 0, 3)


def test_all_are_those_the_act_is_about(his: SqlGateway, gao: User, lin: User) -> None:
    look(his)
    assert run("ignore", drift_of(LENS).pk, *by(lin))[0] == 0

    assert told("repair", "--all", "--part", "grades", *by(gao)) == (
        0,
        {"act": "repair", "done": 2, "refused": []},
    )
    assert told("reopen", "--all", "--kind", "DIFFERENT", *by(lin)) == (
        0,
        {"act": "reopen", "done": 1, "refused": []},
    )
    code, found = told("ignore", "--all", "--state", "REPAIRING", *by(lin))
    assert (code, found["done"], len(found["refused"])) == (1, 0, 2)


@pytest.mark.parametrize("act", ["repair", "adopt", "ignore"])
def test_one_that_is_gone_is_said_and_not_passed_over(
    act: str, his: SqlGateway, lin: User
) -> None:
    look(his)
    gone, there = drift_of(LENS), drift_of(VEIN)
    gone.state, gone.closed_at = "GONE", gone.last_seen
    gone.save()

    code, found = told(act, gone.pk, there.pk, *by(lin))

    assert (code, found["done"]) == (3, 1)
    why = {"id": gone.pk, "why": "所选差异已不在，请刷新列表。"}
    assert found["refused"] == [why]


def test_compare_says_by_its_exit_code_which_parts_it_could_not_compare(
    his: SqlGateway, gao: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_args: Any, **_named: Any) -> Any:
        raise HisUnavailable("HIS 未应答")

    def not_offered(*_args: Any, **_named: Any) -> Any:
        raise NotCompared(grades.NO_INTERFACE)

    compare = ("compare", "--by", gao.staff_no)
    monkeypatch.setitem(LOOKS, Part.RIGHTS, failing)
    assert run(*compare)[0] == 3
    monkeypatch.setitem(LOOKS, Part.GRADES, failing)
    assert run(*compare)[0] == 1
    monkeypatch.undo()
    Drift.objects.all().delete()
    monkeypatch.setitem(LOOKS, Part.GRADES, not_offered)
    assert run(*compare)[0] == 0


def test_some_that_cannot_be_repaired_are_said(
    his: SqlGateway, database: Any, gao: User
) -> None:
    rename(database, "51.2300", "99.9900")
    look(his)
    extra = drift_of("99.9900").pk

    code, found = told("repair", extra, drift_of(VEIN).pk, *by(gao))

    assert (code, found["done"]) == (3, 1)
    assert found["refused"] == [
        {"id": extra, "why": "本院目录没有；请登记到目录，或在 HIS 作废"}
    ]


def test_officer_proposes_ignores_and_reopens(his: SqlGateway, lin: User) -> None:
    look(his)

    assert told("adopt", drift_of(VEIN).pk, *by(lin))[0] == 0
    assert told("ignore", drift_of(LENS).pk, *by(lin))[0] == 0
    assert told("reopen", drift_of(LENS).pk, *by(lin))[0] == 0

    assert GradeProposal.objects.get().proposed_by == lin
    decided = DriftDecision.objects.values_list("act", flat=True)
    assert sorted(decided) == ["ADOPT", "IGNORE", "REOPEN"]


@pytest.mark.parametrize("act", ["adopt", "ignore", "reopen"])
def test_information_center_decides_nothing(
    act: str, his: SqlGateway, gao: User
) -> None:
    look(his)

    with pytest.raises(CommandError, match="无权"):
        run(act, drift_of(TONSIL).pk, *by(gao))

    assert nothing_done()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("repair",), "二者选一"),
        (("repair", 1, "--all"), "二者选一"),
        (("repair", "--all"), "--all 必须加上"),
        (("repair", 999_999), "没有差异 #999999"),
        (("show", 999_999), "没有差异 #999999"),
    ],
)
def test_wrong_words_do_nothing(
    words: tuple[object, ...], why: str, his: SqlGateway, gao: User
) -> None:
    look(his)
    acts = by(gao) if words[0] == "repair" else ()

    with pytest.raises(CommandError, match=why):
        run(*words, *acts)

    assert nothing_done()


def test_reason_too_short_is_refused(his: SqlGateway, gao: User) -> None:
    look(his)

    with pytest.raises(CommandError) as refused:
        run("repair", drift_of(VEIN).pk, *by(gao, reason=" "))

    assert refused.value.returncode == 1
    assert nothing_done()


def test_run_while_another_is_under_way_says_so(his: SqlGateway, gao: User) -> None:
    now = timezone.now()
    for part in ("GRADES", "RIGHTS"):
        Reconciliation.objects.create(
            part=part, asked_at=now, started_at=now, is_running=True
        )

    with pytest.raises(CommandError, match="正在比对"):
        run("compare", "--by", gao.staff_no)

    assert Reconciliation.objects.count() == 2
    assert Drift.objects.count() == 0


@pytest.mark.parametrize("limit", ["-1", "0", "many"])
def test_list_is_of_one_at_least(limit: str) -> None:
    with pytest.raises(CommandError, match="--limit"):
        run("list", "--limit", limit)
