import pytest

from ascension_core.errors import InvalidOption
from ascension_core.pipelines.options import VisionOptions
from experiments.pose_options import PoseOptions, pose_options


def test_an_empty_document_is_what_the_pipeline_does_by_default():
    assert pose_options({}) == PoseOptions()
    assert pose_options({}).of_videos == VisionOptions()


def test_options_that_are_not_given_stay_as_they_are():
    options = pose_options({"model": "lite", "clean": {"cutoff_hz": 6}, "effort": {"turns": 4}})
    assert (options.model, options.clean.cutoff_hz, options.clean.swaps, options.effort.turns) == ("lite", 6.0, True, 4)
    assert options.of_videos.clean == options.clean
    assert options.scan == PoseOptions().scan


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"speed": 1}, "options/speed is unknown; there are model, every"),
        ({"clean": {"cutof_hz": 1}}, "options/clean/cutof_hz is unknown; there are swaps"),
        ({"clean": 3}, "options/clean must be an object, got 3"),
        ({"every": "2"}, "options/every: .*valid integer"),
        ({"every": True}, "options/every: .*valid integer"),
        ({"fast": 1}, "options/fast: .*valid boolean"),
        ({"model": "huge"}, "options/model: .*'lite', 'full' or 'heavy'"),
        ({"scan": {"interval_s": float("nan")}}, "options/scan/interval_s: .*finite"),
        ({"clean": {"cutoff_hz": -1}}, "options/clean: .*must not be negative"),
    ],
)
def test_what_cannot_be_used_is_named(document, message):
    with pytest.raises(InvalidOption, match=message):
        pose_options(document)
