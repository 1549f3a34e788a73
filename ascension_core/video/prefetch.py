"""Run a producer one step ahead of its consumer, on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class _End:
    error: BaseException | None


def prefetch(produce: Callable[[], Generator[T, None, None]], depth: int) -> Generator[T, None, None]:
    """Yield what `produce` yields, computed up to `depth` items ahead on another thread.

    Useful where the producer releases the interpreter lock (decoding does). An error of the producer is raised here, after
    the items before it. When the consumer stops early the producer is closed on its own thread, which ends before this
    generator does.
    """
    results: SimpleQueue[T | _End] = SimpleQueue()
    free = Semaphore(depth)
    stop = Event()

    def work() -> None:
        error: BaseException | None = None
        try:
            with closing(produce()) as items:
                for item in items:
                    free.acquire()
                    if stop.is_set():
                        break
                    results.put(item)
        except BaseException as caught:  # handed to the consumer, who raises it
            error = caught
        results.put(_End(error))

    thread = Thread(target=work, name="ascension-decode", daemon=True)
    thread.start()
    try:
        while not isinstance(item := results.get(), _End):
            free.release()
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        free.release()
        thread.join()
