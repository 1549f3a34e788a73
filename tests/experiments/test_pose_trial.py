from dataclasses import asdict

import pytest

from ascension_core.errors import InvalidDataset, InvalidOption
from ascension_core.settings import settings
from experiments.pose_options import PoseOptions, pose_options
from experiments.pose_trial import judge


@pytest.mark.slow
@pytest.mark.usefixtures("models")
def test_images_are_scored_with_the_effort_that_was_asked_for(data_dir):
    quick = pose_options({"model": "lite", "effort": {"turns": 1, "parts": False, "rounds": 0, "views": False}})
    told = []
    found = judge(quick, ["images"], limit=6, progress=lambda *said: told.append(said))
    assert found["options"]["effort"] == asdict(quick.effort)
    assert found["images"]["images"] == 6
    summary = found["summary"]
    assert 20 < summary["images_pck_at_0.2_low"] < summary["images_pck_at_0.2"] <= 100
    assert summary["images_pck_at_0.2"] == found["images"]["pck_at_0.2"]
    assert summary["images_calibration_error"] == found["images"]["calibration"]["expected_calibration_error"]
    assert "clip" not in found
    assert told[-1] == ("evaluate", 1.0)


@pytest.mark.parametrize("sets", [[], ["clip", "videos"]])
def test_sets_that_are_unknown_are_refused(sets):
    with pytest.raises(InvalidOption, match="sets must name some of clip, images"):
        judge(PoseOptions(), sets)


@pytest.fixture
def no_data(monkeypatch):
    """A machine without evaluation data."""
    monkeypatch.delenv("ASCENSION_DATA", raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("models", "no_data")
def test_images_that_are_not_on_this_machine_are_not_passed_over():
    with pytest.raises(InvalidDataset, match="set ASCENSION_DATA"):
        judge(PoseOptions(), ["images"])
