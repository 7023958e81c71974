"""gunicorn's configuration, for a hospital as for the demo.

``gunicorn --config portal/deploy/gunicorn.py --bind 127.0.0.1:8000 portal.wsgi``
"""

from __future__ import annotations

import gc
from typing import Any

worker_class = "gthread"
workers = 2
threads = 8
# Loaded once, before the workers are forked: half the work at the start.
preload_app = True
timeout = 30
graceful_timeout = 10
keepalive = 5
# The request log is written by portal.ui.middleware: numbers, never persons.
accesslog = None
errorlog = "-"
forwarded_allow_ips = "127.0.0.1"
# Heartbeat files in memory: a slow disk must not look like a dead worker.
worker_tmp_dir = "/dev/shm"  # noqa: S108
# Its control socket would lie in the home directory and be shared by two portals.
control_socket_disable = True


def post_fork(_server: Any, _worker: Any) -> None:
    """What was preloaded stays: the collector need not walk it in a request."""
    gc.freeze()
