"""``python -m portal.demo_his init|serve --dsn …``: the demo HIS as a program."""

from __future__ import annotations

import argparse
import sys

from portal.demo_his.database import CannotUse, Database, DatabaseStopped, prepare
from portal.env import BadSetting, env_secret, env_str

TRIAL_DSN = "sqlite:///var/his.sqlite3"


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    try:
        database = Database(options.dsn or env_str("DEMO_HIS_DSN", TRIAL_DSN))
        password = env_secret("DEMO_HIS_PASSWORD", "")
        prepare(database, reset=options.reset, password=password)
    except DatabaseStopped:
        return refuse("连接不上演示 HIS 的数据库，请检查 --dsn")
    except (CannotUse, BadSetting) as problem:
        return refuse(str(problem))
    return 0


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="python -m portal.demo_his")
    acts = words.add_subparsers(dest="act", required=True)
    init = acts.add_parser("init", help="create and fill the database where missing")
    init.add_argument("--dsn", help="database URL; else DEMO_HIS_DSN")
    init.add_argument("--reset", action="store_true", help="create it anew")
    return words


def refuse(problem: str) -> int:
    sys.stderr.write(f"{problem}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
