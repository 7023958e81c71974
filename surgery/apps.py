from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class SurgeryConfig(AppConfig):
    name = "surgery"
    label = "surgery"
    verbose_name = "手术"

    def ready(self) -> None:
        """The works of this room are known in every process that may do them."""
        from surgery import his_view
        from surgery.importers import work  # noqa: F401

        pre_migrate.connect(his_view.take_down, sender=self)
        post_migrate.connect(his_view.put_up, sender=self)
