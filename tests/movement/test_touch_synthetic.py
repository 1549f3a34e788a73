"""Contacts and moves of the synthetic clip from its true keypoints and holds: what the pose gets wrong is set aside."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ascension_core.movement.climb import find_climb
from ascension_core.movement.touch import find_contacts
from ascension_core.pose.track import PoseTrack
from ascension_core.wall.camera import CameraTrack
from ascension_core.wall.holds import Hold
from experiments.contact_evaluation import score_contacts
from experiments.contact_matching import Found
from experiments.contact_truth import load_contact_truth
from experiments.synthetic import load_truth
from experiments.synthetic.truth import image_box


@pytest.fixture(scope="module")
def truth_path(root):
    return root / "experiments" / "synthetic" / "clip" / "truth.json.gz"


@pytest.fixture(scope="module")
def scene(truth_path):
    """Track, camera and holds of the truth, with a pixel of noise."""
    truth = load_truth(truth_path)
    time = np.arange(truth["frames"]) / truth["fps"]
    noise = np.random.default_rng(1).normal(size=(len(time), 33, 2))
    seen = np.array(truth["visible"], bool)
    track = PoseTrack(
        time=time,
        image=np.array(truth["keypoints"]) + noise,
        world=np.full((len(time), 33, 3), np.nan),
        visibility=0.5 + 0.4 * seen,
        observed=seen,
        size=tuple(truth["size"]),
    )
    to_image = np.array(truth["camera"]["wall_to_image"])
    to_wall = to_image[0] @ np.linalg.inv(to_image)
    camera = CameraTrack(
        time=time,
        to_wall=to_wall / to_wall[:, 2:, 2:],
        quality=np.ones(len(time)),
        shot=np.zeros(len(time), np.int64),
        reference=0,
        size=track.size,
        static=False,
    )
    return track, camera, [_hold(hold, truth["camera"]) for hold in truth["holds"]], truth


def _hold(hold, camera):
    matrix = np.array(camera["intrinsics"]) @ np.array(camera["rotations"][0])
    seen = (np.array(hold["outline"]) - camera["centre"]) @ matrix.T
    outline = cv2.convexHull((seen[:, :2] / seen[:, 2:]).astype(np.float32))[:, 0].astype(float)
    return Hold(hold["id"], hold["kind"], image_box(hold, camera, 0), outline, 0.9, hold["colour"])


@pytest.mark.parametrize("share", [1.0, 0.7, 0.0])
def test_contacts_are_found_with_all_holds_some_or_none(scene, truth_path, share):
    track, camera, holds, _ = scene
    kept = [hold for hold, keep in zip(holds, np.random.default_rng(2).random(len(holds)) < share, strict=True) if keep]
    contacts = find_contacts(track, camera, kept).contacts
    assert score_contacts(Found(contacts, track, camera), load_contact_truth(truth_path))["f1_at_0.5"] >= 0.92


def test_climb_is_told_as_it_was_planned(scene):
    track, camera, holds, truth = scene
    touches = find_contacts(track, camera, holds)
    climb = find_climb(track, camera, touches.contacts, touches.holds)
    start, _ = truth["contacts"]["climb"]
    assert climb.start == pytest.approx(start, abs=0.15)
    assert climb.ending == truth["ending"]
    planned = {(m["limb"], m["from"], m["to"]) for m in truth["moves"] if m["start_s"] >= start and m["style"] != "shake"}
    made = {(move.limb, move.source, move.target) for move in climb.moves}
    assert len(planned & made) >= 0.8 * len(planned)
    assert climb.top_hold == truth["moves"][-1]["to"]
