"""How often who may call. Counted in memory, per process: behind a balancer each process lets its share through."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from services.api.problems import Refusal


class Throttle:
    """Lets each caller make so many requests in any minute.

    Parameters
    ----------
    rate
        Requests a minute; 0 for as many as they like.
    """

    def __init__(self, rate: int) -> None:
        self._limit = RateLimitItemPerMinute(rate) if rate else None
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def admit(self, caller: str) -> None:
        """Count a request.

        Raises
        ------
        Refusal
            429, with when to come back, if it is one too many.
        """
        if self._limit is None or self._limiter.hit(self._limit, caller):
            return
        reset = self._limiter.get_window_stats(self._limit, caller).reset_time
        wait_s = max(1, math.ceil(reset - time.time()))
        raise Refusal(429, f"more than {self._limit.amount} requests in a minute: wait {wait_s} s", retry_after_s=wait_s)
