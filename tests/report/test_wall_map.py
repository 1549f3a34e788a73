from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from ascension_core.report.wall_map import pack_map, wall_map


def test_holds_stand_where_they_are_numbered_in_the_order_of_use(attempt: Any) -> None:
    drawn = wall_map(attempt.analysis, attempt.track, attempt.camera, attempt.picture, 400)
    holds = {hold.id: hold for hold in attempt.analysis.wall.holds}
    assert [hold.number for hold in drawn.holds] == list(range(1, len(drawn.holds) + 1))
    assert [hold.first for hold in drawn.holds] == sorted(hold.first for hold in drawn.holds)
    for shown in drawn.holds:
        x, y, width, _ = holds[shown.id].box
        assert shown.mark == pytest.approx(((x + width) * 720, y * 1280), abs=0.1)
    by_hand = {contact.hold for contact in attempt.analysis.contacts if contact.limb.endswith("hand")}
    assert {hold.id for hold in drawn.holds if hold.hands} == by_hand


def test_the_hips_go_up_on_the_wall_though_the_camera_shakes(attempt: Any) -> None:
    drawn = wall_map(attempt.analysis, attempt.track, attempt.camera, attempt.picture, 400)
    (path,) = drawn.paths
    points = np.array(re.findall(r"([\d.]+) ([\d.]+)", path), float)
    seconds = (attempt.analysis.climb.end_ms - attempt.analysis.climb.start_ms) / 1000
    assert len(points) == pytest.approx(30 * seconds, abs=2)
    metres = np.array([truth[[23, 24]].mean(0) for truth in attempt.track.world])[-len(points) :, 2]
    assert np.corrcoef(points[:, 1], metres)[0, 1] < -0.99


def test_the_path_breaks_where_the_wall_is_lost(attempt: Any) -> None:
    image = attempt.track.image.copy()
    image[200:210] = np.nan
    drawn = wall_map(attempt.analysis, attempt.track.with_(image=image), attempt.camera, attempt.picture, 400)
    assert len(drawn.paths) == 2


def test_the_picture_is_small_and_keeps_what_was_never_seen_transparent(attempt: Any, tmp_path: Path) -> None:
    picture = cv2.cvtColor(cv2.imread(str(attempt.picture)), cv2.COLOR_BGR2BGRA)
    picture[:640, :, 3] = 0
    cv2.imwrite(str(tmp_path / "wall.png"), picture)
    drawn = wall_map(attempt.analysis, attempt.track, attempt.camera, tmp_path / "wall.png", 320)
    kind, data = drawn.picture.split(",")
    assert kind == "data:image/webp;base64"
    copy = Image.open(io.BytesIO(base64.b64decode(data)))
    assert copy.size == (180, 320)
    alpha = np.asarray(copy)[..., 3]
    assert alpha[:150].max() == 0
    assert alpha[170:].min() == 255


def test_places_on_the_map_follow_its_origin_and_scale(attempt: Any) -> None:
    wall = attempt.analysis.wall
    shifted = wall.picture.model_copy(update={"origin": (-0.5, -0.25), "scale": 0.5})
    analysis = attempt.analysis.model_copy(update={"wall": wall.model_copy(update={"picture": shifted})})
    plain = wall_map(attempt.analysis, attempt.track, attempt.camera, attempt.picture, 400)
    moved = wall_map(analysis, attempt.track, attempt.camera, attempt.picture, 400)
    for before, after in zip(plain.holds, moved.holds, strict=True):
        assert after.mark == pytest.approx(np.array(before.mark) / 2 + (180, 160), abs=0.2)
    assert pack_map(moved)["scale"] == [360, 640]


def test_without_a_picture_there_is_no_map(attempt: Any) -> None:
    wall = attempt.analysis.wall.model_copy(update={"picture": None})
    analysis = attempt.analysis.model_copy(update={"wall": wall})
    assert wall_map(analysis, attempt.track, attempt.camera, attempt.picture, 400) is None
