import pytest

from ascension_core.notebook import MIME, progress
from ascension_core.progress import silent


class Line:
    """What a notebook would show."""

    def __init__(self):
        self.shown = []

    def display(self, bundle, *, raw, display_id):
        assert raw
        assert display_id
        self.shown.append(bundle)
        return self

    def update(self, bundle, *, raw):
        assert raw
        self.shown.append(bundle)

    @property
    def told(self):
        return [tuple(bundle[MIME].values()) for bundle in self.shown]


@pytest.fixture
def line(monkeypatch):
    line = Line()
    monkeypatch.setattr("IPython.core.getipython.get_ipython", object)
    monkeypatch.setattr("IPython.display.display", line.display)
    return line


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_progress_is_silent_outside_of_a_notebook():
    assert progress() is silent


def test_stages_and_ends_are_always_shown_and_the_rest_five_times_a_second(line, clock):
    tell = progress()
    for tick in range(9):
        clock[0] = tick / 8
        tell("pose", tick / 16)
    tell("pose", 1.0)
    tell("wall", 0.0, "looking")
    tell("wall", 0.5, "too soon")
    assert [fraction for stage, fraction, _ in line.told if stage == "pose"] == [0, 1 / 8, 2 / 8, 3 / 8, 4 / 8, 1]
    assert [report for report in line.told if report[0] == "wall"] == [("wall", 0.0, "looking")]


def test_people_see_a_line(line):
    tell = progress()
    tell("pose", 0.254, "frame 12")
    tell("wall", 7.0)
    assert [bundle["text/plain"] for bundle in line.shown] == ["pose  25%  frame 12", "wall 100%"]
    assert line.told[1] == ("wall", 1.0, "")
