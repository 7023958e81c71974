"""The portal's settings for making its tables at once, as the models say.

The way there, migration by migration, takes minutes on a busy machine and has tests of
its own.
"""

from __future__ import annotations

from portal.settings import *  # noqa: F403, TID251  # the one reader of settings


class NoMigrations(dict[str, None]):
    """Of no app."""

    def __contains__(self, app: object) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


MIGRATION_MODULES = NoMigrations()
