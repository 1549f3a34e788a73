from __future__ import annotations

import threading

import anyio
import pytest

from services.api.problems import Refusal
from services.inference.slots import Slots

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_one_works_at_a_time_and_all_are_answered() -> None:
    slots, lock = Slots(waiting=20, seconds=1), threading.Lock()

    def work(number: int) -> int:
        assert lock.acquire(blocking=False)
        lock.release()
        return number

    answers: list[int] = []

    async def ask(number: int) -> None:
        answers.append(await slots.run(lambda: work(number)))

    async with anyio.create_task_group() as group:
        for number in range(20):
            group.start_soon(ask, number)
    assert sorted(answers) == list(range(20))


async def test_whoever_finds_the_line_full_is_told_when_to_come_again() -> None:
    slots = Slots(waiting=1, seconds=4)
    async with slots.place(), anyio.create_task_group() as group:

        async def wait() -> None:
            async with slots.place():
                pass

        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(Refusal) as refused:
            async with slots.place():
                pass
        assert refused.value.status_code == 429
        assert refused.value.headers == {"Retry-After": "4"}
        group.cancel_scope.cancel()


async def test_place_is_free_again_after_a_failure() -> None:
    slots = Slots(waiting=0, seconds=1)

    def fail() -> None:
        raise ValueError

    for _ in range(3):
        with pytest.raises(ValueError):  # noqa: PT011
            await slots.run(fail)
    assert await slots.run(lambda: 7) == 7


async def test_who_goes_away_leaves_the_line() -> None:
    slots = Slots(waiting=1, seconds=1)
    async with slots.place():
        with anyio.move_on_after(0.05):
            await slots.run(lambda: None)
    assert await slots.run(lambda: 1) == 1
