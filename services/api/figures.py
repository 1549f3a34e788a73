"""What Prometheus reads: requests, how long they took, and who follows jobs."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "WEBSOCKET"})
_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Figures:
    """The figures of one application; none are shared with another in the same process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("ascension_api_requests", "Requests", labels, registry=self._registry)
        self._seconds = Histogram(
            "ascension_api_request_seconds",
            "Time to the end of the answer",
            ("method", "route"),
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._followers = Gauge("ascension_api_followers", "Clients that follow jobs now", registry=self._registry)

    def follow(self, followers: Callable[[], int]) -> None:
        """Where to look up how many follow jobs."""
        self._followers.set_function(followers)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request, by the pattern of its route: ids would make a series each."""
        method = method if method in _METHODS else "OTHER"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
