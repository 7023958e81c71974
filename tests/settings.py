"""The portal's settings as the tests use them: no files, no broker, no secrets."""

from __future__ import annotations

import os
from unittest.mock import patch

# Only while they are read: programs a test starts get none of these.
with patch.dict(
    os.environ,
    {
        "DATABASE_URL": "sqlite://:memory:",
        # Wake-ups stay in this process; a test that wants a worker starts a Redis.
        "REDIS_URL": "memory://",
        "LAUNCH_KEYS": "YW=test-key-0001",
        "LOG_LEVEL": "WARNING",
        "STATIC_FROM_SOURCE": "True",
    },
    clear=True,
):
    from portal.settings import *  # noqa: F403, TID251  # the one reader of settings

# A hash worth its name takes 60 ms; tests that log in by the dozen need not.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# No HIS of its own mapping; tests that mean one name it.
HIS_MAPPING = ""
HIS_TARGETS = ""
