from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from ascension_core.movement.series import Series
from ascension_core.pose.track import PoseTrack
from ascension_core.report import palette
from ascension_core.report.plots import contact_lanes, filmstrip, measures_over_time, visibility_map

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


def test_filmstrip_shows_the_frames_asked_for_with_the_body(clip: Path, track: PoseTrack) -> None:
    figure = filmstrip(clip, track, [float(track.time[4]), float(track.time[40])], short_side=240)
    assert [axis.get_title() for axis in figure.axes] == ["0:00.16", "0:01.76"]
    image = np.asarray(figure.axes[0].images[0].get_array())
    x, y = np.rint(track.image[4, 13]).astype(int)
    assert np.abs(image[y - 2 : y + 3, x - 2 : x + 3].astype(int) - (40, 44, 52)).max() > 80


def test_measures_share_a_plot_by_side_and_keep_their_gaps(track: PoseTrack, measures: Sequence[Series]) -> None:
    figure = measures_over_time(track, measures)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["Hip height (torso lengths)", "Knee angle (°)"]
    assert [line.get_color() for line in figure.axes[1].lines] == [palette.LEFT_INK, palette.RIGHT_INK]
    assert np.isnan(np.asarray(figure.axes[0].lines[0].get_ydata())).sum() == 6


def test_measures_without_any_value_are_refused(track: PoseTrack) -> None:
    with pytest.raises(ValueError, match="None of these"):
        measures_over_time(track, [Series("x", "X", "", np.full(len(track), np.nan))])


def test_visibility_map_is_empty_where_nothing_is_known(track: PoseTrack) -> None:
    shown = np.ma.filled(visibility_map(track).axes[0].images[0].get_array().astype(float), np.nan)
    assert shown.shape == (33, len(track))
    assert np.isnan(shown[15, 30:36]).all()
    assert shown[15, 0] == pytest.approx(0.95)


def test_lanes_have_a_bar_for_each_contact_where_its_time_is(attempt: Any) -> None:
    (axis,) = contact_lanes(attempt.analysis).axes
    bars = [(bar.get_x(), bar.get_width(), round(bar.get_y() + 0.35)) for bar in axis.patches[1:]]
    limbs = ["left_hand", "right_hand", "left_foot", "right_foot"]
    expected = [(c.start_ms / 1000, (c.end_ms - c.start_ms) / 1000, limbs.index(c.limb)) for c in attempt.analysis.contacts]
    np.testing.assert_allclose(bars, expected)
    assert {text.get_text() for text in axis.texts} == {c.hold for c in attempt.analysis.contacts if c.hold != "ground"}
