from __future__ import annotations

import pytest

from ascension_core.errors import InvalidOption
from ascension_core.report.widgets.clip import frame_times
from experiments.workbench.clips import beginning


def test_the_beginning_has_the_frames_of_the_clip_up_to_then(synthetic_clip, tmp_path):
    cut = beginning(synthetic_clip, 0.5, tmp_path / "new")
    assert frame_times(cut).round(3).tolist() == [round(k / 30, 3) for k in range(15)]


def test_a_clip_that_is_short_enough_is_taken_as_it_is(short_clip, tmp_path):
    assert beginning(short_clip, 60, tmp_path) == beginning(short_clip, None, tmp_path) == short_clip
    assert list(tmp_path.iterdir()) == []


def test_no_time_at_all_is_refused(short_clip, tmp_path):
    with pytest.raises(InvalidOption, match="got 0"):
        beginning(short_clip, 0, tmp_path)
