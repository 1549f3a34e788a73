"""Contact sheets: the right frames, the skeleton where the body is, and clear errors."""

import av
import cv2
import numpy as np
import pytest

from ascension_core.errors import InvalidDataset, InvalidOption
from ascension_core.pose.track import PoseTrack
from experiments.sheets import LEFT, RIGHT, TILE, contact_sheet, draw_skeleton, main

WIDTH, HEIGHT, FRAMES = 96, 128, 10


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Ten frames, each of a grey of its own."""
    path = tmp_path_factory.mktemp("sheets") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for k in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(np.full((HEIGHT, WIDTH, 3), 40 + 20 * k, np.uint8))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def track(frames: int = FRAMES) -> PoseTrack:
    image = np.full((frames, 33, 2), np.nan)
    image[:, 11:] = np.random.default_rng(0).uniform(30, 70, (22, 2))
    image[0] = np.nan
    known = np.isfinite(image).all(-1)
    return PoseTrack(
        time=np.arange(frames) / 10,
        image=image,
        world=np.full((frames, 33, 3), np.nan),
        visibility=known.astype(float),
        observed=known,
        size=(WIDTH, HEIGHT),
    )


def test_tiles_show_evenly_spaced_frames(clip):
    sheet = contact_sheet(clip, track(), frames=4, columns=2)
    assert sheet.shape == (2 * TILE[1], 2 * TILE[0], 3)
    corners = [sheet[y + TILE[1] - 5, x + TILE[0] // 2, 0] for y in (0, TILE[1]) for x in (0, TILE[0])]
    np.testing.assert_allclose(corners, [40 + 20 * k for k in (0, 3, 6, 9)], atol=4)


def test_a_short_track_gives_fewer_tiles(clip):
    assert contact_sheet(clip, track(3), frames=20, columns=5).shape == (TILE[1], 3 * TILE[0], 3)


def test_colours_tell_the_sides_and_strength_the_visibility():
    points = np.full((33, 2), np.nan)
    points[[13, 15]] = [(10, 20), (10, 80)]
    points[[14, 16]] = [(60, 20), (60, 80)]
    visibility = np.zeros(33)
    visibility[[13, 15]] = 1.0
    image = np.zeros((100, 100, 3), np.uint8)
    draw_skeleton(image, points, visibility, np.ones(33, bool))
    assert tuple(image[50, 10]) == LEFT
    np.testing.assert_allclose(image[50, 60], np.array(RIGHT) / 4, atol=1)


def test_a_point_far_outside_the_picture_is_no_trouble():
    points = np.full((33, 2), 50.0)
    points[15] = (1e12, -1e12)
    image = np.zeros((100, 100, 3), np.uint8)
    draw_skeleton(image, points, np.ones(33), np.ones(33, bool))
    assert image.any()


def test_a_clip_shorter_than_the_track_is_refused(clip):
    with pytest.raises(InvalidDataset, match="ends before frame"):
        contact_sheet(clip, track(FRAMES + 10))


@pytest.mark.parametrize("options", [{"frames": 0}, {"columns": 0}])
def test_impossible_options_are_refused(clip, options):
    with pytest.raises(InvalidOption):
        contact_sheet(clip, track(), **options)


def test_the_command_writes_a_picture_or_says_what_is_wrong(clip, tmp_path, capsys):
    track().save(tmp_path / "t.track.gz")
    arguments = [str(clip), str(tmp_path / "t.track.gz"), "--frames", "2", "--out"]
    assert main([*arguments, str(tmp_path / "sheet.png")]) == 0
    assert cv2.imread(str(tmp_path / "sheet.png")).shape == (TILE[1], 2 * TILE[0], 3)
    assert main([*arguments, str(tmp_path / "none" / "sheet.jpg")]) == 2
    assert main([*arguments, str(tmp_path / "sheet.xyz")]) == 2
    assert main([str(clip), str(tmp_path / "no.gz"), "--out", str(tmp_path / "s.jpg")]) == 2
    assert capsys.readouterr().err.count("error: ") == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sheet.png", "t.track.gz"]
