from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.movement.angles import angle, joint_angles, trunk_tilt, trunk_twist
from ascension_core.pose.keypoints import MIRROR

degrees = st.floats(-180, 180)


def turn(points, deg, axes=(0, 1)):
    """Rotate about the axis that is not in `axes`."""
    c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    out = points.copy()
    out[..., axes[0]] = c * points[..., axes[0]] - s * points[..., axes[1]]
    out[..., axes[1]] = s * points[..., axes[0]] + c * points[..., axes[1]]
    return out


@given(st.floats(0, 180), degrees, st.floats(0.1, 5), st.floats(0.1, 5))
def test_angle_is_the_one_that_was_built(between, heading, near, far):
    a = near * np.array([np.cos(np.radians(heading)), np.sin(np.radians(heading))])
    b = far * np.array([np.cos(np.radians(heading + between)), np.sin(np.radians(heading + between))])
    assert angle(a[None], np.zeros((1, 2)), b[None])[0] == pytest.approx(between, abs=1e-6)


def test_angle_of_a_missing_or_vanishing_bone_is_unknown():
    a, at, b = np.ones((2, 2)), np.zeros((2, 2)), np.ones((2, 2))
    a[0], b[1] = np.nan, 0
    assert np.isnan(angle(a, at, b)).all()


def test_joints_of_a_standing_figure(standing):
    angles = {name: float(values[0]) for name, values in joint_angles(standing[None]).items()}
    assert angles["left_elbow"] == pytest.approx(180)
    assert angles["right_knee"] == pytest.approx(180)
    assert angles["left_ankle"] == pytest.approx(90)
    assert angles["left_shoulder"] == pytest.approx(np.degrees(np.arctan(0.1)))
    assert angles["left_hip"] == pytest.approx(180 - np.degrees(np.arctan(0.1)))


def test_bent_joints_are_measured(standing):
    bent = standing.copy()
    bent[15] = bent[13] + [-0.5, 0, 0]  # forearm out to the left
    bent[26] = bent[24] + [0, 0, 0.8]  # right thigh towards the wall
    bent[28] = bent[26] + [0, 0.8, 0]
    angles = joint_angles(bent[None])
    assert angles["left_elbow"][0] == pytest.approx(90)
    assert angles["right_knee"][0] == pytest.approx(90)
    assert angles["right_hip"][0] == pytest.approx(90, abs=1e-6)


@given(degrees, degrees, st.floats(0.2, 5), st.integers(0, 100))
def test_joint_angles_do_not_depend_on_view_place_or_size(yaw, roll, size, seed):
    points = np.random.default_rng(seed).normal(0, 1, (1, 33, 3))
    moved = size * turn(turn(points, yaw, (0, 2)), roll) + [3, -2, 1]
    for name, values in joint_angles(points).items():
        assert joint_angles(moved)[name] == pytest.approx(values, abs=1e-6)


def test_a_mirrored_body_has_its_sides_exchanged(standing):
    points = standing[None] + np.random.default_rng(0).normal(0, 0.1, (1, 33, 3))
    mirrored = (points * (-1, 1, 1))[:, list(MIRROR)]
    for name, values in joint_angles(points).items():
        other = name.replace("left", "*").replace("right", "left").replace("*", "right")
        assert joint_angles(mirrored)[other] == pytest.approx(values)
    assert trunk_tilt(mirrored[..., :2], np.ones(1)) == pytest.approx(-trunk_tilt(points[..., :2], np.ones(1)))
    assert trunk_twist(mirrored) == pytest.approx(-trunk_twist(points))


@given(st.floats(-179, 179))
def test_tilt_is_the_turn_of_the_body_in_the_image(lean):
    from_hips = np.zeros((1, 33, 2))
    from_hips[0, 11:13] = [[-0.3, -1], [0.3, -1]]
    from_hips[0, 23:25] = [[-0.2, 0], [0.2, 0]]
    assert trunk_tilt(turn(from_hips, lean), np.ones(1))[0] == pytest.approx(lean, abs=1e-6)


def test_a_trunk_that_points_at_the_camera_has_no_tilt(standing):
    flat = standing[None, :, :2] * (1, 0.2)
    assert np.isnan(trunk_tilt(flat, np.ones(1))).all()


@given(st.floats(-170, 170), degrees)
def test_twist_is_the_turn_of_the_shoulders_to_the_own_left(twist, facing):
    points = np.zeros((1, 33, 3))
    points[0, [11, 12]] = [[-0.3, -1, 0], [0.3, -1, 0]]  # seen from behind: the own left is on the left, z is ahead
    points[0, [23, 24]] = [[-0.2, 0, 0], [0.2, 0, 0]]
    upper = points.copy()
    upper[0, [11, 12]] = turn(points[0, [11, 12]], twist, (0, 2))
    assert trunk_twist(turn(upper, facing, (0, 2)))[0] == pytest.approx(twist, abs=1e-6)


def test_turning_left_brings_the_right_shoulder_forward(standing):
    points = standing[None].copy()
    points[0, 12, 2] = 0.1  # z is away from the camera behind the climber: forwards
    points[0, 11, 2] = -0.1
    assert trunk_twist(points)[0] > 0
