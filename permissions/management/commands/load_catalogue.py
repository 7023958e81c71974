"""``manage.py load_catalogue``: the seed entries of the privilege catalogue."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from permissions.importers import load_catalogue


class Command(BaseCommand):
    help = "补齐医生权限字典的 78 个种子条目，已有的不改动"

    def handle(self, *args: Any, **options: Any) -> None:
        added = load_catalogue()
        self.stdout.write(f"新增 {added} 条")
