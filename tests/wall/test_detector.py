"""The rules around the network, with a network whose answers are known."""

import json

import numpy as np
import pytest

from ascension_core.errors import ModelError
from ascension_core.wall.boxes import iou
from ascension_core.wall.detector import Card, DetectorOptions, HoldDetector
from ascension_core.wall.holds import Hold, named

LINE = {"score": [0.0, 0.5, 1.0], "probability": [0.0, 0.8, 1.0]}


@pytest.fixture
def make(squares_network):
    def build(options=None, **changes):
        squares_network(**changes)
        return HoldDetector(options=options)

    return build


def picture(width, height, *squares):
    """Grey, with (left, top, right, bottom, colour) squares."""
    image = np.full((height, width, 3), 100, np.uint8)
    for left, top, right, bottom, colour in squares:
        image[top:bottom, left:right] = colour
    return image


RED, BLUE = (255, 0, 0), (0, 0, 255)


def test_boxes_come_back_in_pixels_of_the_picture(make):
    truth = [(100, 200, 180, 260), (900, 60, 1000, 200)]
    found = make().detections(picture(1280, 720, (*truth[0], RED), (*truth[1], BLUE)))
    assert found[:, 5].tolist() == [0, 1]
    np.testing.assert_allclose(found[:, :4], truth, atol=3)
    np.testing.assert_allclose(found[:, 4], 0.8, atol=0.02)  # score 0.5 means probability 0.8


def test_small_pictures_are_enlarged_no_more_than_allowed(make):
    found = make(DetectorOptions(magnify=1.5))
    found.detections(picture(100, 80, (20, 20, 40, 40, RED)))
    assert found._session.inputs[0].shape == (3, 128, 160)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (31, 33), (700, 1)])
def test_pictures_of_any_shape_are_looked_at(make, size):
    assert make().detections(np.zeros((*size, 3), np.uint8)).shape == (0, 6)


def test_a_panorama_is_looked_at_in_parts_and_each_thing_is_found_once(make):
    squares = [(x, 40 + x % 100, x + 30, 75 + x % 100, RED) for x in range(20, 2900, 130)]
    for turned in (False, True):
        image = picture(3000, 240, *squares)
        found = make().detections(np.ascontiguousarray(image.transpose(1, 0, 2)) if turned else image)
        boxes = found[:, [1, 0, 3, 2]] if turned else found[:, :4]
        assert len(boxes) == len(squares)
        np.testing.assert_allclose(boxes[np.argsort(boxes[:, 0])], [s[:4] for s in squares], atol=2)


def test_large_things_come_from_the_coarse_scale_only(make):
    found = make(DetectorOptions(largest_fine_px=100)).detections(picture(640, 480, (100, 100, 400, 400, BLUE)))
    assert len(found) == 1
    without = make(DetectorOptions(largest_fine_px=100, smallest_coarse_px=500))
    assert len(without.detections(picture(640, 480, (100, 100, 400, 400, BLUE)))) == 0


def test_hundreds_of_holds_are_found(make):
    squares = [(x, y, x + 8, y + 8, RED) for x in range(10, 620, 24) for y in range(10, 460, 24)]
    assert len(make().detections(picture(640, 480, *squares))) == len(squares) > 450


def test_holds_are_named_from_the_lowest_and_unlikely_ones_left_out(make):
    weak = (60, 0, 0)
    find = make(calibration={kind: {"score": [0, 1], "probability": [0, 1]} for kind in ("hold", "volume")}, threshold=0.45)
    image = picture(
        640, 480, (10, 10, 40, 40, RED), (10, 300, 40, 340, RED), (200, 100, 300, 200, BLUE), (400, 10, 430, 40, weak)
    )
    holds = find(image)
    assert [hold.id for hold in holds] == ["h1", "h2", "v1"]
    assert holds[0].centre[1] == pytest.approx(320, abs=3)
    assert holds[2].kind == "volume"
    assert holds[0].outline.shape == (4, 2)
    assert holds[0].confidence == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    "change",
    [
        {"classes": ["hold"]},
        {"long_sides": []},
        {"stride": "four"},
        {"mean": [1, 2]},
        {"threshold": 2},
        {"calibration": {"hold": LINE}},
        {"calibration": {"hold": LINE, "volume": {"score": [0, 1], "probability": [0.5, 0.5]}}},
    ],
)
def test_metadata_that_make_no_sense_are_refused(change, tmp_path, squares_network):
    texts = {name: json.dumps(value) for name, value in (squares_network().card | change).items()}
    with pytest.raises(ModelError, match="reinstall"):
        Card.read(texts, tmp_path / "holds.onnx")


def test_missing_metadata_and_weights_are_refused(tmp_path):
    with pytest.raises(ModelError, match="reinstall"):
        Card.read({}, tmp_path / "holds.onnx")
    with pytest.raises(ModelError, match=r"holds\.onnx"):
        HoldDetector(tmp_path / "holds.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match=r"broken\.onnx"):
        HoldDetector(tmp_path / "broken.onnx")


def test_names_run_from_the_lowest_by_kind():
    def at(kind, y):
        return Hold("", kind, np.array([0.0, y, 10, y + 10]), np.empty((0, 2)), 0.5)

    holds = named([at("hold", 0), at("volume", 5), at("hold", 90), at("hold", 50)])
    assert [(h.id, h.box[1]) for h in holds] == [("h1", 90), ("h2", 50), ("h3", 0), ("v1", 5)]


def test_overlap_of_the_two_scales_gives_one_box(make):
    found = make().detections(picture(640, 480, (100, 100, 180, 180, RED)))
    assert len(found) == 1
    assert iou(found, np.array([[100.0, 100, 180, 180]]))[0, 0] > 0.9
