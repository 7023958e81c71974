"""The tables of a new demo, made at once.

Migrating draws every model anew after each step and took most of the time to the first
page. An empty SQLite file gets the tables of the models as they are, and the migrations
are recorded as done; lint and a test hold that this is the same. A database that has
tables, or another engine, is migrated.
"""

from __future__ import annotations

from django.apps import apps
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def prepare_tables() -> None:
    """Bring the database to the present models."""
    if connection.vendor == "sqlite" and not connection.introspection.table_names():
        _make_all()
    else:
        call_command("migrate", verbosity=0, interactive=False)


def _make_all() -> None:
    # A foreign key may point at a table that comes later.
    with connection.constraint_checks_disabled(), transaction.atomic():
        with connection.schema_editor() as editor:
            for model in apps.get_models():
                if model._meta.managed and not model._meta.proxy:
                    editor.create_model(model)
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        for app, name in sorted(MigrationLoader(None).graph.nodes):
            recorder.record_applied(app, name)
    emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS)
