"""What the demo will start: ports, directory, secrets, and the environment of it all."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
from dataclasses import dataclass, field
from errno import EADDRINUSE
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from portal.env import env_int, env_str

HOST = "127.0.0.1"
LOCK = "demo.lock"
LAUNCH_APP = "YW"


class CannotStart(Exception):
    """Why nothing was started, in one line for the person at the terminal."""


@dataclass(frozen=True)
class Plan:
    """Everything the demo decides before it starts anything."""

    port: int
    his_port: int
    var: Path
    redis_url: str  # empty: our own Redis on ``redis_port``
    redis_port: int
    proxy_port: int  # 0: the HIS is a file, there is no wire to stand in
    env: dict[str, str] = field(repr=False)

    @property
    def portal_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def his_url(self) -> str:
        return f"http://{HOST}:{self.his_port}"

    @property
    def logs(self) -> Path:
        return self.var / "log"


def make_plan() -> Plan:
    """Read the environment; raises CannotStart before anything was touched."""
    port = env_int("PORT", 8000, minimum=1, maximum=65535)
    his_port = env_int("HIS_PORT", 8010, minimum=1, maximum=65535)
    if port == his_port:
        raise CannotStart(f"PORT 与 HIS_PORT 都是 {port}，请改其中一个。")
    _refuse_busy("PORT", port)
    _refuse_busy("HIS_PORT", his_port)
    var = Path(settings.VAR_DIR)
    _refuse_unwritable(var)
    redis_url = env_str("REDIS_URL", "")
    redis_port = 0 if redis_url else _free_port()
    return Plan(
        port=port,
        his_port=his_port,
        var=var,
        redis_url=redis_url or f"redis://{HOST}:{redis_port}/0",
        redis_port=redis_port,
        proxy_port=_free_port() if _is_postgresql(env_str("HIS_DSN", "")) else 0,
        env={},
    )


def take_var(plan: Plan) -> TextIO:
    """Keep the directory to ourselves; with RESET=1, empty it first.

    The lock lasts as long as the returned file stays open.
    """
    if is_reset() and not _is_the_demos(plan.var):
        raise CannotStart(f"{plan.var} 不是演示的目录，RESET=1 不清空它。")
    plan.var.mkdir(parents=True, exist_ok=True)
    lock = (plan.var / LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise CannotStart(f"另一个演示正在使用 {plan.var}，请先停止它。") from None
    if is_reset():
        _empty(plan.var)
    plan.logs.mkdir(exist_ok=True)
    return lock


def environment(plan: Plan) -> dict[str, str]:
    """What the portal and its workers are told; makes the secrets."""
    secret_key = _secret(plan, "secret_key", secrets.token_urlsafe(50))
    key = launch_key(plan).read_text(encoding="utf-8")
    station = f'[station.{LAUNCH_APP}]\nkey = "{key}"\nmethods = ["LINK", "TICKET"]\n'
    launch_apps = _secret(plan, "launch_apps", station)
    origins = f"{plan.his_url},http://localhost:{plan.his_port}"
    return {
        **os.environ,
        "DEMO": "True",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "VAR_DIR": str(plan.var),
        "SECRET_KEY_FILE": str(secret_key),
        "LAUNCH_APPS_FILE": str(launch_apps),
        "HIS_DSN": portal_his_dsn(plan),
        "STATION_ORIGINS": env_str("STATION_ORIGINS", origins),
        "REDIS_URL": plan.redis_url,
        "PYTHONUNBUFFERED": "1",
    }


def his_environment(plan: Plan) -> dict[str, str]:
    """What the demo HIS is told: the key both sides agreed on, nothing else of ours."""
    return {
        **os.environ,
        "LAUNCH_APP": LAUNCH_APP,
        "LAUNCH_KEY_FILE": str(launch_key(plan)),
        "DEMO_HIS_API_KEY_FILE": str(api_key(plan)),
        "PYTHONUNBUFFERED": "1",
    }


def launch_key(plan: Plan) -> Path:
    return _secret(plan, "launch_key", secrets.token_hex(32))


def api_key(plan: Plan) -> Path:
    """Opens the REST interface of the demo HIS, for those who try it."""
    return _secret(plan, "his_api_key", secrets.token_hex(32))


def his_dsn(plan: Plan) -> str:
    """The demo HIS' database: a file of its own unless HIS_DSN names another."""
    return env_str("HIS_DSN", f"sqlite:///{plan.var / 'his.sqlite3'}")


def portal_his_dsn(plan: Plan) -> str:
    """The same as the portal reaches it: on PostgreSQL through the demo HIS' proxy."""
    dsn = his_dsn(plan)
    if not plan.proxy_port:
        return dsn
    parts = urlsplit(dsn)
    login, at, _address = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{login}{at}{HOST}:{plan.proxy_port}"))


def is_reset() -> bool:
    return env_str("RESET", "") == "1"


def _is_postgresql(dsn: str) -> bool:
    return urlsplit(dsn).scheme.split("+")[0] in {"postgresql", "postgres"}


def _refuse_busy(variable: str, port: int) -> None:
    with socket.socket() as probe:
        # As the servers do: a port whose last connections still close is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            why = "已被占用" if error.errno == EADDRINUSE else "不能使用"
            raise CannotStart(
                f"端口 {port} {why}（{variable}），什么都没有启动。"
                f"请换一个，例如：{variable}={_free_port()} make demo"
            ) from None


def _refuse_unwritable(var: Path) -> None:
    exists = next(path for path in (var, *var.parents) if path.exists())
    if not os.access(exists, os.W_OK):
        raise CannotStart(f"{exists} 不可写。请改用别的目录：VAR_DIR=… make demo")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_the_demos(var: Path) -> bool:
    """A directory somebody named by mistake is never emptied."""
    is_default = var == settings.BASE_DIR / "var"
    return is_default or not var.exists() or (var / LOCK).exists()


def _empty(var: Path) -> None:
    for path in var.iterdir():
        if path.name == LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _secret(plan: Plan, name: str, content: str) -> Path:
    """A file only its owner reads, written on the first run and kept."""
    directory = plan.var / "secrets"
    directory.mkdir(mode=0o700, exist_ok=True)
    path = directory / name
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
    return path
