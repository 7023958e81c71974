"""Short ways to ask, grant and look, for the tests of the permissions room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.core.cache import cache
from django.db.models import Model
from django.utils import timezone

from permissions import services
from permissions.enums import Setting
from permissions.models import Application, Grant, GrantEvent, GrantState, Privilege
from portal.accounts.models import User
from portal.audit.acting import acting
from portal.directory.models import Practitioner
from portal.outbox.models import Message
from portal.parameters.models import ParameterValue
from portal.parameters.queries import CACHE_KEY
from portal.parameters.registry import PREREQUISITES_DECIDE
from surgery.enums import Grade, ProcedureCategory, RestrictedClass
from surgery.models import Procedure

TODAY = date(2026, 11, 23)
REASON = "科室考核合格，委员会同意"
KEPT: tuple[Any, ...] = (
    Application,
    Application.history.model,
    Grant,
    GrantEvent,
    GrantState,
    GrantState.history.model,
    Message,
)


def privilege(code: str) -> Privilege:
    return Privilege.objects.get(code=code)


def make_procedure(code: str, name: str, grade: Grade, **fields: Any) -> Procedure:
    procedure = Procedure(
        code=code,
        name=name,
        initials="x",
        category=ProcedureCategory.SURGERY,
        grade=grade,
        **fields,
    )
    with acting(by=None, reason="测试"):
        procedure.save()
    return procedure


def make_procedures() -> None:
    make_procedure("51.2300", "腹腔镜下胆囊切除术", Grade.THREE)
    make_procedure("50.2205", "腹腔镜下肝部分切除术", Grade.FOUR)
    make_procedure("50.3x00", "肝叶切除术", Grade.FOUR, is_enabled=False)
    make_procedure(
        "11.6400x001",
        "穿透性角膜移植术",
        Grade.FOUR,
        restricted_class=RestrictedClass.NATIONAL,
    )


def propose(
    by: User, practitioner: Practitioner, code: str, **given: Any
) -> Application:
    """Ask for a privilege from today on; what matters is given."""
    asked: dict[str, Any] = {
        "item": "",
        "setting": Setting.ALL,
        "valid_from": TODAY,
        "valid_to": None,
        "reason": REASON,
        "doc_no": "〔2026〕59号",
        "at": timezone.now(),
        **given,
    }
    return services.propose(
        practitioner=practitioner, privilege=privilege(code), by=by, **asked
    )


def approve(by: User, application: Application, **given: Any) -> Grant:
    asked: dict[str, Any] = {"at": timezone.now(), "reason": "材料齐全，同意", **given}
    return services.approve(application=application, by=by, **asked)


@contextmanager
def prerequisites_only_warn() -> Iterator[None]:
    """As in a hospital that set the parameter so; for tests that are about other
    things. Only the cache knows: no row is written."""
    before = cache.get(CACHE_KEY)
    set_to = dict(ParameterValue.objects.order_by().values_list("key", "value"))
    # For as long as it lasts, also where the test moves the clock.
    cache.set(CACHE_KEY, set_to | {PREREQUISITES_DECIDE.key: 0}, None)
    try:
        yield
    finally:
        cache.delete(CACHE_KEY)
        if before is not None:
            cache.set(CACHE_KEY, before, None)


def granted(
    proposer: User,
    approver: User,
    practitioner: Practitioner,
    code: str = "RX01",
    *,
    at: datetime | None = None,
    **given: Any,
) -> GrantState:
    """A right that one asked for and another approved, whatever the catalogue demands
    before it."""
    moment = at or timezone.now()
    application = propose(proposer, practitioner, code, at=moment, **given)
    with prerequisites_only_warn():
        grant = approve(approver, application, at=moment)
    return GrantState.objects.get(grant=grant)


def rows(model: type[Model]) -> list[dict[str, Any]]:
    return list(model._default_manager.order_by("pk").values())


@contextmanager
def nothing_written() -> Iterator[None]:
    """No state, no history row, no ledger line and no message more or other."""
    before = {model: rows(model) for model in KEPT}
    yield
    for model in KEPT:
        assert rows(model) == before[model], model.__name__
