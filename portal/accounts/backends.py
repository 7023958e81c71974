"""Who a session belongs to, and what that user may do: one query for both."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from portal.accounts.models import User
from portal.accounts.queries import Standing, standing_rows
from portal.prepared import Prepared

# Read when somebody changes a password, not on each request.
SELDOM = frozenset({"password_history"})
COLUMNS = tuple(
    field.attname for field in User._meta.concrete_fields if field.attname not in SELDOM
)
_BY_ID = Prepared(lambda user_id: standing_rows(user_id, *COLUMNS))


class PortalBackend(ModelBackend):
    """Django's, but that the user comes with the standing the request needs."""

    def get_user(self, user_id: int) -> Any:
        rows = _BY_ID.rows(int(user_id))
        if not rows:
            return None
        user = User.from_db("default", COLUMNS, rows[0][: len(COLUMNS)])
        # ``queries.standing_of`` looks here before it asks the database.
        standing = Standing.of(row[len(COLUMNS) :] for row in rows)
        vars(user)["standing"] = standing
        return user if self.user_can_authenticate(user) else None
