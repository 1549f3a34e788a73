from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.pose.keypoints import KEYPOINTS, Keypoint
from ascension_core.pose.track import PoseTrack
from ascension_core.report import palette
from ascension_core.report.drawing import PoseStyle, draw_centre, draw_pose, draw_trail

GREY = 128
STYLE = PoseStyle(line_px=6)


def blank(width: int = 240, height: int = 320) -> np.ndarray:
    return np.full((height, width, 3), GREY, np.uint8)


def drawn(points: np.ndarray, visibility: float = 1.0, observed: bool = True) -> np.ndarray:
    shape = (KEYPOINTS,)
    return draw_pose(blank(), points, np.full(shape, visibility), np.full(shape, observed), STYLE)


def arm(side: str) -> np.ndarray:
    points = np.full((KEYPOINTS, 2), np.nan)
    points[Keypoint[f"{side}_ELBOW"]] = 40, 100
    points[Keypoint[f"{side}_WRIST"]] = 200, 100
    return points


def changed(image: np.ndarray) -> int:
    return int((image != GREY).any(-1).sum())


@pytest.mark.parametrize(("side", "colour"), [("LEFT", palette.LEFT), ("RIGHT", palette.RIGHT)])
def test_each_side_has_its_colour(side: str, colour: str) -> None:
    assert tuple(drawn(arm(side))[100, 120]) == palette.rgb(colour)


def test_draws_into_the_image_that_it_returns() -> None:
    image = blank()
    assert draw_pose(image, arm("LEFT"), np.ones(KEYPOINTS), np.ones(KEYPOINTS, bool), STYLE) is image
    assert changed(image) > 0


def test_unknown_and_invisible_keypoints_leave_no_trace() -> None:
    assert changed(drawn(np.full((KEYPOINTS, 2), np.nan))) == 0
    assert changed(drawn(arm("LEFT"), visibility=STYLE.hidden_below / 2)) == 0


def test_the_less_visible_the_paler() -> None:
    blue = np.array(palette.rgb(palette.LEFT), float)
    distance = [np.abs(drawn(arm("LEFT"), v)[100, 120] - blue).sum() for v in (0.15, 0.35, 0.6, 1.0)]
    assert distance[0] > distance[1] > distance[2] == distance[3] == 0


def test_what_is_estimated_is_dashed() -> None:
    solid, dashed = (drawn(arm("LEFT"), observed=observed)[100, 60:180].astype(int) for observed in (True, False))
    solid, dashed = (row[:, 2] - row[:, 0] > 60 for row in (solid, dashed))
    assert solid.all()
    assert 0.2 < dashed.mean() < 0.95
    assert np.abs(np.diff(dashed.astype(int))).sum() >= 4


def test_lines_grow_with_the_torso() -> None:
    assert STYLE.for_torso(520).line_px == pytest.approx(2 * STYLE.for_torso(260).line_px)


def test_touches_only_the_neighbourhood_of_the_body(track: PoseTrack) -> None:
    image = draw_pose(blank(), track.image[0], track.visibility[0], track.observed[0], STYLE)
    ys, xs = np.nonzero((image != GREY).any(-1))
    low, high = np.nanmin(track.image[0], 0) - 4 * STYLE.line_px, np.nanmax(track.image[0], 0) + 4 * STYLE.line_px
    assert low[0] <= xs.min() <= xs.max() <= high[0]
    assert low[1] <= ys.min() <= ys.max() <= high[1]


coordinates = st.floats(-1e9, 1e9) | st.floats(-500, 500) | st.just(np.nan)


@settings(max_examples=60)
@given(st.lists(st.tuples(coordinates, coordinates), min_size=KEYPOINTS, max_size=KEYPOINTS), st.floats(0, 1), st.booleans())
def test_any_coordinates_can_be_drawn(points: list[tuple[float, float]], visibility: float, observed: bool) -> None:
    image = drawn(np.array(points), visibility, observed)
    assert image.shape == (320, 240, 3)


def test_mirrored_points_give_the_mirrored_picture() -> None:
    points = arm("LEFT")
    mirrored = points.copy()
    mirrored[:, 0] = 239 - points[:, 0]
    difference = drawn(points)[:, ::-1].astype(int) - drawn(mirrored)
    assert np.abs(difference).mean() < 0.05


def test_trail_ends_thick_and_breaks_where_unknown() -> None:
    path = np.stack([np.linspace(20, 220, 41), np.full(41, 160.0)], -1)
    path[20:24] = np.nan
    image = draw_trail(blank(), path, PoseStyle(line_px=12))
    thickness = (image != GREY).any(-1).sum(0)
    assert thickness[215] > thickness[25] > 0
    assert thickness[130] == 0


def test_centre_is_marked_where_it_is() -> None:
    image = draw_centre(blank(), np.array([100.0, 200.0]), STYLE)
    ys, xs = np.nonzero((image != GREY).any(-1))
    assert (xs.mean(), ys.mean()) == pytest.approx((100, 200), abs=0.6)
    assert changed(draw_centre(blank(), np.array([np.nan, 3]), STYLE)) == 0
