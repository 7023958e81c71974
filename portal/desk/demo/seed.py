"""Filling the demo: accounts, catalogues, directory, and a year of believable rights.

Everything goes through the acts a person would use; messages to the HIS wait for the
worker like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from permissions import services
from permissions.enums import EventKind, Part, Setting
from permissions.models import (
    Application,
    Grant,
    GrantEvent,
    GrantState,
    Privilege,
    Reconciliation,
)
from permissions.reconciliation import reconcile
from permissions.services.rules import latest_last_day
from portal.accounts.models import User
from portal.desk.demo.accounts import seed_users
from portal.desk.demo.bookings import seed_bookings, seed_hit
from portal.desk.demo.catalogue import seed_first_version, seed_versions
from portal.desk.demo.certificates import seed_certificates
from portal.desk.demo.grades import seed_grades
from portal.desk.demo.ledger import ASKED, GRANTS, Asked, Fate, Wanted
from portal.desk.demo.procedures import seed_procedures
from portal.desk.demo.recodings import seed_recodings
from portal.desk.demo.reviews import seed_reviews
from portal.desk.demo.techniques import seed_techniques
from portal.desk.demo.theatre import THEATRE
from portal.desk.demo.trainings import seed_trainings
from portal.directory.models import Practitioner
from portal.directory.sync import pull_all
from portal.his.opening import from_settings
from portal.parameters.days import ZONE, day_of
from surgery.importers import load_seed_procedures
from surgery.models import (
    Filing,
    GradeVersion,
    Recoding,
    SurgeryApplication,
)

PROPOSER, APPROVER, SECOND = "2031", "2003", "2032"
REASON = "科室考核合格，医疗技术临床应用管理委员会通过"
APPROVED = "材料齐全，同意授权"
CHANGES: dict[EventKind, Callable[..., GrantEvent]] = {
    EventKind.SUSPEND: services.suspend,
    EventKind.RESTORE: services.restore,
    EventKind.REVOKE: services.revoke,
    EventKind.VOID: services.void,
}
DECISIONS: dict[str, Callable[..., Application]] = {
    "RETURN": services.return_,
    "REJECT": services.reject,
}


class CannotSeed(Exception):
    """The HIS could not be read, so nobody could be given a right."""


def seed() -> str:
    """Make what is missing and say in one line what there is."""
    now = timezone.now()
    seed_first_version(now=now)
    load_seed_procedures()
    if not Practitioner.objects.exists():
        _pull()
    seed_users()
    if not GradeVersion.objects.exists():
        _seed_grades(now=now)
    if not Reconciliation.objects.filter(part=Part.GRADES).exists():
        # Rights are on their way to the HIS now: they are compared when it has them.
        look = Reconciliation(part=Part.GRADES, asked_at=now)
        reconcile(gateway=from_settings(), at=now, one=look)
    if not Application.objects.exists():
        _seed_versions(now=now)
        seed_rights(now=now)
        seed_trainings(by=User.objects.get(staff_no=PROPOSER), now=now)
        seed_certificates(by=User.objects.get(staff_no=PROPOSER), now=now)
        seed_procedures(by=User.objects.get(staff_no=SECOND), now=now)
    if not SurgeryApplication.objects.exists():
        officer = User.objects.get(staff_no=PROPOSER)
        seed_bookings(now=now)
        seed_hit(officer=officer, now=now)
        seed_reviews(officer=officer, now=now)
    if not Filing.objects.exists():
        seed_techniques(by=User.objects.get(staff_no=PROPOSER), now=now)
    if not Recoding.objects.exists():
        author, decider = (
            User.objects.get(staff_no=number) for number in (PROPOSER, APPROVER)
        )
        seed_recodings(author=author, decider=decider, now=now)
    return (
        f"医师 {Practitioner.objects.count()}，授权 {Grant.objects.count()}，"
        f"申请 {Application.objects.count()}"
    )


def _seed_versions(*, now: datetime) -> None:
    users = {one.staff_no: one for one in User.objects.order_by("pk")}
    seed_versions(
        author=users[PROPOSER],
        second=users[SECOND],
        decider=users[APPROVER],
        now=now,
    )


def _seed_grades(*, now: datetime) -> None:
    users = {one.staff_no: one for one in User.objects.order_by("pk")}
    seed_grades(
        author=users[PROPOSER], second=users[SECOND], decider=users[APPROVER], now=now
    )


def _pull() -> None:
    for run in pull_all(gateway=from_settings(), at=timezone.now()):
        if not run.is_ok:
            raise CannotSeed(f"{run.view}: {run.error}")


@transaction.atomic
def seed_rights(*, now: datetime) -> None:
    """A year of proposals, decisions and changes, in the order they happened."""
    Year(now).play()


@dataclass(frozen=True)
class Step:
    """One act of the year."""

    at: datetime
    place: int
    act: Callable[[datetime], None]


class Year:
    """Everything that happened, as steps to be played in order."""

    def __init__(self, now: datetime) -> None:
        users = {user.staff_no: user for user in User.objects.order_by("pk")}
        self.now = now
        self.steps: list[Step] = []
        self.entries = {one.code: one for one in Privilege.objects.order_by("pk")}
        self.proposer, self.approver = users[PROPOSER], users[APPROVER]
        self.second = users[SECOND]

    def play(self) -> None:
        """Rights of people the directory does not have are left out."""
        people = {one.emp_no: one for one in Practitioner.objects.order_by("pk")}
        for number, wanted in enumerate((*GRANTS, *THEATRE), start=1):
            if self._is_possible(people.get(wanted.emp_no)):
                self._grant(people[wanted.emp_no], wanted, number)
        for number, asked in enumerate(ASKED, start=1):
            if self._is_possible(people.get(asked.emp_no)):
                self._ask(people[asked.emp_no], asked, number)
        for step in sorted(self.steps, key=lambda step: (step.at, step.place)):
            step.act(step.at)

    @staticmethod
    def _is_possible(person: Practitioner | None) -> bool:
        return person is not None and person.is_practising

    def _on(self, day: int) -> date:
        return day_of(self.now) + timedelta(days=day)

    def _moment(self, day: int, number: int, hour: int) -> datetime:
        """In office hours, spread over the day, and more than an hour ago: the HIS hears
        of it now, and what fell due within the hour would be told as slow."""
        minutes = timedelta(minutes=number * 7 % 110)
        at = datetime.combine(self._on(day), time(hour), tzinfo=ZONE) + minutes
        return min(at, self.now - timedelta(minutes=70))

    def _add(self, at: datetime, act: Callable[[datetime], None]) -> None:
        self.steps.append(Step(at, len(self.steps), act))

    def _grant(self, person: Practitioner, wanted: Wanted, number: int) -> None:
        entry = self.entries[wanted.privilege]
        made: list[Application] = []
        first = self._on(wanted.start)
        decided = min(wanted.start, 0)

        def propose(at: datetime) -> None:
            made.append(
                services.propose(
                    practitioner=person,
                    privilege=entry,
                    item=wanted.item,
                    setting=Setting(wanted.setting),
                    valid_from=first,
                    valid_to=self._last(wanted, entry, first),
                    reason=REASON,
                    doc_no=f"云医务〔{first.year}〕{number % 60 + 1:02}号",
                    by=self.proposer,
                    at=at,
                    role=wanted.role,
                    side=wanted.side,
                    conditions=wanted.conditions,
                    evidence=wanted.evidence,
                )
            )

        def approve(at: datetime) -> None:
            services.approve(
                application=made[0], by=self.approver, at=at, reason=APPROVED
            )

        self._add(self._moment(decided - 3, number, 14), propose)
        self._add(self._moment(decided, number, 8), approve)
        for fate in wanted.fates:
            self._add(self._moment(fate.day, number, 9), self._change(made, fate))

    def _last(self, wanted: Wanted, entry: Privilege, first: date) -> date | None:
        if wanted.last is not None:
            return self._on(wanted.last)
        return latest_last_day(entry, first)

    def _change(
        self, made: list[Application], fate: Fate
    ) -> Callable[[datetime], None]:
        def change(at: datetime) -> None:
            CHANGES[fate.kind](
                state=GrantState.objects.get(grant__application=made[0]),
                by=self.approver,
                at=at,
                reason_code=fate.reason_code,
                reason=fate.reason,
            )

        return change

    def _ask(self, person: Practitioner, asked: Asked, number: int) -> None:
        entry = self.entries[asked.privilege]
        first = self._on(7 if not asked.decision else asked.asked + 7)
        made: list[Application] = []

        def propose(at: datetime) -> None:
            made.append(
                services.propose(
                    practitioner=person,
                    privilege=entry,
                    item=asked.item,
                    setting=Setting(entry.setting),
                    valid_from=first,
                    valid_to=latest_last_day(entry, first),
                    reason=asked.reason,
                    doc_no=f"云医务〔{first.year}〕{60 + number}号",
                    by=self.second if asked.by_second else self.proposer,
                    at=at,
                )
            )

        self._add(self._moment(asked.asked, number * 5, 14), propose)
        if asked.decision:

            def decide(at: datetime) -> None:
                DECISIONS[asked.decision](
                    application=made[0],
                    by=self.approver,
                    at=at,
                    reason=asked.decision_reason,
                )

            self._add(self._moment(asked.asked + 2, number, 9), decide)
