"""Data sets are read as documented; whatever is wrong with one is said with its place."""

import gzip
import json

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as settings_of_test
from hypothesis import strategies as st

from ascension_core.errors import InvalidDataset
from ascension_core.pose.keypoints import NAMES, Keypoint
from ascension_core.settings import settings
from experiments import datasets
from experiments.datasets import load_pose_images, load_track_truth, read_image

HEADER = "image,joint,x_px,y_px\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    for name in ("a.png", "b.png"):
        cv2.imwrite(str(tmp_path / "images" / name), np.full((6, 8, 3), (255, 0, 0), np.uint8))
    return tmp_path


def write(folder, text, encoding="utf-8"):
    (folder / "joints.csv").write_bytes(text.encode(encoding))
    return folder


def test_reads_points_by_image_and_joint_and_leaves_the_rest_unknown(folder):
    found = load_pose_images(write(folder, HEADER + "b.png,left_knee,1.5,2\na.png,neck,3,4\na.png,right_wrist,5,-6e0\n\n"))
    assert [path.name for path in found.paths] == ["b.png", "a.png"]
    assert found.truth.shape == (2, 33, 2)
    np.testing.assert_array_equal(found.truth[0, Keypoint.LEFT_KNEE], (1.5, 2))
    np.testing.assert_array_equal(found.truth[1, Keypoint.RIGHT_WRIST], (5, -6))
    assert np.isfinite(found.truth).sum() == 4


def test_columns_may_stand_in_any_order_among_others_after_a_byte_order_mark(folder):
    text = " joint, y_px ,note,image,x_px\r\nleft_hip,2,hello,a.png,1\r\n"
    np.testing.assert_array_equal(load_pose_images(write(folder, text, "utf-8-sig")).truth[0, Keypoint.LEFT_HIP], (1, 2))


def test_limit_takes_the_first_images(folder):
    text = HEADER + "b.png,left_knee,1,2\na.png,neck,3,4\n"
    assert [path.name for path in load_pose_images(write(folder, text), limit=1).paths] == ["b.png"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks the column image, joint, x_px, y_px"),
        ("image,joint,x_px\n", "lacks the column y_px"),
        (HEADER, "no rows"),
        (HEADER + "a.png,left_toe,1,2\n", "row 2: unknown joint 'left_toe'"),
        (HEADER + "a.png,neck,1,2\na.png,left_hip,nan,2\n", "row 3: x_px is 'nan'"),
        (HEADER + "a.png,left_hip,1,inf\n", "row 2: y_px is 'inf'"),
        (HEADER + "a.png,left_hip,1,\n", "row 2: y_px is ''"),
        (HEADER + "a.png,left_hip,1e999,1\n", "x_px is '1e999'"),
        (HEADER + "a.png,left_hip,1\n", "row 2: has 3 cells"),
        (HEADER + "a.png,left_hip,1,2\na.png,left_hip,1,2\n", "row 3: left_hip of a.png is given twice"),
        (HEADER + "/etc/passwd,left_hip,1,2\n", "'/etc/passwd': must be a path relative"),
        (HEADER + "../joints.csv,left_hip,1,2\n", "without '..'"),
        (HEADER + "x/../../joints.csv,left_hip,1,2\n", "without '..'"),
        (HEADER + "..\\joints.csv,left_hip,1,2\n", "without '..'"),
        (HEADER + "C:\\a.png,left_hip,1,2\n", "must be a path relative"),
        (HEADER + ",left_hip,1,2\n", "must be a path relative"),
        (HEADER + "c.png,left_hip,1,2\n", "no file"),
    ],
)
def test_says_what_is_wrong_and_where(folder, text, said):
    with pytest.raises(InvalidDataset, match=said.replace("\\", "\\\\").replace(".", r"\.").replace("(", r"\(")):
        load_pose_images(write(folder, text))


def test_a_missing_table_or_one_in_another_encoding_is_refused(folder):
    with pytest.raises(InvalidDataset, match=r"cannot read .*joints\.csv"):
        load_pose_images(folder)
    (folder / "joints.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InvalidDataset, match="UTF-8"):
        load_pose_images(folder)


def test_images_are_rgb(folder):
    image = read_image(folder / "images" / "a.png")
    assert image.shape == (6, 8, 3)
    assert image[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n broken"])
def test_an_unreadable_image_is_named(tmp_path, content):
    (tmp_path / "bad.png").write_bytes(content)
    with pytest.raises(InvalidDataset, match=r"bad\.png is not an image"):
        read_image(tmp_path / "bad.png")
    with pytest.raises(InvalidDataset, match=r"cannot read the image .*none\.png"):
        read_image(tmp_path / "none.png")


def truth_document(**changes):
    document = {
        "fps": 30,
        "size": [100, 50],
        "joints": ["right_knee", "nose"],
        "keypoints": [[[1, 2], [3, 4]], [None, [5, None]]],
    }
    return {key: value for key, value in (document | changes).items() if value != "gone"}


def write_truth(path, **changes):
    text = json.dumps(truth_document(**changes)).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


@pytest.mark.parametrize("name", ["truth.json", "truth.json.gz"])
def test_truth_is_put_where_the_33_keypoints_have_it(tmp_path, name):
    truth = load_track_truth(write_truth(tmp_path / name, camera={"anything": 1}))
    assert (len(truth), truth.fps, truth.size, truth.visible) == (2, 30, (100, 50), None)
    np.testing.assert_array_equal(truth.image[0, Keypoint.RIGHT_KNEE], (1, 2))
    np.testing.assert_array_equal(truth.image[1, Keypoint.NOSE], (5, np.nan))
    assert np.isnan(truth.image[1, Keypoint.RIGHT_KNEE]).all()
    assert np.isfinite(truth.image[:, Keypoint.LEFT_HIP]).sum() == 0


def test_visible_is_read_where_it_is_given(tmp_path):
    truth = load_track_truth(write_truth(tmp_path / "t.json", visible=[[True, False], [0, 1]]))
    assert truth.visible[:, Keypoint.RIGHT_KNEE].tolist() == [True, False]
    assert truth.visible[:, Keypoint.NOSE].tolist() == [False, True]
    assert not truth.visible[:, Keypoint.LEFT_HIP].any()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fps": "gone"}, "lacks the key 'fps'"),
        ({"keypoints": "gone"}, "lacks the key 'keypoints'"),
        ({"joints": ["left_toe", "nose"]}, "unknown joint 'left_toe'"),
        ({"joints": ["nose", "nose"]}, "named twice"),
        ({"joints": ["nose"]}, "expected a list of 1, got 2"),
        ({"keypoints": [[[1, 2, 3], [1, 2]]]}, "expected a list of 2, got 3"),
        ({"keypoints": [[["x", 2], [1, 2]]]}, "not a truth file"),
        ({"keypoints": [[[float("inf"), 2], [1, 2]]]}, "not a finite number"),
        ({"keypoints": 3}, "not a truth file"),
        ({"keypoints": []}, "at least one frame"),
        ({"fps": 0}, "positive fps"),
        ({"size": [10]}, "not a truth file"),
        ({"visible": [[True]]}, "visible: expected a list of 2, got 1"),
    ],
)
def test_says_what_is_wrong_with_a_truth_file(tmp_path, changes, said):
    with pytest.raises(InvalidDataset, match=said):
        load_track_truth(write_truth(tmp_path / "t.json", **changes))


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\x1f\x8b broken", gzip.compress(b'{"fps": 1}', mtime=0)[:-12], b"\xff\xfe"]
)
def test_a_truth_file_that_is_no_json_object_is_refused(tmp_path, content):
    (tmp_path / "t.json").write_bytes(content)
    with pytest.raises(InvalidDataset, match=r"t\.json"):
        load_track_truth(tmp_path / "t.json")


def test_a_missing_truth_file_is_refused(tmp_path):
    with pytest.raises(InvalidDataset, match="cannot read"):
        load_track_truth(tmp_path / "t.json")


@pytest.fixture
def data_setting(monkeypatch):
    def use(value):
        settings.cache_clear()
        monkeypatch.delenv("ASCENSION_DATA", raising=False)
        if value is not None:
            monkeypatch.setenv("ASCENSION_DATA", str(value))

    yield use
    monkeypatch.undo()
    settings.cache_clear()


def test_without_a_data_folder_it_says_what_to_set(data_setting, tmp_path):
    data_setting(None)
    with pytest.raises(InvalidDataset, match="set ASCENSION_DATA"):
        datasets.clips()
    data_setting(tmp_path / "none")
    with pytest.raises(InvalidDataset, match="not a folder"):
        datasets.lsp()
    data_setting(tmp_path)
    with pytest.raises(InvalidDataset, match=r"no \.mp4"):
        datasets.clips()


def test_clips_come_by_name(data_setting, tmp_path):
    data_setting(tmp_path)
    (tmp_path / "clips").mkdir()
    for name in ("b.mp4", "a.mp4", "c.txt"):
        (tmp_path / "clips" / name).touch()
    assert [path.name for path in datasets.clips()] == ["a.mp4", "b.mp4"]


def test_every_documented_keypoint_may_be_labelled(folder):
    rows = "".join(f"a.png,{name},{k},{k}\n" for k, name in enumerate(NAMES))
    truth = load_pose_images(write(folder, HEADER + rows)).truth
    np.testing.assert_array_equal(truth[0, :, 0], np.arange(33))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from(["nose", 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)


@settings_of_test(max_examples=200)
@given(st.dictionaries(st.sampled_from(["fps", "size", "joints", "keypoints", "visible"]), anything))
def test_any_other_truth_file_is_refused_with_our_error_or_read(tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "any.json"
    try:
        truth = load_track_truth(write_truth(path, **changes))
    except InvalidDataset as error:
        assert "any.json" in str(error)  # noqa: PT017
    else:
        assert truth.image.shape == (len(truth), 33, 2)


@settings_of_test(max_examples=200)
@given(st.text() | st.text().map(lambda text: HEADER + text) | st.text(alphabet="a.png,left_hip1\n\"'\r\0", max_size=60))
def test_any_other_table_is_refused_with_our_error_or_read(tmp_path_factory, text):
    folder = tmp_path_factory.getbasetemp() / "any"
    folder.mkdir(exist_ok=True)
    try:
        found = load_pose_images(write(folder, text))
    except InvalidDataset as error:
        assert "any" in str(error)  # noqa: PT017
    else:
        assert len(found) > 0
