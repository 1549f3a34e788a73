import threading

import pytest

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.examination import Check, examine


@pytest.fixture
def hanging():
    """A look that does not end before the test does."""
    over = threading.Event()
    yield lambda: str(over.wait(60))
    over.set()


def fail(error):
    def look():
        raise error

    return look


def test_findings_come_in_order_with_advice_only_where_something_is_wrong():
    checks = [Check("good", lambda: "fine", "none"), Check("bad", fail(ServerUnavailable("it is\naway")), "start it")]
    good, bad = examine(checks)
    assert (good.ok, good.said, good.advice) == (True, "fine", "")
    assert (bad.ok, bad.said, bad.advice) == (False, "it is away", "start it")


def test_error_without_a_message_is_named():
    assert examine([Check("bad", fail(ZeroDivisionError()), "")])[0].said == "ZeroDivisionError"


def test_checks_run_at_once_and_one_that_hangs_does_not_hold_up_the_others(hanging):
    meeting = threading.Barrier(2, timeout=30)
    meet = Check("meets", lambda: str(meeting.wait() >= 0), "")
    findings = examine([Check("hangs", hanging, "look at it"), meet, Check("also", meet.look, "")], 5.0)
    assert [finding.ok for finding in findings] == [False, True, True]
    assert findings[0].said == "no answer in 5 s"
