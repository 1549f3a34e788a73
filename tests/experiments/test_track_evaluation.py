"""The document of a track evaluation, on tracks whose faults are known beforehand."""

import numpy as np
import pytest

from ascension_core.errors import InvalidDataset
from ascension_core.pose.keypoints import BODY, MIRROR, Keypoint
from ascension_core.pose.track import PoseTrack
from experiments.datasets import TrackTruth
from experiments.track_evaluation import on_climber, score_track, steadiness, swaps

FPS = 30.0
FRAMES = 90
BODY_LIST = list(BODY)


def climb(frames: int = FRAMES) -> np.ndarray:
    """(frames, 33, 2) a body with a torso of 100 px that climbs by 2 px a frame."""
    body = np.zeros((33, 2))
    body[:11] = (0, -120)
    for row, k in enumerate(range(11, 23)):
        body[k] = ((30, -30)[row % 2] * (1 + row // 4), -80 - 20 * (row // 2))
    for row, k in enumerate(range(23, 33)):
        body[k] = ((30, -30)[row % 2], 40 * (row // 2))
    return body + (300, 700) + np.stack([np.zeros(frames), -2.0 * np.arange(frames)], -1)[:, None]


def truth_of(image: np.ndarray, visible: np.ndarray | None = None) -> TrackTruth:
    return TrackTruth(FPS, (600, 1000), image, visible)


def track_of(image: np.ndarray, size: tuple[int, int] = (600, 1000)) -> PoseTrack:
    known = np.isfinite(image).all(-1)
    return PoseTrack(
        time=np.arange(len(image)) / FPS,
        image=image,
        world=np.full((len(image), 33, 3), np.nan),
        visibility=known.astype(float),
        observed=known,
        size=size,
    )


def test_a_perfect_track():
    result = score_track(track_of(climb()), truth_of(climb()))
    assert (result["frames"], result["frames_in_view"], result["frames_observed"]) == (FRAMES, FRAMES, FRAMES)
    assert (result["on_climber"], result["pck_at_0.2"], result["pck_at_0.5"], result["pck_33_at_0.2"]) == (100, 100, 100, 100)
    assert (result["frames_without_pose"], result["frames_with_false_pose"]) == (0, 0)
    assert (result["median_error"], result["jitter"], result["jumps"], result["swaps"]) == (0, 0, 0, 0)
    assert result["by_angle"]["upright"]["frames"] == FRAMES
    assert len(result["by_joint"]) == 33
    assert result["visible"] is None


def test_lost_frames_are_wrong_and_not_on_the_climber():
    image = climb()
    image[:30] = np.nan
    result = score_track(track_of(image), truth_of(climb()))
    assert result["frames_observed"] == 60
    assert result["frames_without_pose"] == 30
    assert result["on_climber"] == pytest.approx(200 / 3)
    assert result["pck_at_0.5"] == pytest.approx(200 / 3)
    low, high = result["interval_on_climber"]
    assert low < result["on_climber"] < high


def test_a_pose_on_a_bystander_is_not_on_the_climber():
    image = climb()
    image[45:] += (250, 0)
    result = score_track(track_of(image), truth_of(climb()))
    assert (result["on_climber"], result["pck_at_0.5"], result["frames_observed"]) == (50, 50, FRAMES)


def test_on_climber_forgives_wrong_limbs_but_not_another_place():
    truth = climb(3)
    predicted = climb(3)
    predicted[0, [15, 16, 25, 26, 27, 28]] += (170, 0)
    predicted[1] += (300, 0)
    predicted[2] = np.nan
    assert on_climber(predicted, truth).tolist() == [True, False, False]


def test_joints_outside_the_picture_are_not_scored():
    truth = climb()
    truth[:, Keypoint.LEFT_WRIST] = (-5, 100)
    predicted = climb()
    predicted[:, Keypoint.LEFT_WRIST] = np.nan
    result = score_track(track_of(predicted), truth_of(truth))
    assert result["pck_at_0.2"] == 100
    assert result["by_joint"]["left_wrist"]["scored"] == 0


def test_a_climber_out_of_view_is_counted_apart():
    truth = climb()
    truth[60:] += 5000
    result = score_track(track_of(climb()), truth_of(truth))
    assert (result["frames_in_view"], result["frames_with_false_pose"]) == (60, 30)
    assert (result["on_climber"], result["pck_at_0.2"]) == (100, 100)


def test_a_truth_that_never_shows_the_climber_is_refused():
    with pytest.raises(InvalidDataset, match="no frame"):
        score_track(track_of(climb()), truth_of(climb() + 5000))


def test_visible_joints_are_scored_apart():
    visible = np.ones((FRAMES, 33), bool)
    visible[:, Keypoint.LEFT_KNEE] = False
    predicted = climb()
    predicted[:, Keypoint.LEFT_KNEE] += (0, 90)
    result = score_track(track_of(predicted), truth_of(climb(), visible))
    assert result["pck_at_0.5"] == pytest.approx(100 * 11 / 12)
    assert result["visible"] == {"scored": 11 * FRAMES, "pck_at_0.2": 100, "pck_at_0.5": 100}


def test_jitter_is_the_speed_of_the_error_and_ignores_the_movement_itself():
    predicted = climb()
    predicted[::2] += (1, 0)
    assert steadiness(predicted, climb(), FPS)["jitter"] == pytest.approx(0.01 * FPS)
    assert steadiness(climb() + 20, climb(), FPS)["jitter"] == 0


def test_jitter_does_not_depend_on_scale():
    predicted = climb() + np.random.default_rng(0).normal(0, 1, (FRAMES, 33, 2))
    small, large = steadiness(predicted, climb(), FPS), steadiness(predicted * 5, climb() * 5, FPS)
    assert small["jitter"] == pytest.approx(large["jitter"])


def test_one_joint_that_flies_off_for_a_frame_jumps_twice():
    predicted = climb()
    predicted[40, Keypoint.LEFT_WRIST] += (60, 0)
    found = steadiness(predicted, climb(), FPS)
    assert found["jumps"] == 2
    assert found["jumps_per_s"] == pytest.approx(2 / (FRAMES / FPS))
    assert found["jitter"] == 0


def test_nothing_known_has_no_jitter():
    found = steadiness(np.full((FRAMES, 33, 2), np.nan), climb(), FPS)
    assert np.isnan(found["jitter"])
    assert found["jumps"] == 0


def test_exchanged_sides_are_counted_by_pair():
    predicted = climb()
    predicted[10:20, [25, 26, 27, 28]] = predicted[10:20, [26, 25, 28, 27]]
    found = swaps(predicted, climb())
    assert found["swaps"] == 20
    assert found["swaps_by_pair"] == {"shoulders": 0, "elbows": 0, "wrists": 0, "hips": 0, "knees": 10, "ankles": 10}
    assert found["swaps_percent"] == pytest.approx(100 * 20 / (6 * FRAMES))


def test_a_wholly_mirrored_body_is_swapped_everywhere():
    assert swaps(climb()[:, list(MIRROR)], climb())["swaps_percent"] == 100


def test_sides_that_lie_close_cannot_be_swapped():
    truth = climb()
    truth[:, 26] = truth[:, 25] + (20, 0)
    predicted = truth.copy()
    predicted[:, [25, 26]] = truth[:, [26, 25]]
    assert swaps(predicted, truth)["swaps_by_pair"]["knees"] == 0


@pytest.mark.parametrize("track", [track_of(climb(80)), track_of(climb(), size=(1000, 600))])
def test_a_truth_of_another_clip_is_refused(track):
    with pytest.raises(InvalidDataset, match="not of the same clip"):
        score_track(track, truth_of(climb()))
