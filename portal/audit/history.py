"""Models whose every change is kept, one row or many at once, and never deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from django.db import connections, models, transaction
from simple_history.models import HistoricalRecords

from portal.audit.acting import current_act
from portal.audit.bulk import in_few_words, plain_rows, tell_history, update_and_tell
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
    """Many rows at once leave the same history as one by one; nothing is deleted."""

    def update(self, **kwargs: Any) -> int:
        """Change all rows found; each gets its history row. Needs ``acting()``."""
        current_act()  # refuse before anything is written
        with changing(), transaction.atomic(using=self.db):
            if connections[self.db].vendor == "postgresql":
                return update_and_tell(self, kwargs)
            keys = self._locked_keys()
            rows = plain_rows(self.model, self.db)
            for condition in in_few_words(keys, self.db):
                rows.filter(condition).update(**kwargs)
            tell_history(self.model, keys, "~", self.db)
        return len(keys)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(  # type: ignore[override]  # what merges rows tells no history
        self, objs: Iterable[M], batch_size: int | None = None, **kwargs: Any
    ) -> list[M]:
        """Insert all; each gets its history row. Needs ``acting()``."""
        if any(kwargs.values()):
            raise HistoryBypass("bulk_create() with conflicts tells no history")
        current_act()
        with changing(), transaction.atomic(using=self.db):
            rows = super().bulk_create(objs, batch_size)
            tell_history(self.model, [row.pk for row in rows], "+", self.db)
        return rows

    def bulk_update(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> int:
        """As ``update()``, which it calls, with a value of its own for each row."""
        current_act()  # before the transaction it opens
        return super().bulk_update(objs, *args, **kwargs)

    def delete(self) -> NoReturn:
        raise HistoryBypass("rows with history are never deleted")

    def _locked_keys(self) -> list[Any]:
        """Found once and locked: what is changed and what is told are the same rows."""
        found = self.order_by().values("pk")
        rows = plain_rows(self.model, self.db).filter(pk__in=found)
        return list(
            rows.select_for_update().order_by("pk").values_list("pk", flat=True)
        )


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
