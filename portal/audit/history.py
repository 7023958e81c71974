"""Models whose every change is kept: changed by ``save()`` only, never deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from django.db import models
from simple_history.models import HistoricalRecords

from portal.audit.acting import current_act
from portal.audit.stamp import changing

M = TypeVar("M", bound=models.Model)


class HistoryBypass(Exception):
    """A way of writing was used that would leave no history row."""


class ActHistory(HistoricalRecords):  # type: ignore[misc]  # simple-history is untyped
    """History rows take actor and reason from ``acting()``."""

    def fields_included(
        self, model: type[models.Model]
    ) -> list[models.Field[Any, Any]]:
        """All fields but the secrets a model names in ``history_excludes``."""
        secrets = getattr(model, "history_excludes", ())
        return [f for f in super().fields_included(model) if f.name not in secrets]

    def get_history_user(self, instance: models.Model) -> Any:
        return current_act().by

    def get_change_reason_for_object(
        self, instance: models.Model, history_type: str, using: str
    ) -> str:
        return current_act().reason


class HistoricalQuerySet(models.QuerySet[M]):
    """Reads freely; refuses the bulk writes that simple-history cannot see."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise HistoryBypass("update() leaves no history: save() each row")

    def delete(self) -> NoReturn:
        raise HistoryBypass("rows with history are never deleted")

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryBypass("bulk_create() leaves no history: save() each row")

    def bulk_update(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryBypass("bulk_update() leaves no history: save() each row")


class HistoricalModel(models.Model):
    """Base of everything the office maintains."""

    objects = HistoricalQuerySet.as_manager()
    history = ActHistory(inherit=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        current_act()  # refuse before anything is written
        with changing():
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryBypass("rows with history are never deleted")


class WriteOnceQuerySet(models.QuerySet[M]):
    """Rows that are written once: no update, no delete."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise HistoryBypass("these rows are written once")

    def delete(self) -> NoReturn:
        raise HistoryBypass("these rows are written once")

    def bulk_update(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryBypass("these rows are written once")


class WriteOnceModel(models.Model):
    """Base of ledger lines and audit events: inserted, then never touched."""

    objects = WriteOnceQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise HistoryBypass("these rows are written once")
        with changing():
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise HistoryBypass("these rows are written once")
