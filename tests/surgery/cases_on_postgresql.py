"""Pulls from the demo HIS into a PostgreSQL: run by ``test_cases_on_postgresql``.

Prints what each pull did and whether the volumes equal a count in the HIS itself.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def counts(runs: list[Any]) -> dict[str, list[Any]]:
    return {
        run.view: [run.state, run.read, run.added, run.changed, run.vanished]
        for run in runs
    }


def main(dsn: str) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from portal.demo_his.database import Database
    from portal.his.opening import open_gateway
    from surgery.models import PerformedCase
    from surgery.queries.volumes import BY_SURGEON, volumes
    from surgery.sync import pull_cases

    call_command("migrate", verbosity=0)
    his, gateway = Database(dsn), open_gateway(dsn, 30)
    told: dict[str, Any] = {}

    def pull(name: str, *, whole: bool = False) -> None:
        at = timezone.now()
        told[name] = counts(pull_cases(gateway=gateway, at=at, whole=whole))

    pull("first")
    pull("second")
    first, second = his.rows(
        "SELECT op_id FROM V_YW_OPERATION WHERE cancel_flag = '0' ORDER BY op_id LIMIT 2"
    )
    his.run(
        "UPDATE 病人手术记录 SET 再次手术 = '非计划再次', 最后修改时间 = :now"
        " WHERE ID = :id",
        id=int(first["op_id"]),
        now=f"{timezone.localtime():%Y-%m-%d %H:%M:%S}",
    )
    his.run("DELETE FROM 病人手术明细 WHERE 手术ID = :id", id=int(second["op_id"]))
    his.run("DELETE FROM 病人手术记录 WHERE ID = :id", id=int(second["op_id"]))
    pull("changed")
    pull("whole", whole=True)
    told["changed case"] = PerformedCase.objects.get(op_id=first["op_id"]).reoperation
    gone = PerformedCase.objects.get(op_id=second["op_id"])
    told["withdrawn"] = gone.missing_since is not None
    rows = his.rows(
        "SELECT t.emp_no AS who, t.team_role AS role, count(DISTINCT o.op_id) AS cases"
        " FROM V_YW_OPERATION o JOIN V_YW_OPERATION_TEAM t ON t.op_id = o.op_id"
        " WHERE o.cancel_flag = '0' GROUP BY t.emp_no, t.team_role"
    )
    in_his = {(row["who"], row["role"]): row["cases"] for row in rows}
    found = {
        (row["who"], row["role"]): row["cases"]
        for row in volumes(BY_SURGEON).order_by("pk")
    }
    told["volumes agree"] = found == in_his
    told["groups"] = len(found)
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1])
