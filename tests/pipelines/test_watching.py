from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ascension_core.pipelines.watching import Presence, beside


def person(*sightings: tuple[float, float]) -> Any:
    """Somebody who is a square of 10 px whose left upper corner lies at (x, x) at each time."""
    points = np.array([[0.0, 0.0], [10.0, 10.0]])
    bodies = [SimpleNamespace(time=time, body=SimpleNamespace(image=points + x)) for time, x in sightings]
    return SimpleNamespace(sightings=tuple(bodies))


class TestPresence:
    def test_between_two_sightings_the_box_holds_both(self) -> None:
        boxes = Presence([person((1.0, 0), (1.2, 30))]).boxes(1.1)
        np.testing.assert_array_equal(boxes, [[0, 0, 40, 40]])

    def test_somebody_stays_for_a_moment_before_and_after(self) -> None:
        presence = Presence([person((1.0, 0), (1.2, 30))])
        np.testing.assert_array_equal(presence.boxes(0.5), [[0, 0, 10, 10]])
        np.testing.assert_array_equal(presence.boxes(1.8), [[30, 30, 40, 40]])
        assert presence.boxes(0.1).shape == (0, 4)
        assert presence.boxes(2.1).shape == (0, 4)

    def test_in_a_long_break_nobody_is_there(self) -> None:
        presence = Presence([person((1.0, 0), (5.0, 30))])
        assert len(presence.boxes(3.0)) == 0
        np.testing.assert_array_equal(presence.boxes(4.9), [[30, 30, 40, 40]])

    def test_everyone_has_a_box(self) -> None:
        assert Presence([person((1.0, 0)), person((1.0, 50)), person((9.0, 80))]).boxes(1.0).tolist() == [
            [0, 0, 10, 10],
            [50, 50, 60, 60],
        ]

    def test_without_people_there_are_no_boxes(self) -> None:
        assert Presence([]).boxes(0.0).shape == (0, 4)


class TestBeside:
    def test_work_is_done_in_order_on_another_thread(self) -> None:
        done: list[tuple[int, str]] = []
        with beside(lambda frame: done.append((frame, threading.current_thread().name))) as hand_over:  # type: ignore[arg-type]
            for frame in range(50):
                hand_over(frame)  # type: ignore[arg-type]
        assert [frame for frame, _ in done] == list(range(50))
        assert {name for _, name in done} == {"ascension-wall"}

    def test_an_error_of_the_work_is_raised_where_frames_are_handed_over(self) -> None:
        def fail(frame: object) -> None:
            raise ZeroDivisionError(str(frame))

        def hand_over_all() -> None:
            with beside(fail) as hand_over:
                for frame in range(1000):
                    hand_over(frame)  # type: ignore[arg-type]

        with pytest.raises(ZeroDivisionError, match="0"):
            hand_over_all()

    def test_an_error_with_the_last_frame_is_raised_at_the_end(self) -> None:
        def fail(_frame: object) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), beside(fail) as hand_over:
            hand_over(0)  # type: ignore[arg-type]

    def test_an_error_of_the_caller_ends_the_thread_and_is_raised(self) -> None:
        before = threading.active_count()
        with pytest.raises(KeyError), beside(lambda _frame: None):
            raise KeyError
        assert threading.active_count() == before
