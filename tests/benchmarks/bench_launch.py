"""How long a doctor waits: from the click in the station to the whole first page.

Against the running demo, over HTTP, as a browser goes: the signed link, the ticket, the
page. The framed way is one step shorter. Each launch signs a link of its own.
"""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from zoneinfo import ZoneInfo

from portal.his.contract.launch import TIMESTAMP_FORMAT, sign, signing_text
from tests.benchmarks.result import Result
from tests.demo_stack import DemoStack, running_demo

ZONE = ZoneInfo("Asia/Shanghai")
GOAL_MS = 300.0
VERDICT_GOAL_MS = 150.0
APP, DOCTOR, DEPARTMENT, NAME = "YW", "1188", "0401", "罗景文"
RUNS = {"small": 30, "full": 300}
MOST_STEPS = 4


def link_of(key: str, **more: str) -> str:
    """A fresh signed link of the demo's doctor."""
    parameters = {
        "app": APP,
        "u": DOCTOR,
        "n": NAME,
        "d": DEPARTMENT,
        "pid": "P0001",
        "vid": "V0001",
        "st": "ZY",
        "page": "my",
        "ts": datetime.now(ZONE).strftime(TIMESTAMP_FORMAT),
        "nonce": secrets.token_hex(16),
        **more,
    }
    return f"/sso/launch?{signing_text(parameters)}&sign={sign(parameters, key)}"


def opened(connection: HTTPConnection, address: str) -> bytes:
    """The page at the end, with the cookies of the way."""
    cookies: dict[str, str] = {}
    for _step in range(MOST_STEPS):
        sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
        connection.request("GET", address, headers={"Cookie": sent} if sent else {})
        answer = connection.getresponse()
        body = answer.read()
        for written in answer.headers.get_all("Set-Cookie") or []:
            name, _equals, rest = written.partition("=")
            cookies[name] = rest.partition(";")[0]
        if answer.status != 302:
            if answer.status != 200 or NAME.encode() not in body:
                raise RuntimeError(f"{address.partition('?')[0]}: {answer.status}")
            return body
        address = answer.headers["Location"]
    raise RuntimeError("led on and on")


def timed(demo: DemoStack, runs: int, link: Callable[[], str]) -> list[float]:
    """Milliseconds of each launch, after two that warm up."""
    connection = HTTPConnection("127.0.0.1", demo.port, timeout=60)
    found = []
    for _run in range(runs + 2):
        address = link()
        begin = time.perf_counter()
        opened(connection, address)
        found.append((time.perf_counter() - begin) * 1000)
    connection.close()
    return found[2:]


def verdicts(demo: DemoStack, key: str, runs: int) -> list[float]:
    """Milliseconds of each check as the field asks it: a team of two, one may not."""
    connection = HTTPConnection("127.0.0.1", demo.port, timeout=60)
    signed = link_of(key, page="field").partition("?")[2]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    token = posted(connection, "/plugin/v1/session", signed, form)["token"]
    planned = datetime.now(ZONE) + timedelta(days=1)
    question = {
        "surgeon": "1027",
        "procedures": ["51.2300", "50.2205"],
        "planned_at": planned.isoformat(timespec="minutes"),
        "nature": "1",
        "team": [{"emp_no": "1102", "role": "ASSIST"}],
    }
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {token}",
    }
    body, found = json.dumps(question), []
    for _run in range(runs + 2):
        begin = time.perf_counter()
        posted(connection, "/plugin/v1/check", body, headers)
        found.append((time.perf_counter() - begin) * 1000)
    connection.close()
    return found[2:]


def posted(
    connection: HTTPConnection, path: str, body: str, headers: dict[str, str]
) -> dict[str, Any]:
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    told: dict[str, Any] = json.loads(answer.read())
    if answer.status != HTTPStatus.OK:
        raise RuntimeError(f"{path}: {answer.status} {told}")
    return told


def main(size: str) -> Result:
    runs = RUNS[size]
    with (
        tempfile.TemporaryDirectory(prefix="yw-launch-") as folder,
        running_demo(Path(folder) / "var") as demo,
    ):
        key = (demo.var / "secrets" / "launch_key").read_text(encoding="utf-8")
        alone = timed(demo, runs, lambda: link_of(key))
        framed = timed(demo, runs, lambda: link_of(key, frame="1"))
        checked = verdicts(demo, key, runs)
    rows = [
        (
            name,
            f"{median(times):.0f}",
            f"{quantiles(times, n=20)[-1]:.0f}",
            f"<= {goal:g}",
            f"{runs}",
        )
        for name, times, goal in (
            ("own window: link, ticket, session, page", alone, GOAL_MS),
            ("inside a frame: link, ticket with page", framed, GOAL_MS),
            ("field → verdict: a team, two procedures", checked, VERDICT_GOAL_MS),
        )
    ]
    return Result(
        name="launch",
        columns=("launch to whole first page", "median ms", "p95 ms", "goal", "runs"),
        rows=rows,
        figure=median(alone),
        goal=GOAL_MS,
        less_is_better=True,
        unit=" ms",
        notes=("over HTTP against the running demo, its worker and beat beside it",),
    )
