"""Sessions in our database, as Django keeps them; read by a prepared query."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone

from portal.prepared import Prepared


class SessionStore(db.SessionStore):
    def load(self) -> dict[str, Any]:
        """What the session holds; one that is over or unknown holds nothing."""
        for written, expires_at in _BY_KEY.rows(self.session_key or ""):
            if expires_at > timezone.now():
                return self.decode(written)
        self._session_key = None
        return {}


def _sessions(key: str) -> Any:
    model = SessionStore.get_model_class()
    found = model.objects.filter(session_key=key).order_by()
    return found.values_list("session_data", "expire_date")


_BY_KEY = Prepared(_sessions)
