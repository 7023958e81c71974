"""The real parts the tests need: found, or installed where that is possible.

``make test`` calls this first. As root on a Debian machine what is missing is installed
by apt; otherwise one line says what to install, and the exit code is 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from ctypes.util import find_library

from tests.contract.drivers import FREETDS
from tests.his_plugin.node_modules import install_provider, node_modules_missing
from tests.mariadb import mariadb_binary
from tests.rabbitmq import rabbitmq_server
from tests.services import PartMissing, chromium_binary, postgres_bin, redis_binary

CJK_FONT = "fonts-noto-cjk"


def has_cjk_font() -> bool:
    """Chromium would show boxes instead of Chinese without one."""
    if shutil.which("fc-list") is None:
        return False
    fonts = subprocess.run(
        ["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False
    )
    return bool(fonts.stdout.strip())


def is_there(find: Callable[[], object]) -> bool:
    try:
        find()
    except PartMissing:
        return False
    return True


def missing_packages() -> list[str]:
    """Debian packages of the parts this machine lacks."""
    wanted = {
        "chromium": is_there(chromium_binary),
        # The SQL Server backend cannot even be imported without it.
        "libodbc2": find_library("odbc") is not None,
        "tdsodbc": FREETDS.is_file(),
        CJK_FONT: has_cjk_font(),
        "mariadb-server": is_there(lambda: mariadb_binary("mariadbd")),
        "postgresql": is_there(postgres_bin),
        "nodejs": shutil.which("node") is not None,
        "npm": shutil.which("npm") is not None,
        "rabbitmq-server": is_there(rabbitmq_server),
        "redis-server": is_there(redis_binary),
    }
    return [package for package, found in wanted.items() if not found]


def install(packages: list[str]) -> None:
    """By apt; raises PartMissing with what went wrong."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise PartMissing("only root may install them here")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
            raise PartMissing(f"{' '.join(command[:2])}: {said[-1]}")


def main() -> int:
    """The exit code of the command."""
    packages = missing_packages()
    try:
        if packages:
            print(f"installing what the tests need: {' '.join(packages)}", flush=True)
            install(packages)
    except PartMissing as problem:
        print(
            f"the tests need: apt install {' '.join(packages)} ({problem})",
            file=sys.stderr,
        )
        return 1
    return install_node_modules()


def install_node_modules() -> int:
    """The OpenID provider and the parser the tests use; the exit code of the command."""
    if not node_modules_missing():
        return 0
    try:
        install_provider()
    except PartMissing as problem:
        print(f"the tests need: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
