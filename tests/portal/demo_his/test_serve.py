"""The demo HIS as the program ``make demo`` starts."""

from __future__ import annotations

import resource
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from portal.demo_his.database import Database
from portal.his.sql.gateway import SqlGateway
from tests.services import free_port, program, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[3]
KEY = {"LAUNCH_APP": "YW", "LAUNCH_KEY": "station-key-0001"}


class Visitor:
    """A browser of a few lines, with cookies."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar())
        )

    def get(self, path: str) -> tuple[int, str]:
        return self._open(path, None)

    def post(self, path: str, **values: str) -> tuple[int, str]:
        """With the token of the switch page."""
        _status, page = self.get("/switches")
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        values["csrfmiddlewaretoken"] = token
        return self._open(path, urllib.parse.urlencode(values).encode())

    def _open(self, path: str, body: bytes | None) -> tuple[int, str]:
        try:
            with self._opener.open(self.url + path, body, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def answers(self) -> bool:
        try:
            return self.get("/switches")[0] == 200
        except OSError:
            return False


@contextmanager
def served(dsn: str, log: Path, *more: str) -> Iterator[Visitor]:
    port = free_port()
    words = ("-m", "portal.demo_his", "serve", "--dsn", dsn, "--port", str(port))
    with program(*words, *more, env=KEY, log=log):
        visitor = Visitor(f"http://127.0.0.1:{port}")
        wait_until(visitor.answers, what=f"the demo HIS answers; see {log}")
        yield visitor


def test_serve_makes_its_database_and_answers(tmp_path: Path) -> None:
    with served(f"sqlite:///{tmp_path}/his.sqlite3", tmp_path / "log") as visitor:
        status, page = visitor.get("/")
        missing, words = visitor.get("/nothing")
        style, _text = visitor.get("/static/his.css")

    assert (status, missing, style) == (200, 404, 200)
    assert "在岗医生 320 名" in page
    assert "没有这个页面。" in words
    assert (tmp_path / "log").read_text(encoding="utf-8") == ""


def test_serve_again_costs_little(filled_file: Path, tmp_path: Path) -> None:
    """In processor time: the clock on the wall depends on who else is at work."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with served(f"sqlite:///{filled_file}", tmp_path / "log"):
        pass
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime < 2  # 0.7 s on the machine it is made on


def test_down_survives_a_kill_and_is_switched_back(
    database: Database, tmp_path: Path
) -> None:
    dsn = f"sqlite:///{database.path}"
    with served(dsn, tmp_path / "log") as visitor:
        assert visitor.post("/switches/down/on")[0] == 200
        assert visitor.get("/")[0] == 503
    with served(dsn, tmp_path / "log") as visitor:
        assert visitor.get("/")[0] == 503
        visitor.post("/switches/down/off")
        assert visitor.get("/")[0] == 200


def test_lock_ends_with_the_process(database: Database, tmp_path: Path) -> None:
    dsn = f"sqlite:///{database.path}"
    with served(dsn, tmp_path / "log") as visitor:
        assert "变慢" in visitor.post("/switches/slow/on")[1]
    database.run("UPDATE 接口故障 SET 启用 = 0")


def test_proxy_is_served_beside_the_pages(fresh_postgres: str, tmp_path: Path) -> None:
    proxy_port = free_port()
    near = fresh_postgres.replace(
        fresh_postgres.split("@")[1].split("/")[0], f"127.0.0.1:{proxy_port}"
    )
    with served(
        fresh_postgres, tmp_path / "log", "--proxy-port", str(proxy_port)
    ) as visitor:
        gateway = SqlGateway(near, 2)
        assert len(list(gateway.doctors())) == 328
        visitor.post("/switches/down/on")
        assert visitor.get("/station/inpatient")[0] == 503
        visitor.post("/switches/down/off")
        assert visitor.get("/station/inpatient")[0] == 200
        gateway.close()


@pytest.mark.parametrize(
    ("dsn", "key", "words"),
    [
        ("sqlite:///{tmp}/his.sqlite3", "", "LAUNCH_KEY: must be set\n"),
        (
            "postgresql://nobody@127.0.0.1:1/his",
            "k",
            "连接不上演示 HIS 的数据库，请检查 --dsn\n",
        ),
    ],
)
def test_serve_that_cannot_says_so_in_one_line(
    tmp_path: Path, dsn: str, key: str, words: str
) -> None:
    arguments = ["-m", "portal.demo_his", "serve", "--dsn", dsn.format(tmp=tmp_path)]
    done = subprocess.run(
        [sys.executable, *arguments, "--port", str(free_port())],
        cwd=ROOT,
        env={"LAUNCH_KEY": key},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, words)
