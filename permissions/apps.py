from __future__ import annotations

from django.apps import AppConfig


class PermissionsConfig(AppConfig):
    name = "permissions"
    label = "permissions"
    verbose_name = "权限"

    def ready(self) -> None:
        """The works of this room are known in every process that may do them, and what
        it says to the rooms below."""
        from permissions.importers import work  # noqa: F401
        from permissions.importers.certificates import (
            work as certificates,  # noqa: F401
        )
        from permissions.importers.trainings import work as trainings  # noqa: F401
        from permissions.queries import standing  # noqa: F401
        from permissions.recoding import sheet  # noqa: F401
        from permissions.snapshot import operators  # noqa: F401
