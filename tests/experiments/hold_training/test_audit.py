from __future__ import annotations

from dataclasses import replace

import numpy as np

from experiments.hold_training.audit import audit, confirmed, main, unlabelled
from experiments.hold_training.data import Corrections, turned


def seen(boxes, score=0.9):
    """Detections exactly where the boxes are."""
    return np.column_stack([boxes, np.full(len(boxes), score), np.zeros(len(boxes))]).astype(np.float32)


def test_labels_where_the_detector_sees_holds_are_left_alone(wall):
    image = wall()
    found = audit([(image, seen(image.boxes))])
    assert (found.turned, found.dropped, found.confusing) == ((), (), {})


def test_labels_of_a_turned_picture_are_named(wall):
    image = wall()
    found = audit([(replace(image, boxes=turned(image.boxes, image.image.shape)), seen(image.boxes))])
    assert (found.turned, found.dropped) == (("wall.rf.1",), ())
    assert found.confusing == {}


def test_labels_of_another_picture_are_named(wall):
    image = wall()
    found = audit([(replace(image, boxes=image.boxes * 0.3 + 200), seen(image.boxes))])
    assert (found.turned, found.dropped) == ((), ("wall.rf.1",))


def test_nothing_is_concluded_from_a_few_labels(wall):
    image = wall()
    found = audit([(replace(image, boxes=image.boxes[:5] + 100, classes=image.classes[:5]), seen(image.boxes, 0.3))])
    assert (found.turned, found.dropped) == ((), ())


def test_sure_detections_without_a_label_are_places_to_look_at(wall):
    image = wall()
    extra = np.array([[300, 30, 330, 60]], np.float32)
    both = np.concatenate([seen(image.boxes), seen(extra, 0.5), seen(extra + 60, 0.35)])
    assert audit([(image, both)]).confusing == {"wall.rf.1": [[300.0, 30.0, 330.0, 60.0]]}


def test_a_picture_without_labels_confirms_nothing_and_lacks_none():
    boxes = np.array([[0, 0, 10, 10]], np.float32)
    assert unlabelled(np.zeros((0, 4), np.float32), seen(boxes)).tolist() == boxes.tolist()
    assert confirmed(boxes, seen(boxes + 100)) == 0


def test_the_command_line_writes_corrections(folder, tmp_path, capsys):
    assert main([str(folder), "--out", str(tmp_path / "found.json")]) == 0
    assert isinstance(Corrections.read(tmp_path / "found.json"), Corrections)
    assert capsys.readouterr().out.startswith("4 pictures: ")
    assert main([str(tmp_path / "none"), "--out", str(tmp_path / "found.json")]) == 2
    assert "images" in capsys.readouterr().err
