"""Migrates a full database down and up again, step by step; prints what was lost.

Run by ``test_migrations_on_full_tables`` in a process of its own, on the database of its
environment: ``python -m tests.integration.full_tables``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import django

if TYPE_CHECKING:
    from portal.directory.models import Practitioner

# The newest first: each goes back over everything that rests on it.
STEPS = (
    ("permissions", "0017_rest5"),
    ("permissions", "0013_surgrest"),
    ("permissions", "0011_booking_hits"),
    ("surgery", "0005_cases"),
    ("permissions", "0009_list_indexes"),
    ("notices", "0001_initial"),
    ("surgery", "0003_grading"),
    ("permissions", "0006_rules_and_trainings"),
    ("permissions", "0003_ledger"),
    ("permissions", "0001_initial"),
    ("surgery", "0001_initial"),
    ("ui", "zero"),
    ("outbox", "0001_initial"),
    ("directory", "0002_pulls"),
)
# Kept by Django itself; names of models come and go with their tables.
OF_DJANGO = frozenset(
    {"django_migrations", "django_content_type", "auth_permission", "django_session"}
)


# Words an older version does not have; going down says them in the words of before.
TRANSLATED = {
    "surgery_gradechange": {"act"},
    "permissions_grantevent": {"kind", "reason_code"},
}


class Table(NamedTuple):
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def only(self, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
        places = [self.columns.index(one) for one in columns]
        return sorted(
            (tuple(row[place] for place in places) for row in self.rows), key=repr
        )


Tables = dict[str, Table]


def main() -> None:
    django.setup()
    from django.core.management import call_command

    migrate = partial(call_command, "migrate", verbosity=0)
    migrate()
    fill()
    problems = [f"empty: {one}" for one in sorted(empty_tables() - MAY_BE_EMPTY)]
    for app, before in STEPS:
        problems += down_and_up(migrate, app, before)
    print(json.dumps(problems, ensure_ascii=False))


def down_and_up(migrate: Callable[..., Any], app: str, before: str) -> list[str]:
    full = tables()
    migrate(app, before)
    small = tables()
    migrate()
    again = tables()
    return [
        *lost(f"{app} {before} down", full, small),
        # What stood in a column that was taken away has its default again.
        *lost(f"{app} {before} up", small, again),
    ]


def lost(step: str, before: Tables, after: Tables) -> Iterator[str]:
    """Tables that are in both and whose common columns do not hold the same rows."""
    for name in sorted(before.keys() & after.keys()):
        one, other = before[name], after[name]
        both = set(one.columns) & set(other.columns)
        common = tuple(sorted(both - TRANSLATED.get(name, set())))
        if one.only(common) != other.only(common):
            yield f"{step}: {name}"


def tables() -> Tables:
    from django.db import connection

    found: Tables = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            if name in OF_DJANGO:
                continue
            cursor.execute(f'SELECT * FROM "{name}"')  # noqa: S608  # our own names
            columns = tuple(column[0] for column in cursor.description)
            found[name] = Table(columns, cursor.fetchall())
    return found


# Rows that come with time alone, or where the hospital asks for a second person.
MAY_BE_EMPTY = frozenset(
    {
        "permissions_certificateimportrow",
        "permissions_eventcursor",
        "permissions_grantimportrow",
        "permissions_historicalregradedgrant",
        "permissions_historicalrulechange",
        "permissions_regradedgrant",
        "permissions_reminder",
        "permissions_rulechange",
        "permissions_trainingimportrow",
        # A comparison that found nothing leaves no drift.
        "permissions_drift",
        "permissions_driftdecision",
        "permissions_reconciliation",
    }
)


def empty_tables() -> set[str]:
    return {
        name
        for name, table in tables().items()
        if name.startswith(("permissions_", "surgery_", "ui_")) and not table.rows
    }


def fill() -> None:
    """One of everything these rooms keep, by their own acts."""
    import time_machine
    from django.utils import timezone

    from permissions import services
    from permissions.importers import load_catalogue
    from permissions.regrading import follow_due
    from permissions.services.assessments import assess
    from portal.accounts.capabilities import Role
    from surgery.enums import Grade
    from tests.cast import make_practitioner, make_user
    from tests.integration import full_surgery
    from tests.permissions.act_pages import book
    from tests.permissions.ledger import TODAY, granted, make_procedures
    from tests.permissions.ledger import propose as propose_one

    why = "科室考核合格，委员会同意"
    with time_machine.travel("2026-11-23T02:00:00Z", tick=False):
        now = timezone.now()
        load_catalogue()
        make_procedures()
        lin = make_user("2031", "林若川", Role.OFFICER)
        su = make_user("2032", "苏晓岚", Role.OFFICER)
        make_user(*("1001", "周立诚", Role.DEPARTMENT_HEAD), departments=["0301"])
        person = make_practitioner("1027", "陈景行", title_code="231")
        said: dict[str, Any] = {"by": lin, "at": now, "reason": why}
        last = TODAY + timedelta(days=300)
        rx = granted(lin, su, person, "RX01")
        item = granted(lin, su, person, "SG03", item="51.2300", valid_to=last)
        fourth = granted(lin, su, person, "SG04", item="50.2205", valid_to=last)
        propose_one(lin, person, "MR01", valid_to=last)
        book(lin, person, "51.2300", Grade.THREE, 3)
        services.suspend(state=item, reason_code="08", **said)
        services.revoke(state=rx, reason_code="17", **said)
        assess(
            state=fourth,
            assessed_on=TODAY,
            result="PASS",
            doc_no="评 1",
            note=why,
            by=lin,
            at=now,
        )
        maintained(person, said)
        he = make_user("2003", "何静宜", Role.OFFICE_HEAD)
        full_surgery.fill(lin, su, he)
        follow_due(at=now)


def maintained(person: Practitioner, said: dict[str, Any]) -> None:
    """What stands around the ledger."""
    from permissions import services
    from permissions.checks.rules import Mode
    from permissions.importers import acts as imports
    from permissions.importers.certificates.columns import ACTS as certificates
    from permissions.importers.trainings.columns import ACTS as trainings
    from permissions.services import Line, catalogue
    from permissions.services.certificates import Issued, record_certificate
    from permissions.services.rule_settings import Wanted
    from portal.ui.services import save_view
    from tests.permissions.event_acts import happen, read
    from tests.permissions.ledger import TODAY, privilege
    from tests.permissions.test_trainings import passed

    by, at = said["by"], said["at"]
    services.record_training(practitioner=person, passed=passed(), **said)
    services.keep_template(
        lines=[Line(privilege=privilege("RX01"), valid_from=TODAY)],
        name="主治医师",
        **said,
    )
    services.set_rule(wanted=Wanted("S14", Mode.SUGGEST), **said)
    catalogue.switch_entry(
        privilege=privilege("TE02"), is_enabled=False, seen=None, **said
    )
    issued = Issued("RADIATION", "粤卫放 0188", TODAY)
    record_certificate(practitioner=person, issued=issued, **said)
    trainings.upload(
        name="培训.csv",
        data="工号,课程编码,通过日期\n1027,TR01,2026-03-01\n".encode(),
        by=by,
        at=at,
    )
    certificates.upload(
        name="证书.csv",
        data="工号,证书,证书编号,发证日期\n1027,GCP,G1,2026-03-01\n".encode(),
        by=by,
        at=at,
    )
    imports.upload(
        name="授权.csv", data="工号,权限\n1027,RX01\n".encode(), by=by, at=at
    )
    save_view(
        by=by,
        list_key="grants",
        query="dept=0301",
        name="本科",
        is_shared=True,
        is_default=False,
    )
    happen(person, "TITLE", "231", "233", title_code="233")
    happen(person, "DEPARTMENT", "0503", "0301")
    happen(person, "LAPSED", "", "2026-11-01")
    read()


if __name__ == "__main__":
    main()
