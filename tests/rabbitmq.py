"""A real RabbitMQ for the tests, with ports, files and an epmd of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kombu.connection import Connection
from kombu.exceptions import OperationalError

from tests.services import PartMissing, free_port, kill_group, wait_until

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
EPMD = Path("/usr/bin/epmd")
START_SECONDS = 120.0  # Erlang is slow on a busy machine


def rabbitmq_server() -> Path:
    """The server itself: the command on the PATH insists on its own user."""
    if SERVER.exists() and EPMD.exists():
        return SERVER
    raise PartMissing("RabbitMQ: not found; install the package rabbitmq-server")


@dataclass(frozen=True)
class RabbitMq:
    """Its files outlive a restart, as they would."""

    home: Path
    port: int
    dist_port: int
    epmd_port: int

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    @property
    def env(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"yw{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_MNESIA_BASE": str(self.home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.home / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.home / "none"),
            "RABBITMQ_CONF_ENV_FILE": str(self.home / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.home / "plugins"),
            "RABBITMQ_PID_FILE": str(self.home / "pid"),
            # One scheduler that does not spin: the machine has other things to do.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }

    def answers(self) -> bool:
        link = Connection(self.url, connect_timeout=2)  # type: ignore[no-untyped-call]
        with link:
            try:
                link.connect()  # type: ignore[no-untyped-call]
            except (OperationalError, *link.connection_errors):
                return False
        return True

    @contextmanager
    def running(self) -> Iterator[None]:
        """Until the block ends; may be entered again."""
        with (self.home / "server.log").open("ab") as log:
            server = subprocess.Popen(
                [str(rabbitmq_server())],
                env=os.environ | self.env,
                cwd=self.home,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

        def is_up() -> bool:
            if server.poll() is not None:
                raise PartMissing(f"RabbitMQ: ended at once, exit {server.returncode}")
            return self.answers()

        try:
            wait_until(is_up, seconds=START_SECONDS, what="RabbitMQ answers")
            yield
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(timeout=30)
            kill_group(server)


@contextmanager
def rabbitmq() -> Iterator[RabbitMq]:
    """Not yet running; gone with its files afterwards."""
    home = Path(tempfile.mkdtemp(prefix="yw-rabbit-"))
    (home / "plugins").write_text("[].")
    made = RabbitMq(home, free_port(), free_port(), free_port())
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        rabbitmq_server()
        epmd = subprocess.Popen(
            [str(EPMD), "-port", str(made.epmd_port), "-address", "127.0.0.1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        stack.callback(kill_group, epmd)
        yield made
