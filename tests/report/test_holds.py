from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ascension_core.report.drawing import PoseStyle
from ascension_core.report.holds import HoldPainter, HoldStyle, draw_label, to_image
from ascension_core.results import Analysis, ContactSpan, Wall, WallHold
from ascension_core.wall.camera import CameraTrack, still

AnalysisOf = Callable[..., Analysis]
SIZE = (200, 100)
STYLE = PoseStyle()


def square(name: str, x: float, y: float, colour: str | None) -> WallHold:
    outline = [(x, y), (x + 0.1, y), (x + 0.1, y + 0.2), (x, y + 0.2)]
    return WallHold(id=name, kind="hold", box=(x, y, 0.1, 0.2), outline=outline, colour=colour, confidence=1, inferred=False)


def touch(limb: str, hold: str, place: tuple[float, float] = (0.5, 0.5)) -> ContactSpan:
    return ContactSpan(
        limb=limb, hold=hold, start_ms=1000.001, end_ms=1033.334, place=place, confidence=1, start_open=False, end_open=False
    )  # type: ignore[arg-type]


def paint(analysis_of: AnalysisOf, camera: CameraTrack, contacts: list[ContactSpan], frame: int) -> np.ndarray:
    wall = Wall(
        reference_ms=0, camera="static", cuts_ms=[], placed_fraction=1, camera_file="c", picture=None, overhang_deg=None,
        holds=[square("h1", 0.1, 0.4, "green"), square("h2", 0.6, 0.4, None)], routes=[],
    )  # fmt: skip
    analysis = analysis_of("a.mp4").model_copy(update={"wall": wall, "contacts": contacts})
    painter = HoldPainter(analysis, camera, SIZE, HoldStyle(), STYLE)
    return painter(np.full((100, 200, 3), 60, np.uint8), frame, float(camera.time[frame]), 4.0)


@pytest.fixture
def camera() -> CameraTrack:
    return still(np.array([29, 30, 31]) / 30, SIZE)


def test_every_hold_is_outlined_in_its_colour_and_nothing_else_is_touched(analysis_of: AnalysisOf, camera: CameraTrack) -> None:
    image = paint(analysis_of, camera, [], 0)
    assert (image[50, 30] == 60).all()
    red, green, blue = image[50, 20].astype(int)
    assert green > red + 30
    assert green > blue + 30
    ys, xs = np.nonzero((image != 60).any(-1))
    assert set(np.unique(xs // 20)) <= {0, 1, 2, 5, 6, 7}
    assert ys.min() >= 37
    assert ys.max() <= 62


@pytest.mark.parametrize(("frame", "lit"), [(0, False), (1, True), (2, False)])
def test_a_hold_is_lit_in_the_colour_of_the_limb_while_it_is_held(
    analysis_of: AnalysisOf, camera: CameraTrack, frame: int, lit: bool
) -> None:
    image = paint(analysis_of, camera, [touch("left_hand", "h1")], frame)
    red, _, blue = image[50, 30].astype(int)
    assert (blue > red + 30) == lit


def test_a_foot_on_the_bare_wall_is_a_ring_at_its_place(analysis_of: AnalysisOf, camera: CameraTrack) -> None:
    image = paint(analysis_of, camera, [touch("right_foot", "smear", (0.5, 0.5))], 1)
    bright = (image[..., 0].astype(int) > image[..., 2].astype(int) + 60).nonzero()
    assert (bright[1].mean(), bright[0].mean()) == pytest.approx((100, 50), abs=1)
    assert (image[50, 100] == 60).all()


def test_holds_move_with_the_camera_and_vanish_where_it_is_lost(analysis_of: AnalysisOf, camera: CameraTrack) -> None:
    to_wall = camera.to_wall.copy()
    to_wall[1, 0, 2] = 15.0  # what lies at x in this frame lies at x + 15 on the wall
    to_wall[2] = np.nan
    panned = replace(camera, to_wall=to_wall, static=False)
    assert (paint(analysis_of, panned, [], 1)[50, 5] != 60).any()
    assert (paint(analysis_of, panned, [], 1)[50, 20] == 60).all()
    assert (paint(analysis_of, panned, [], 2) == 60).all()


def test_a_wall_without_holds_is_nothing_to_paint(analysis_of: AnalysisOf, camera: CameraTrack) -> None:
    wall = Wall(
        reference_ms=0, camera="static", cuts_ms=[], placed_fraction=1, camera_file="c", picture=None, overhang_deg=None,
        holds=[], routes=[],
    )  # fmt: skip
    painter = HoldPainter(analysis_of("a.mp4").model_copy(update={"wall": wall}), camera, SIZE, HoldStyle(), STYLE)
    assert (painter(np.full((100, 200, 3), 60, np.uint8), 0, 0.0, 4.0) == 60).all()


def test_matrices_are_in_shares_of_the_frame(camera: CameraTrack) -> None:
    shifted = replace(camera, to_wall=camera.to_wall + np.array([[0, 0, 20.0], [0, 0, 10.0], [0, 0, 0]]))
    np.testing.assert_allclose(to_image(shifted)[0], [[1, 0, -0.1], [0, 1, -0.1], [0, 0, 1]], atol=1e-12)


@pytest.mark.parametrize("corner", [(-50.0, 50.0), (198.0, 50.0), (50.0, 2.0), (1e9, -1e9)])
def test_a_label_that_does_not_fit_is_left_out(corner: tuple[float, float]) -> None:
    image = np.full((100, 200, 3), 60, np.uint8)
    assert (draw_label(image, "h12", np.array([corner, corner]), 12, STYLE) == 60).all()
