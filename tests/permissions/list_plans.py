"""How PostgreSQL finds one page of 权限维护: run by ``test_list_on_postgresql``.

Prints a line for each case: its name, and the indexes and scans of the plan.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

CASES = (
    ("newest", "", ""),
    ("by end", "", "valid_to"),
    ("by end, turned", "", "-valid_to"),
    ("by doctor", "", "practitioner"),
    ("by department", "", "department"),
    ("by privilege", "", "privilege"),
    ("role", "role=ASSIST", ""),
    ("kind", "kind=TEMPORARY", ""),
    ("setting", "setting=OUTP", ""),
    ("privilege", "privilege=RX05", ""),
    ("department", "dept=1007", ""),
    ("suspended", "state=SUSPENDED", ""),
    ("to begin", "view=future", ""),
    ("end in a span", "ends_from=2026-01-01&ends_to=2026-01-31", ""),
    ("HIS not the same", "his=open", ""),
)


def plan(query: str, sort: str) -> dict[str, Any]:
    """The plan of the keys of one page, as the list asks for them."""
    from django.db import connection
    from django.http import QueryDict
    from django.utils import timezone

    from permissions.models import GrantState
    from permissions.views.lists import grant_list_spec
    from portal.ui.pages import sorting_of
    from portal.ui.selecting import found_rows, ordered

    spec = grant_list_spec(timezone.now())
    found = found_rows(spec, GrantState.objects.all(), QueryDict(query))
    keys = ordered(found, sorting_of(spec.columns, sort, spec.order)).values("pk")[:50]
    text, values = keys.query.get_compiler(connection=connection).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {text}", values)
        [told] = cursor.fetchone()
    told = json.loads(told) if isinstance(told, str) else told
    whole: dict[str, Any] = told[0]["Plan"]
    return whole


def nodes(node: dict[str, Any]) -> Iterator[str]:
    """``Index permissions_state_by_end`` or ``Seq Scan permissions_grantstate``."""
    if "Index Name" in node:
        yield f"Index {node['Index Name']}"
    elif "Relation Name" in node and "Bitmap" not in node["Node Type"]:
        yield f"{node['Node Type']} {node['Relation Name']}"
    for inner in node.get("Plans", ()):
        yield from nodes(inner)


def main(url: str) -> None:
    from tests.benchmarks.ledger_rows import Size, fill, set_up
    from tests.benchmarks.list_rows import dress

    set_up(url)
    fill(url, Size(500, 60_000))
    dress(url)
    from django.db import connection

    with connection.cursor() as cursor:
        # As for disks without arms: a tenth of the real ledger would else be read whole.
        cursor.execute("SET random_page_cost = 1.1")
    for name, query, sort in CASES:
        print(json.dumps([name, sorted(set(nodes(plan(query, sort))))]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
