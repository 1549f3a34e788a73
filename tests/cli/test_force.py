import json
import re

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from ascension_core.cli import app
from ascension_core.errors import AscensionError
from experiments.force_synthetic import AllOut, all_out_recording, pulses


def save(path, time, force, header="time (s),force (kg)"):
    path.write_text("\n".join([header, *(f"{t:.4f},{f:.4f}" for t, f in zip(time, force, strict=True))]))
    return str(path)


@pytest.fixture
def all_out(tmp_path):
    return save(tmp_path / "all-out.csv", *all_out_recording(AllOut(), noise_kg=0.1, tremor=0.05, effort_spread=0.04))


def run(*arguments):
    return CliRunner().invoke(app, ["force", *arguments])


def test_person_reads_critical_force_with_its_uncertainty(all_out):
    done = run(all_out, "--body-mass", "66")
    assert done.exit_code == 0
    assert "24 efforts (critical)" in done.stdout
    assert re.search(r"Critical force 1[67]\.\d kg \(95 % interval 1\d\.\d to 1\d\.\d, 2\d% of body mass\)", done.stdout)
    assert "within measurement error" in done.stdout


def test_machine_reads_one_object(all_out):
    document = json.loads(run(all_out, "--json").stdout)
    assert document["kind"] == "force"
    assert document["protocol"] == "critical"
    assert document["critical_force"]["force_kg"]["value"] == pytest.approx(17, rel=0.05)
    assert len(document["efforts"]) == 24


def test_out_holds_the_result_and_its_picture(all_out, tmp_path):
    out = tmp_path / "deep" / "results"
    done = run(all_out, "--out", str(out), "--json")
    assert sorted(path.name for path in out.iterdir()) == ["force.json", "force.png"]
    assert json.loads((out / "force.json").read_text()) == json.loads(done.stdout)
    with Image.open(out / "force.png") as picture:
        assert min(picture.size) > 500


def test_several_recordings_are_exhaustions(tmp_path):
    paths = []
    for force, count in ((40.0, 8), (30.0, 14), (24.0, 30)):
        time, curve = pulses(5 + 10.0 * np.arange(count), np.full(count, force), 7.0)
        paths.append(save(tmp_path / f"{force:g}.csv", time, curve))
    done = run(*paths, "--json", "--out", str(tmp_path / "out"))
    document = json.loads(done.stdout)
    assert document["kind"] == "exhaustions"
    assert [part["protocol"] for part in document["recordings"]] == ["repeaters"] * 3
    assert document["critical_force"]["fits"][0]["model"] == "linear"
    assert (tmp_path / "out" / "force.png").exists()
    assert "3 efforts to exhaustion together:" in run(*paths).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "does not say its unit"),
        (("--unit", "stone"), "--unit stone"),
        (("--unit", "kg", "--protocol", "dance"), "--protocol dance"),
        (("--unit", "kg", "--protocol", "critical"), "needs 24 all-out contractions"),
        (("--unit", "kg", "--body-mass", "0.066"), "--body-mass 0.066"),
        (("--unit", "kg", "--column", "weigth"), "--column weigth"),
    ],
)
def test_errors_of_ours_leave_nothing_behind(tmp_path, arguments, message):
    path = save(tmp_path / "max.csv", *pulses(np.array([5.0]), np.array([50.0]), 7.0), header="time,weight")
    done = run(path, *arguments, "--out", str(tmp_path / "out"))
    assert isinstance(done.exception, AscensionError)
    assert message in str(done.exception)
    assert not (tmp_path / "out").exists()
