"""``make demo``: one clear line when it cannot, everything when it can, nothing after."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.demo_stack import ROOT, DemoStack, demo_environment, running_demo
from tests.services import free_port, wait_until

pytestmark = pytest.mark.integration
PROGRAMS = ("redis", "his", "portal", "worker", "beat")


def is_alive(pid: int) -> bool:
    """Running, not a zombie waiting to be collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return state.rsplit(")", 1)[1].split()[0] != "Z"


def is_answering(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=5) as page:
        return bool(page.status == 200)


def refused(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for all demos of this module: the first prepares it."""
    return tmp_path_factory.mktemp("demo") / "var"


@pytest.mark.parametrize("variable", ["PORT", "HIS_PORT"])
def test_busy_port_is_refused_in_one_line_before_anything_starts(
    variable: str, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = demo_environment(tmp_path / "var", free_port(), free_port())
        done = refused(environment | {variable: str(port)})
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert f"端口 {port} 已被占用（{variable}）" in done.stderr
    assert not (tmp_path / "var").exists()


def test_port_that_is_no_number_is_refused_in_one_line(tmp_path: Path) -> None:
    environment = demo_environment(tmp_path / "var", free_port(), free_port())
    done = refused(environment | {"PORT": "web"})
    assert done.returncode == 1
    assert done.stderr == "PORT: must be a whole number, not 'web'\n"


def test_demo_runs_everything_and_leaves_nothing(var: Path) -> None:
    with running_demo(var) as demo:
        assert is_answering(demo.portal_url)
        assert is_answering(demo.his_url)
        pids = {name: demo.pid(name) for name in PROGRAMS}
        assert {name for name, pid in pids.items() if is_alive(pid)} == set(PROGRAMS)
        for address in (demo.portal_url, demo.his_url, "2031", "Ctrl-C"):
            assert address in demo.printed()
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in (var / "secrets").iterdir()
        }
        names = ("secret_key", "launch_apps", "launch_key", "his_api_key")
        assert modes == dict.fromkeys(names, 0o600)
        assert demo.stop() == 0
    assert {name for name, pid in pids.items() if is_alive(pid)} == set()


def test_worker_is_started_again_however_often_it_is_killed(var: Path) -> None:
    with running_demo(var) as demo:
        for _time in range(4):
            first = demo.pid("worker")
            os.kill(first, signal.SIGKILL)
            wait_until(lambda: demo.pid("worker") != first, what="a new worker")  # noqa: B023
        assert is_alive(demo.pid("worker"))
        assert "Celery worker 已退出，重新启动。" in demo.printed()


def test_killed_portal_ends_the_demo_with_its_last_lines(var: Path) -> None:
    with running_demo(var) as demo:
        pids = [demo.pid(name) for name in PROGRAMS]
        os.kill(demo.pid("portal"), signal.SIGKILL)
        assert demo.process.wait(timeout=30) == 1
        assert "门户 已退出，演示停止。最后的日志" in demo.printed()
    assert [pid for pid in pids if is_alive(pid)] == []


def test_killed_demo_leaves_no_program_behind(var: Path) -> None:
    with running_demo(var) as demo:
        pids = [demo.pid(name) for name in PROGRAMS]
        demo.process.kill()
        wait_until(lambda: not any(map(is_alive, pids)), what="all programs ended")


def test_second_demo_on_the_same_directory_is_refused(var: Path) -> None:
    with running_demo(var):
        done = refused(demo_environment(var, free_port(), free_port()))
    assert done.returncode == 1
    assert done.stderr == f"另一个演示正在使用 {var}，请先停止它。\n"


def test_reset_starts_over(var: Path) -> None:
    with running_demo(var):
        before = (var / "secrets" / "secret_key").read_text(encoding="utf-8")
    with running_demo(var, RESET="1"):
        after = (var / "secrets" / "secret_key").read_text(encoding="utf-8")
    assert before != after


def test_reset_never_empties_a_directory_that_is_not_the_demos(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("keep", encoding="utf-8")
    environment = demo_environment(tmp_path, free_port(), free_port())
    done = refused(environment | {"RESET": "1"})
    assert done.returncode == 1
    assert done.stderr == f"{tmp_path} 不是演示的目录，RESET=1 不清空它。\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_demo_stack_is_ready_to_be_walked_through(demo_stack: DemoStack) -> None:
    assert is_answering(demo_stack.portal_url)
