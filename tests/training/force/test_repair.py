import numpy as np
import pytest

from ascension_core.errors import InvalidRecording
from ascension_core.training.force.repair import repaired

TIME = np.arange(0, 20, 0.0125)
FORCE = np.where((TIME > 5) & (TIME < 12), 30.0, 0.0)
LINES = np.arange(TIME.size) + 2


def codes(recording):
    return [note.code for note in recording.notes]


def test_good_recording_is_left_as_it_is():
    recording = repaired(TIME, FORCE, LINES, "pull", [])
    np.testing.assert_array_equal(recording.force_kg, FORCE)
    assert recording.notes == ()


def test_single_spikes_go_and_real_edges_stay():
    spoilt = FORCE.copy()
    spoilt[[100, 700]] = [90.0, -40.0]
    recording = repaired(TIME, spoilt, LINES, "pull", [])
    np.testing.assert_array_equal(recording.force_kg, FORCE)
    assert codes(recording) == ["spikes"]


def test_pull_counted_as_negative_is_turned():
    recording = repaired(TIME, 0.5 - FORCE, LINES, "pull", [])
    np.testing.assert_array_equal(recording.force_kg, FORCE - 0.5)
    assert codes(recording) == ["sign_flipped"]


@pytest.mark.parametrize("offset", [-3.0, -20.0, 3.0])
def test_negative_tare_is_no_negative_pull(offset):
    recording = repaired(TIME, FORCE + offset, LINES, "pull", [])
    np.testing.assert_array_equal(recording.force_kg, FORCE + offset)


def test_time_running_backwards_names_the_line():
    with pytest.raises(InvalidRecording, match=r"pull, line 802: the time runs 9\.987 s backwards"):
        repaired(np.concatenate([TIME[:800], TIME[:800] + 0.001]), FORCE, LINES, "pull", [])
