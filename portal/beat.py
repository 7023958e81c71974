"""The elected beat: of several, one sends; another takes over when it falls silent.

redbeat keeps schedule and lock in Redis and ends when it loses either. Ours goes on: a
wiped Redis is filled again, an absent one waited for, and who lost the lock stands for
election like everybody else. While it does not hold the lock it sends nothing.
"""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

from redbeat.schedulers import (
    RedBeatScheduler,
    acquire_distributed_beat_lock,
    get_redis,
)
from redis.exceptions import RedisError

from portal.broker import PAUSE_SECONDS

logger = logging.getLogger(__name__)


class ElectedScheduler(RedBeatScheduler):  # type: ignore[misc]
    """Named by ``portal.broker.election``."""

    lock: Any

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Seconds until there is something to do again."""
        try:
            if self.lock is None:
                self.stand_for_election()
            self.refill()
            found: float = super().tick(*args, **kwargs)
        except (RedisError, OSError) as problem:
            logger.warning("beat not elected", extra={"why": type(problem).__name__})
            self.lock = None
            return PAUSE_SECONDS
        return found

    def stand_for_election(self) -> None:
        """Waits until nobody else holds the lock."""
        acquire_distributed_beat_lock(sender=SimpleNamespace(scheduler=self))
        logger.warning("beat elected")

    def refill(self) -> None:
        """What a wipe took out of Redis is put there again."""
        if not get_redis(self.app).exists(self.app.redbeat_conf.schedule_key):
            self.setup_schedule()
