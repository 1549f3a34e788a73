import pytest

from services.worker.failures import LONGEST_MESSAGE, failure_of


@pytest.mark.parametrize(
    ("name", "passing"),
    [
        ("ServerUnavailable", True),
        ("ConnectionRefusedError", True),
        ("BrokenPipeError", True),
        ("TimeoutError", True),
        ("UnreadableVideo", False),
        ("OSError", False),
        ("MemoryError", False),
        ("print", False),
        ("OfNobodyKnown", False),
    ],
)
def test_only_what_is_away_may_come_back(name, passing):
    assert failure_of(name, "why").passing is passing


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("one\ntwo", "one"),
        ("\n  one  \n", "one"),
        ("", "KeyError"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("cannot open /w/job-7/clip.mp4 in /w/job-7", "cannot open clip.mp4 in ."),
    ],
)
def test_message_is_one_plain_line(value, line):
    assert failure_of("KeyError", value, folders=("/w/job-7",)).message == line


def test_long_message_is_cut():
    assert len(failure_of("E", "x" * 100_000).message) == LONGEST_MESSAGE + 1
