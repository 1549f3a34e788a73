"""The generator of clips with truth: what it promises about itself, and the clip that is committed."""

from __future__ import annotations

import dataclasses
import gzip
import json
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from ascension_core.errors import InvalidDataset, InvalidOption
from ascension_core.pose.keypoints import NAMES, Keypoint
from experiments.synthetic import __main__ as command
from experiments.synthetic import load_truth
from experiments.synthetic.body import load_body
from experiments.synthetic.climb import pose_at
from experiments.synthetic.plan import GROUND, contacts
from experiments.synthetic.raster import rasterise
from experiments.synthetic.render import Renderer, make_scene
from experiments.synthetic.scene import LIMBS, Options
from experiments.synthetic.truth import encode_truth, hold_box, image_box, make_truth

FOLDER = Path(command.__file__).parent
CLIP, TRUTH = FOLDER / "clip" / "climb.mp4", FOLDER / "clip" / "truth.json.gz"
TINY = Options(seed=3, seconds=5, fps=6, width=72, height=128)
VARIANTS = {
    "female": Options(seed=7),
    "male": Options(seed=11, body="m"),
    "second attempt": Options(seed=7, attempt=2),
    "fall": Options(seed=5, body="m", ending="fall"),
    "short": Options(seed=2, seconds=6),
}


@pytest.fixture(scope="module")
def renderer():
    return Renderer(make_scene(TINY))


@pytest.fixture(scope="module")
def tiny_truth(renderer):
    return make_truth(renderer.scene, [renderer.shot(i) for i in range(TINY.frames)])


@pytest.fixture(scope="module", params=VARIANTS.values(), ids=VARIANTS.keys())
def scene(request):
    return make_scene(request.param)


# ------------------------------------------------------------------------------------------------ drawing


def test_the_same_seed_gives_the_same_frames(renderer):
    again = Renderer(make_scene(TINY))
    for number in (0, 11, 25):
        first, second = renderer.shot(number), again.shot(number)
        assert np.array_equal(first.image, second.image)
        assert np.array_equal(first.keypoints, second.keypoints)
        assert np.array_equal(first.visible, second.visible)


def test_another_seed_gives_another_wall_and_another_frame(renderer):
    other = Renderer(make_scene(dataclasses.replace(TINY, seed=4)))
    assert other.scene.wall.holds != renderer.scene.wall.holds
    assert np.abs(other.shot(20).image.astype(int) - renderer.shot(20).image).mean() > 5


def test_the_climber_is_drawn_where_the_truth_says(renderer):
    """Around visible trunk keypoints the picture differs from the empty scene; far from the climber it does not."""
    shot = renderer.shot(18)
    seen = renderer.scene.camera.at(3.0).project(shot.keypoints)[:, :2]
    hips = seen[[Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(0)
    later = renderer.shot(29)
    difference = np.abs(shot.image.astype(int) - later.image).sum(2)
    column, row = hips.astype(int)
    assert difference[row - 2 : row + 3, column - 2 : column + 3].mean() > 3 * np.median(difference)


def test_a_static_camera_without_blur_repeats_its_background():
    options = dataclasses.replace(TINY, camera="static", light="steady", blur=0.0)
    renderer = Renderer(make_scene(options))
    first, second = (renderer.shot(n).image.astype(int) for n in (0, 27))
    assert np.abs(first - second)[:, :8].mean() < 4  # sensor noise only, away from the climber


def test_rasterise_keeps_the_nearest_surface_and_interpolates():
    points = np.array([[0, 0, 5.0], [20, 0, 5], [0, 20, 5], [0, 0, 3], [20, 0, 3], [0, 20, 3]])
    drawn = rasterise(points, np.array([[3, 4, 5], [0, 1, 2]]), 16, 16)
    assert set(np.unique(drawn.face)) <= {-1, 0}
    assert np.allclose(drawn.depth[drawn.face == 0], 3)
    row, column = 4, 6
    centre = drawn.weight[row, column] @ points[[3, 4, 5], :2]
    assert np.allclose(centre, [column + 0.5, row + 0.5], atol=1e-4)


# ------------------------------------------------------------------------------------------------ movement


def test_held_limbs_stay_on_their_holds_within_a_centimetre(scene):
    times = np.arange(scene.options.frames) / scene.options.fps
    _, touch = pose_at(scene.motion, times)
    for contact in contacts(scene.plan, scene.motion.landing):
        during = (times >= contact.start) & (times <= contact.end)
        gap = np.linalg.norm(touch[contact.limb][during] - contact.point, axis=1)
        assert gap.max(initial=0) < 0.01, f"{contact.limb} misses {contact.hold} by {gap.max():.3f} m"


def test_nothing_teleports_and_limbs_keep_their_lengths(scene):
    times = np.arange(scene.options.frames) / scene.options.fps
    pose, _ = pose_at(scene.motion, times)
    speed = np.linalg.norm(np.diff(pose.joint, axis=0), axis=-1) * scene.options.fps
    assert speed.max() < 12  # m/s: a falling hand; nothing faster
    body = scene.body
    for upper, lower in (("upperleg01.L", "lowerleg01.L"), ("lowerleg01.R", "foot.R"), ("upperarm01.L", "lowerarm01.L")):
        rest = np.linalg.norm(body.joint(upper) - body.joint(lower))
        now = np.linalg.norm(pose.joint[:, body.index[upper]] - pose.joint[:, body.index[lower]], axis=-1)
        assert np.allclose(now, rest, atol=0.012)


def test_the_trunk_and_the_joints_stay_out_of_the_wall(scene):
    pose, _ = pose_at(scene.motion, np.arange(0, scene.options.seconds, 0.1))
    for bone in ("root", "spine01", "head", "lowerarm01.L", "lowerarm01.R", "lowerleg01.L", "lowerleg01.R", "foot.L", "foot.R"):
        assert pose.joint[:, scene.body.index[bone], 1].min() > 0.03, bone


def test_contacts_cover_the_climb_without_overlap_or_unexplained_gap(scene):
    found = contacts(scene.plan, scene.motion.landing)
    for limb in LIMBS:
        own = [c for c in found if c.limb == limb]
        for before, after in pairwise(own):
            move = [
                m for m in scene.plan.of(limb) if m.start == pytest.approx(before.end) and m.end == pytest.approx(after.start)
            ]
            fell = scene.plan.slip is not None and before.end == pytest.approx(scene.plan.slip)
            assert len(move) == 1 or fell, f"{limb}: nothing explains {before.end:.2f} to {after.start:.2f} s"
    ids = {h.id for h in scene.wall.holds if h.route} | {GROUND}
    assert {c.hold for c in found} <= ids


def test_an_attempt_repeats_the_problem_but_not_the_way():
    first, second = make_scene(Options(seed=7)), make_scene(Options(seed=7, attempt=2))
    assert first.wall == second.wall
    assert first.look == second.look
    assert [m.target for m in first.plan.moves] != [m.target for m in second.plan.moves]


def test_a_fall_ends_on_the_mat():
    scene = make_scene(VARIANTS["fall"])
    pose, _ = pose_at(scene.motion, np.array([scene.plan.slip - 0.1, scene.options.seconds - 0.05]))
    hips = pose.joint[:, scene.body.index["root"], 2]
    assert hips[0] > 1.5
    assert hips[1] < 0.7
    assert {c.limb for c in contacts(scene.plan, scene.motion.landing) if c.hold == GROUND and c.end_open} == {
        "left_foot",
        "right_foot",
    }


def test_the_two_bodies_differ_and_stand_on_the_floor():
    woman, man = load_body("f"), load_body("m")
    assert woman.vertices[:, 2].max() < man.vertices[:, 2].max()
    for body in (woman, man):
        assert body.vertices[:, 2].min() == pytest.approx(0, abs=1e-9)
        assert np.allclose(body.weights.sum(1), 1)


# ------------------------------------------------------------------------------------------------ truth


def test_keypoints_are_the_projection_of_their_3d_points(tiny_truth):
    camera = tiny_truth["camera"]
    for frame in (0, 17, TINY.frames - 1):
        points = np.array(tiny_truth["keypoints_3d"][frame]) - camera["centre"]
        seen = points @ (np.array(camera["intrinsics"]) @ camera["rotations"][frame]).T
        assert np.allclose(seen[:, :2] / seen[:, 2:], tiny_truth["keypoints"][frame], atol=0.11)


def test_the_homography_takes_the_wall_to_the_picture(tiny_truth):
    camera = tiny_truth["camera"]
    on_wall = np.array([[0.3, 0.0, 1.0], [-0.4, 0.0, 2.2]])
    direct = (on_wall - camera["centre"]) @ (np.array(camera["intrinsics"]) @ camera["rotations"][9]).T
    plane = np.stack([on_wall[:, 0], on_wall[:, 2], [1, 1]], 1) @ np.array(camera["wall_to_image"][9]).T
    assert np.allclose(direct[:, :2] / direct[:, 2:], plane[:, :2] / plane[:, 2:], atol=0.01)


def test_boxes_of_holds_follow_from_their_outlines(renderer, tiny_truth):
    view = renderer.scene.camera.at(12 / TINY.fps)
    for hold, told in zip(renderer.scene.wall.holds, tiny_truth["holds"], strict=True):
        exact = hold_box(hold, view.projection)
        assert np.abs(image_box(told, tiny_truth["camera"], 12) - exact).max() < max(0.06 * (exact[2:] - exact[:2]).max(), 0.3)


def test_most_of_the_back_is_visible_and_the_face_is_not(tiny_truth):
    visible = np.array(tiny_truth["visible"], bool)
    assert visible[:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean() > 0.8
    assert visible[:, Keypoint.NOSE].mean() < 0.5


def test_truth_is_read_plain_or_compressed(tmp_path, tiny_truth):
    (tmp_path / "a.json.gz").write_bytes(encode_truth(tiny_truth))
    (tmp_path / "a.json").write_text(json.dumps(tiny_truth))
    assert load_truth(tmp_path / "a.json.gz") == load_truth(tmp_path / "a.json") == json.loads(json.dumps(tiny_truth))


@pytest.mark.parametrize("content", [b"", b"not json", b"[]", b"{}", gzip.compress(b"{}", mtime=0), b"\x1f\x8bbroken"])
def test_what_is_no_truth_file_is_refused(tmp_path, content):
    (tmp_path / "t.json").write_bytes(content)
    with pytest.raises(InvalidDataset):
        load_truth(tmp_path / "t.json")
    with pytest.raises(InvalidDataset):
        load_truth(tmp_path / "absent.json")


# ------------------------------------------------------------------------------------------------ command line


def test_the_command_writes_clip_and_truth_that_agree(tmp_path):
    arguments = [
        "--seed",
        "3",
        "--seconds",
        "4",
        "--fps",
        "3",
        "--size",
        "72x128",
        "--fall",
        "--camera",
        "pan",
        "--out",
        str(tmp_path),
    ]
    assert command.main(arguments) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["climb.mp4", "truth.json.gz"]
    truth = load_truth(tmp_path / "truth.json.gz")
    with av.open(str(tmp_path / "climb.mp4")) as container:
        frames = [f.to_ndarray(format="rgb24").shape for f in container.decode(video=0)]
    assert len(frames) == truth["frames"] == len(truth["keypoints"]) == 12
    assert set(frames) == {(128, 72, 3)}
    assert truth["ending"] == "fall"


def test_an_interruption_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(self, number):
        raise KeyboardInterrupt

    monkeypatch.setattr(Renderer, "shot", interrupted)
    assert command.main(["--seconds", "4", "--fps", "2", "--size", "72x128", "--out", str(tmp_path)]) == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "bad", [["--size", "big"], ["--size", "71x128"], ["--seconds", "1"], ["--blur", "2"], ["--seed", "-1"]]
)
def test_bad_options_are_refused(tmp_path, bad, capsys):
    assert command.main([*bad, "--out", str(tmp_path / "o")]) == 2
    assert bad[0] in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_options_check_themselves():
    with pytest.raises(InvalidOption):
        Options(fps=0)


def test_an_output_that_is_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert command.main(["--out", str(tmp_path / "file")]) == 2
    assert "cannot write" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------ the committed clip


def test_the_committed_clip_matches_its_truth():
    truth = load_truth(TRUTH)
    with av.open(str(CLIP)) as container:
        stream = container.streams.video[0]
        times = [f.time for f in container.decode(stream)]
        assert [stream.width, stream.height] == truth["size"] == [720, 1280]
        assert float(stream.average_rate) == truth["fps"] == 30
    assert (
        len(times) == truth["frames"] == len(truth["keypoints"]) == len(truth["visible"]) == len(truth["camera"]["rotations"])
    )
    assert np.allclose(times, np.arange(len(times)) / 30, atol=1e-3)
    assert truth["joints"] == list(NAMES)
    assert 12 <= len(times) / 30 <= 15


def test_the_committed_truth_is_what_the_generator_says_today():
    truth = load_truth(TRUTH)
    scene = make_scene(Options(**truth["generator"]["options"]))
    assert [h["id"] for h in truth["holds"]] == [h.id for h in scene.wall.holds]
    told = [(c["limb"], c["hold"], c["start_s"]) for c in truth["contacts"]["contacts"]]
    assert told == [(c.limb, c.hold, round(c.start, 3)) for c in contacts(scene.plan, scene.motion.landing)]
    pose, _ = pose_at(scene.motion, np.array([7.0]))
    wrist = pose.joint[0, scene.body.index["wrist.L"]]
    assert np.linalg.norm(np.array(truth["keypoints_3d"][210][Keypoint.LEFT_WRIST]) - wrist) < 0.03


def test_committed_files_stay_small():
    assert CLIP.stat().st_size <= 3_000_000
    assert TRUTH.stat().st_size <= 600_000
    assert (FOLDER / "bodies.npz").stat().st_size <= 1_200_000
