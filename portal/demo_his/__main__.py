"""``python -m portal.demo_his init|serve --dsn …``: the demo HIS as a program."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from portal.demo_his.by_hand import CannotChange, give, log_grade
from portal.demo_his.database import CannotUse, Database, DatabaseStopped, prepare
from portal.env import BadSetting, env_secret, env_str

TRIAL_DSN = "sqlite:///var/his.sqlite3"
TRIAL_PORTAL = "http://127.0.0.1:8000"
TRIAL_APP = "YW"


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    try:
        database = Database(options.dsn or env_str("DEMO_HIS_DSN", TRIAL_DSN))
        password = env_secret("DEMO_HIS_PASSWORD", "")
        is_new = prepare(database, reset=options.reset, password=password)
        for emp_no, code in options.by_hand if is_new else ():
            give(database, emp_no, code, "ALL")
        if is_new and options.by_hand:
            log_grade(database)
        if options.act == "serve":
            serve(database, options)
    except DatabaseStopped:
        return refuse("连接不上演示 HIS 的数据库，请检查 --dsn")
    except (CannotChange, CannotUse, BadSetting) as problem:
        return refuse(str(problem))
    return 0


def serve(database: Database, options: argparse.Namespace) -> None:
    """Imported here: ``init`` needs none of it."""
    from portal.demo_his import server
    from portal.demo_his.site import open_site

    server.serve(
        options.port,
        partial(
            open_site,
            database,
            portal_url=options.portal,
            app=env_str("LAUNCH_APP", TRIAL_APP),
            key=env_secret("LAUNCH_KEY"),
            proxy_port=options.proxy_port,
            api_key=env_secret("DEMO_HIS_API_KEY", ""),
        ),
    )


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="python -m portal.demo_his")
    acts = words.add_subparsers(dest="act", required=True)
    init = acts.add_parser("init", help="create and fill the database where missing")
    serving = acts.add_parser("serve", help="the same, then serve the stations")
    for act in (init, serving):
        act.add_argument("--dsn", help="database URL; else DEMO_HIS_DSN")
        act.add_argument("--reset", action="store_true", help="create it anew")
        act.add_argument(
            "--by-hand",
            nargs=2,
            action="append",
            default=[],
            metavar=("EMP_NO", "PRIV_CODE"),
            help="in a new database, a right nobody decided on",
        )
    serving.add_argument("--port", type=int, default=8010)
    serving.add_argument("--portal", default=TRIAL_PORTAL, help="URL of the portal")
    serving.add_argument(
        "--proxy-port", type=int, help="PostgreSQL: others reach the database here"
    )
    return words


def refuse(problem: str) -> int:
    sys.stderr.write(f"{problem}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
