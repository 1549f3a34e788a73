import io
import zipfile

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as tfl
from ai_edge_litert.interpreter import Interpreter
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.pose import assembly
from ascension_core.pose.models import model_path, task_path

NETWORKS = ("lite", "full", "heavy")


def original(name: str) -> bytes:
    """The landmark network as published, with every head: it lies in the bundle."""
    with zipfile.ZipFile(task_path(name)) as bundle:
        return bundle.read("pose_landmarks_detector.tflite")


def run(network: bytes, image: np.ndarray) -> list[np.ndarray]:
    interpreter = Interpreter(model_content=network, num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("name", NETWORKS)
def test_pruned_network_gives_the_same_numbers(name):
    image = np.random.default_rng(7).random((1, 256, 256, 3), np.float32)
    whole = run(original(name), image)
    pruned = run(model_path(name).read_bytes(), image)
    assert [o.shape for o in pruned] == [(1, 195), (1, 1), (1, 64, 64, 39), (1, 117)]
    for expected, got in zip([whole[k] for k in assembly.WITHOUT_SEGMENTATION], pruned, strict=True):
        assert np.ptp(expected) > 0 or expected.size == 1
        np.testing.assert_array_equal(got, expected)


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("name", NETWORKS)
def test_pruned_network_lost_the_segmentation_head(name):
    whole, pruned = (tfl.ModelT.InitFromObj(tfl.Model.GetRootAs(n, 0)) for n in (original(name), model_path(name).read_bytes()))
    assert len(pruned.subgraphs[0].operators) <= len(whole.subgraphs[0].operators) - 40
    assert not any(tuple(t.shape) == (1, 256, 256, 1) for t in pruned.subgraphs[0].tensors)


@pytest.mark.usefixtures("models")
def test_pruning_keeps_any_chosen_output():
    image = np.random.default_rng(8).random((1, 256, 256, 3), np.float32)
    whole = run(original("lite"), image)
    only_mask = run(assembly.prune(original("lite"), [2]), image)
    assert len(only_mask) == 1
    np.testing.assert_array_equal(only_mask[0], whole[2])


@pytest.mark.usefixtures("models")
def test_pruning_is_deterministic_and_changes_nothing_the_second_time():
    once = assembly.prune(original("lite"), assembly.WITHOUT_SEGMENTATION)
    assert once == assembly.prune(original("lite"), assembly.WITHOUT_SEGMENTATION)
    assert once == assembly.prune(once, range(4))


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("name", NETWORKS)
def test_weights_are_aligned(name):
    network = model_path(name).read_bytes()
    model = tfl.Model.GetRootAs(network, 0)
    whole = np.frombuffer(network, np.uint8)
    starts = [
        model.Buffers(k).DataAsNumpy().ctypes.data - whole.ctypes.data
        for k in range(model.BuffersLength())
        if model.Buffers(k).DataLength()
    ]
    assert len(starts) > 50
    assert all(start % assembly.ALIGNMENT == 0 for start in starts)


def test_network_with_two_subgraphs_is_refused():
    model = tfl.ModelT()
    model.subgraphs, model.buffers = [tfl.SubGraphT(), tfl.SubGraphT()], [tfl.BufferT()]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    with pytest.raises(ValueError, match="one subgraph"):
        assembly.prune(bytes(builder.Output()), [0])


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_bundle_holds_both_networks_aligned_and_uncompressed(detector, landmarks):
    packed = assembly.task_bundle(detector, landmarks)
    with zipfile.ZipFile(io.BytesIO(packed)) as bundle:
        assert bundle.testzip() is None
        assert [bundle.read(n) for n in bundle.namelist()] == [detector, landmarks]
        for entry in bundle.infolist():
            start = entry.header_offset + 30 + len(entry.filename) + len(entry.extra)
            assert start % assembly.ALIGNMENT == 0
            assert packed[start : start + entry.file_size] == bundle.read(entry)
