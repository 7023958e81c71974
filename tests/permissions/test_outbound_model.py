"""Replayed in a HIS on paper, the messages of any history are the ledger's rights.

Whatever was done and in whatever order: told line by line, as whole sets, without
dates, or as coarse fields, the HIS lets a doctor do exactly what ``privileges_of`` says,
and never refuses a call.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permissions import services
from permissions.models import Grant, GrantState
from permissions.queries.ledger import privileges_of
from permissions.services import Line
from permissions.services.refusals import ActRefused
from portal.accounts.models import User
from portal.directory.models import Practitioner
from portal.his.mapping.loader import DEMO
from portal.parameters.days import day_of
from tests.cast import make_practitioner
from tests.permissions.ledger import privilege
from tests.permissions.model_his import ModelHis, Right

pytestmark = [pytest.mark.usefixtures("catalogue"), pytest.mark.slow]
NOW = datetime(2026, 11, 23, 2, 18, tzinfo=UTC)
DAY = timedelta(days=1)
ITEM = "51.2300"
KINDS = {"ORDER": "1", "OPERATE": "12", "ASSIST": "", "OPERATE_SUPERVISED": ""}


class Act(NamedTuple):
    """One step: what, about which line (by its number), and how many days."""

    what: str
    which: int
    days: int
    length: int


class Kind(NamedTuple):
    code: str
    role: str = ""
    item: str = ""
    setting: str = "ALL"
    campus: str = ""


KINDS_OF_LINE = (
    Kind("SG03", "OPERATE", ITEM),
    Kind("SG03", "OPERATE", ITEM, campus="东院"),
    Kind("SG03", "ORDER", ITEM),
    Kind("SG03", "ASSIST", ITEM),
    Kind("SG05", "ORDER", ITEM),
    Kind("SG06", "OPERATE", ITEM),
    Kind("SG06", "OPERATE_SUPERVISED", ITEM),
    Kind("SG06", "OPERATE", ITEM, setting="INP"),
    Kind("AB01"),
    Kind("AB02"),
    Kind("AB02", setting="OUTP"),
    Kind("ND01", setting="INP"),
)
ACTS = st.lists(
    st.builds(
        Act,
        what=st.sampled_from(
            [*("grant",) * 4, "suspend", "suspend until", "restore", "revoke"]
            + ["revoke late", "void", "renew", "renew", "undo renewal", *("wait",) * 3]
        ),
        which=st.integers(0, 11),
        days=st.integers(0, 30),
        length=st.integers(1, 90),
    ),
    min_size=1,
    max_size=14,
)
COMMON: dict[str, Any] = {
    "max_examples": 60,
    "suppress_health_check": [
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
}
PATTERNS = {
    "lines": "",
    "lines without dates": "[push]\nkeeps_dates = false\n",
    "whole sets": "[push]\nwhole_sets = true\n",
}
FLAGS = """
[push.flags]
antibiotic_level = { AB01 = "1", AB02 = "2" }
surgery_grade = { SG03 = "3", SG06 = "4" }
special_order_zy = { bits = ["AB01", "ND01", ""], setting = "INP" }
"""


@pytest.fixture
def surgeon(db: None) -> Practitioner:
    return make_practitioner("1027", "陈景行", title_code="231")


def site(settings: Any, tmp_path: Path, words: str) -> None:
    """The site's mapping says how the HIS wants to be told."""
    path = tmp_path / "site.toml"
    path.write_text(DEMO.read_text(encoding="utf-8") + words, encoding="utf-8")
    settings.HIS_MAPPING = str(path)


def live(person: Practitioner, by: User, acts: Iterable[Act], his: ModelHis) -> Any:
    """The history, act by act; each moment is yielded when the HIS has heard."""
    now = NOW
    for act in acts:
        if act.what == "wait":
            # Day by day: what begins and ends by its date is looked at too.
            for _day in range(act.days):
                now += DAY
                his.take_due(now)
                yield now
            continue
        now += timedelta(minutes=7)
        with suppress(ActRefused), transaction.atomic():
            do(act, person, by, now)
        his.take_due(now)
        yield now


def do(act: Act, person: Practitioner, by: User, at: datetime) -> None:
    said: dict[str, Any] = {"by": by, "at": at, "reason": "科室考核合格，委员会同意"}
    if act.what == "grant":
        kind = KINDS_OF_LINE[act.which]
        first = day_of(at) + (act.days - 8) * DAY
        line = Line(
            privilege=privilege(kind.code),
            valid_from=first,
            valid_to=first + act.length * DAY,
            item=kind.item,
            role=kind.role,
            setting=kind.setting,
            campus=kind.campus,
        )
        services.grant(practitioner=person, line=line, **said)
        return
    states = list(GrantState.objects.order_by("pk"))
    if states and act.what == "undo renewal":
        renewed = [one for one in states if one.last_event.kind == "RENEW"]
        for state in renewed[:1]:
            services.undo(event=state.last_event, **said)
    elif states:
        change(act, states[act.which % len(states)], said)


def change(act: Act, state: GrantState, said: dict[str, Any]) -> None:
    at, why = said["at"], said | {"reason_code": "08"}
    if act.what == "suspend":
        services.suspend(state=state, **why)
    elif act.what == "suspend until":
        until = day_of(at) + act.days * DAY
        services.suspend(state=state, last_day=until, **why)
    elif act.what == "restore":
        services.restore(state=state, **said)
    elif act.what == "revoke":
        services.revoke(state=state, **why)
    elif act.what == "revoke late":
        services.revoke(state=state, effective_at=at - act.days * DAY, **why)
    elif act.what == "void":
        services.void(state=state, **said)
    else:
        last = day_of(state.valid_to or at) + act.length * DAY
        services.renew(state=state, last_day=last, **said)


def rights_of(grant: Grant) -> set[Right]:
    """Domain 9.4a in the words of a test."""
    if grant.item_code:
        return {
            ("OP", kind, grant.item_code, grant.setting) for kind in KINDS[grant.role]
        }
    return {("PRIV", grant.privilege.code, "", grant.setting)}


def ledger_says(person: Practitioner, at: datetime) -> set[Right]:
    return {right for grant in privileges_of(person, at) for right in rights_of(grant)}


@pytest.mark.parametrize("words", PATTERNS.values(), ids=PATTERNS)
@settings(**COMMON)
@given(acts=ACTS)
def test_his_lets_a_doctor_do_what_the_ledger_says(
    words: str,
    acts: list[Act],
    surgeon: Practitioner,
    lin: User,
    settings: Any,
    tmp_path: Path,
) -> None:
    site(settings, tmp_path, words)
    with transaction.atomic():
        his = ModelHis()
        for now in live(surgeon, lin, acts, his):
            assert his.refused == []
            day: date = day_of(now)
            assert his.rights(day) == ledger_says(surgeon, now)
        transaction.set_rollback(True)


def field_values(person: Practitioner, at: datetime) -> dict[str, str]:
    """The coarse fields, counted by hand."""
    held = {
        (one.privilege.code, one.setting)
        for one in privileges_of(person, at)
        if one.role in {"", "OPERATE"}
    }
    codes = {code for code, _setting in held}
    inpatient = {code for code, setting in held if setting in {"ALL", "INP"}}
    return {
        "antibiotic_level": "2" if "AB02" in codes else "01"["AB01" in codes],
        "surgery_grade": "4" if "SG06" in codes else "03"["SG03" in codes],
        "special_order_zy": "01"["AB01" in inpatient] + "01"["ND01" in inpatient] + "0",
    }


NOTHING = {"antibiotic_level": "0", "surgery_grade": "0", "special_order_zy": "000"}


@settings(**COMMON)
@given(acts=ACTS)
def test_coarse_fields_are_those_of_the_moment(
    acts: list[Act], surgeon: Practitioner, lin: User, settings: Any, tmp_path: Path
) -> None:
    site(settings, tmp_path, FLAGS)
    with transaction.atomic():
        his = ModelHis()
        for now in live(surgeon, lin, acts, his):
            assert his.refused == []
            assert NOTHING | his.values() == field_values(surgeon, now)
        transaction.set_rollback(True)
