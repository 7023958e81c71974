"""Every migration of every app as the script SQL Server would run."""

from __future__ import annotations

from django.db.migrations.loader import MigrationLoader

from tests.sqlserver.compiling import sql_server


def migration_scripts() -> dict[str, list[str]]:
    """``app.name`` and its statements, in the order ``migrate`` runs them.

    The catalogue the backend looks into is empty: of a column that changes it does not
    see the indexes it would drop first.
    """
    connection, _sent = sql_server()
    graph = MigrationLoader(None).graph
    order: dict[tuple[str, str], None] = {}
    for leaf in graph.leaf_nodes():
        order |= dict.fromkeys(graph.forwards_plan(leaf))
    state = MigrationLoader(None).project_state(())
    scripts = {}
    for app, name in order:
        migration = graph.nodes[app, name]
        with connection.schema_editor(collect_sql=True, atomic=False) as editor:
            state = migration.apply(state, editor, collect_sql=True)
        scripts[f"{app}.{name}"] = [
            line for line in editor.collected_sql if not line.startswith("--")
        ]
    return scripts
