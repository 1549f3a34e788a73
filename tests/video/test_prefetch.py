from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from ascension_core.video.prefetch import prefetch


def numbers(count: int, made: list[int], closed: list[bool]) -> Generator[int, None, None]:
    try:
        for number in range(count):
            made.append(number)
            yield number
    finally:
        closed.append(True)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "ascension-decode"]


def test_everything_arrives_in_order_and_the_thread_ends() -> None:
    assert list(prefetch(lambda: numbers(100, [], []), 3)) == list(range(100))
    assert threads() == []


def test_producer_runs_ahead_by_no_more_than_the_depth() -> None:
    made: list[int] = []
    items = prefetch(lambda: numbers(100, made, []), 3)
    next(items)
    time.sleep(0.1)
    assert 1 < len(made) <= 1 + 3 + 1  # taken, waiting, and one in the producer's hand
    items.close()


def test_consumer_that_stops_early_closes_the_producer() -> None:
    made: list[int] = []
    closed: list[bool] = []
    for number in prefetch(lambda: numbers(1000, made, closed), 3):
        if number == 5:
            break
    assert closed == [True]
    assert len(made) < 20
    assert threads() == []


def test_consumer_that_raises_leaves_no_thread() -> None:
    def consume() -> None:
        for _ in prefetch(lambda: numbers(1000, [], []), 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        consume()
    assert threads() == []


def test_error_of_the_producer_arrives_after_the_items_before_it() -> None:
    def faulty() -> Generator[int, None, None]:
        yield 1
        yield 2
        raise ValueError("broken")

    seen: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        seen.extend(prefetch(faulty, 1))
    items = prefetch(faulty, 1)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(items)
    assert threads() == []
