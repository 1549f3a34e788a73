from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ascension_core.errors import InvalidOption
from ascension_core.movement.body import body_measures, speed
from ascension_core.movement.mass import torso_over_stature
from ascension_core.movement.series import series, summarise
from ascension_core.pose.keypoints import MIRROR
from ascension_core.wall.camera import still


def rising(standing, frames=60, fps=30, pace=0.6):
    """The figure rises by `pace` torso lengths per second."""
    points = np.repeat(standing[None], frames, axis=0)
    points[..., 1] -= (pace * np.arange(frames) / fps)[:, None]
    return points


def values(measures):
    return {one.name: one.values for one in series(measures)}


def test_measures_of_a_standing_figure(stand, standing):
    got = {name: v[0] for name, v in values(body_measures(stand(standing))).items()}
    assert got["trunk_tilt"] == pytest.approx(0)
    assert got["trunk_twist"] == pytest.approx(0)
    assert got["hip_height"] == pytest.approx(0)
    assert got["left_foot_speed"] == pytest.approx(0)
    assert got["straight_arms"] == 1
    assert got["feet_span"] == pytest.approx(0.4)
    assert got["hands_span"] == pytest.approx(0.6)
    assert got["left_foot_to_hips_span"] == pytest.approx(np.hypot(1.6, 0.2))
    assert got["com_right_of_hips"] == pytest.approx(0)
    assert 0.1 < got["com_above_hips"] < 0.3


def test_speed_and_height_of_a_steady_rise(stand, standing):
    got = values(body_measures(stand(rising(standing))))
    assert got["hips_speed"] == pytest.approx(np.full(60, 0.6))
    assert got["com_speed"] == pytest.approx(np.full(60, 0.6))
    assert got["hip_height"][-1] == pytest.approx(0.6 * 59 / 30)


def test_height_of_the_athlete_turns_torso_lengths_into_metres(stand, standing):
    plain, metric = (body_measures(stand(rising(standing)), height_m=h) for h in (None, 1.8))
    torso_m = 1.8 * torso_over_stature()
    assert metric.metres_per_torso == pytest.approx(torso_m)
    assert metric.speeds["hips"] == pytest.approx(plain.speeds["hips"] * torso_m)
    assert metric.hip_height == pytest.approx(plain.hip_height * torso_m)
    assert metric.spans["feet"] == pytest.approx(plain.spans["feet"] * torso_m)
    assert metric.com_from_hips == pytest.approx(plain.com_from_hips)
    assert (plain.speed_unit, metric.speed_unit) == ("torso lengths/s", "m/s")


@given(size=st.floats(0.2, 4), shift=st.floats(-300, 300))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_neither_place_nor_resolution_matters(stand, standing, size, shift):
    track = stand(rising(standing, frames=20))
    there = values(body_measures(track.with_(image=size * track.image + shift)))
    for name, expected in values(body_measures(track)).items():
        assert there[name] == pytest.approx(expected, nan_ok=True, abs=1e-6)


def test_a_mirrored_video_exchanges_the_sides(stand, standing):
    rng = np.random.default_rng(0)
    track = stand(rising(standing) + rng.normal(0, 0.05, (60, 33, 3)))
    order = list(MIRROR)
    mirrored = track.with_(image=track.image[:, order] * (-1, 1) + (1000, 0), world=track.world[:, order] * (-1, 1, 1))
    there = values(body_measures(mirrored))
    for name, expected in values(body_measures(track)).items():
        other = name.replace("left_", "*").replace("right_", "left_").replace("*", "right_")
        if name == "com_right_of_hips" or name in ("trunk_tilt", "trunk_twist"):
            assert there[name] == pytest.approx(-expected)
        else:
            assert there[other] == pytest.approx(expected, nan_ok=True), name


def test_what_is_not_believed_is_not_measured(stand, standing):
    track = stand(standing)
    visibility = track.visibility.copy()
    visibility[:, 15] = 0.4
    got = body_measures(track.with_(visibility=visibility))
    assert np.isnan(got.angles_deg["left_elbow"]).all()
    assert np.isnan(got.speeds["left_hand"]).all()
    assert np.isnan(got.straight_arms).all()
    assert np.isfinite(got.angles_deg["right_elbow"]).all()
    assert np.isfinite(got.com_px).all()
    assert got.com_mass[0] < 1
    assert np.isfinite(body_measures(track.with_(visibility=visibility), min_visibility=0.3).speeds["left_hand"]).all()


def test_angles_are_of_the_image_or_of_space_as_asked(stand, standing):
    bent = standing.copy()
    bent[15] = bent[13] + [0, 0.3, 0.4]  # the forearm points away from the camera: invisible in the image
    track = stand(bent)
    in_space = body_measures(track, angles_from="world")
    assert in_space.angles_in_space
    assert in_space.angles_deg["left_elbow"] == pytest.approx(180 - np.degrees(np.arctan2(4, 3)))
    flat = body_measures(track)
    assert not flat.angles_in_space
    assert flat.angles_deg["left_elbow"] == pytest.approx(180)
    blind = track.with_(world=np.full_like(track.world, np.nan))
    assert np.isnan(body_measures(blind).trunk_twist_deg).all()
    with pytest.raises(InvalidOption, match="world"):
        body_measures(blind, angles_from="world")


def test_a_bone_that_points_at_the_camera_gives_no_angle(stand, standing):
    points = np.repeat(standing[None], 60, axis=0)
    points[20:25, 15] = points[20:25, 13] + [0, 0.1, 0.49]
    elbow = body_measures(stand(points)).angles_deg["left_elbow"]
    assert np.isnan(elbow[20:25]).all()
    assert np.isfinite(elbow).sum() == 55


def test_a_gap_has_no_speed_and_its_edges_one_sided_ones(stand, standing):
    track = stand(rising(standing))
    image = track.image.copy()
    image[20:30] = np.nan
    got = body_measures(track.with_(image=image)).speeds["hips"]
    assert np.isnan(got[20:30]).all()
    assert got[19] == pytest.approx(0.6)
    assert got[30] == pytest.approx(0.6)


def test_speed_is_exact_for_parabolas_on_uneven_times():
    time = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.06, 30))
    fall = np.stack([0 * time, 4.9 * time**2], -1)
    assert speed(time, fall)[1:-1] == pytest.approx(9.8 * time[1:-1])
    assert np.isnan(speed(time[:1], fall[:1])).all()


def test_summaries_hold_percentiles_and_coverage(stand, standing):
    track = stand(rising(standing, frames=101))
    image, visibility = track.image.copy(), track.visibility.copy()
    visibility[:51, 15] = 0
    summary = {m.name: m for m in summarise(body_measures(track.with_(image=image, visibility=visibility)))}
    assert summary["hip_height"].median == pytest.approx(1.0, abs=1e-3)
    assert summary["hip_height"].p10 == pytest.approx(0.2, abs=1e-3)
    assert summary["hip_height"].p90 == pytest.approx(1.8, abs=1e-3)
    assert summary["hip_height"].coverage == 1
    assert summary["left_hand_speed"].coverage == pytest.approx(50 / 101, abs=1e-3)
    assert summary["left_knee_angle"].unit == "°"


def test_a_track_without_anyone_gives_empty_measures(stand, standing):
    track = stand(standing)
    nobody = track.with_(image=np.full_like(track.image, np.nan), world=np.full_like(track.world, np.nan))
    for measure in summarise(body_measures(nobody)):
        assert measure.coverage == 0
        assert measure.median is None


def test_series_are_named_once_and_labelled_for_people(stand, standing):
    every = series(body_measures(stand(standing), height_m=1.7))
    assert len({one.name for one in every}) == len(every)
    labels = {one.name: one.label for one in every}
    assert labels["left_knee_angle"] == "Left knee angle"
    assert labels["com_speed"] == "Centre of mass speed"


@pytest.mark.parametrize("kwargs", [{"height_m": 17.5}, {"height_m": 0.1}, {"min_visibility": 1.5}])
def test_impossible_options_are_refused(stand, standing, kwargs):
    with pytest.raises(InvalidOption):
        body_measures(stand(standing), **kwargs)


def test_heights_and_speeds_are_free_of_a_camera_whose_motion_is_known(stand, standing):
    track = stand(rising(standing))
    zoom, shift = 1.2 ** np.linspace(0, 1, 60), 4.0 * np.arange(60)[:, None] * (1, -2)
    to_wall = np.zeros((60, 3, 3))
    to_wall[:, [0, 1], [0, 1]] = 1 / zoom[:, None]
    to_wall[:, :2, 2] = -shift / zoom[:, None]
    to_wall[:, 2, 2] = 1
    camera = replace(still(track.time, track.size), to_wall=to_wall, static=False)
    filmed = track.with_(image=track.image * zoom[:, None, None] + shift[:, None])
    got, truth = body_measures(filmed, camera=camera), body_measures(track)
    assert got.hip_height == pytest.approx(truth.hip_height)
    for name, expected in truth.speeds.items():
        assert got.speeds[name] == pytest.approx(expected), name
    assert got.com_px == pytest.approx(truth.com_px * zoom[:, None] + shift)  # to draw on the image
    assert body_measures(filmed).speeds["hips"] != pytest.approx(truth.speeds["hips"], rel=0.1)


def test_frames_that_the_camera_could_not_place_have_no_heights_and_speeds(stand, standing):
    track = stand(rising(standing))
    camera = still(track.time, track.size)
    camera.to_wall[20:30] = np.nan
    got = body_measures(track, camera=camera)
    assert np.flatnonzero(np.isnan(got.hip_height)).tolist() == list(range(20, 30))
    assert np.isnan(got.speeds["com"][20:30]).all()
    assert np.isfinite(got.angles_deg["left_elbow"]).all()


def test_summaries_are_of_the_climb_where_it_is_known(stand, standing):
    track = stand(rising(standing, frames=91))  # 3 s at 0.6 torso lengths per second
    measures = body_measures(track, span=(1.0, 2.0))
    assert measures.counted.sum() == 31
    summary = {m.name: m for m in summarise(measures)}
    assert summary["hip_height"].median == pytest.approx(0.3, abs=1e-3)  # above the lowest of the climb
    assert summary["hip_height"].coverage == 1
    assert np.isfinite(measures.hip_height).all()  # the curve goes on
    empty = summarise(body_measures(track, span=(8.0, 9.0)))
    assert all(m.median is None and m.coverage == 0 for m in empty)
