from __future__ import annotations

from django.apps import AppConfig


class SurgeryConfig(AppConfig):
    name = "surgery"
    label = "surgery"
    verbose_name = "手术"

    def ready(self) -> None:
        """The works of this room are known in every process that may do them."""
        from surgery.importers import work  # noqa: F401
