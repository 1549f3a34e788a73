"""`ascension evaluate` as people and machines call it: one JSON object on stdout, or one line of error and code 2."""

import gzip
import json
import shutil
import subprocess

import pytest

KEYS = {
    "images",
    "pck_at_0.2",
    "pck_at_0.5",
    "interval_0.2",
    "interval_0.5",
    "by_joint",
    "by_angle",
    "detected",
    "model",
    "calibration",
}


@pytest.fixture
def run(ascension_here):
    """Runs ``ascension evaluate …`` and returns how it ended."""
    return lambda *arguments: ascension_here("evaluate", *arguments)


@pytest.fixture
def evaluate(run):
    """Runs ``ascension evaluate …`` and returns the object that it prints."""

    def evaluate(*arguments):
        done = run(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return evaluate


@pytest.fixture
def few(data_dir, tmp_path):
    """The first four labelled people, one of them with two joints less."""
    source = data_dir / "pose" / "lsp"
    header, *rows = (source / "joints.csv").read_text().splitlines()
    names = list(dict.fromkeys(row.split(",")[0] for row in rows))[:4]
    kept = [row for row in rows if row.split(",")[0] in names]
    kept = [row for row in kept if not row.startswith((f"{names[0]},left_knee", f"{names[0]},right_wrist"))]
    (tmp_path / "images").mkdir()
    for name in names:
        shutil.copy(source / "images" / name, tmp_path / "images" / name)
    (tmp_path / "joints.csv").write_text("\n".join([header, *kept]))
    return tmp_path


def test_pose_baseline_prints_one_object(evaluate, models, few):
    result = evaluate("pose", few, "--backend", "mediapipe", "--model", "lite")
    assert set(result) >= KEYS
    assert (result["images"], result["model"], result["backend"]) == (4, "lite", "mediapipe")
    assert result["by_joint"]["left_knee"]["scored"] == 3
    assert sum(group["images"] for group in result["by_angle"].values()) == 4


def test_pose_as_one_line_from_a_process_is_the_same_object(ascension, evaluate, models, few):
    arguments = ["pose", str(few), "--backend", "mediapipe", "--model", "lite", "--limit", "2"]
    done = subprocess.run([*ascension, "evaluate", *arguments, "--json"], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout) == evaluate(*arguments)


def test_pose_of_our_own_prints_the_same_keys(evaluate, models, few):
    result = evaluate("pose", few, "--model", "lite")
    assert set(result) >= KEYS
    assert result["backend"] == "ascension"
    assert result["pck_at_0.5"] > 0


def test_a_data_set_that_is_not_in_the_form_is_one_line_and_code_2(run, models, few):
    next((few / "images").iterdir()).write_bytes(b"no image")
    for folder in (few, few / "none"):
        done = run("pose", folder, "--backend", "mediapipe", "--model", "lite")
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr
        assert "error: " in done.stderr


@pytest.mark.slow
def test_baseline_figures_on_lsp(evaluate, models, data_dir):
    result = evaluate("pose", data_dir / "pose" / "lsp", "--backend", "mediapipe", "--model", "lite")
    assert result["images"] == 500
    assert result["pck_at_0.2"] == pytest.approx(53, abs=1)
    low, high = result["interval_0.2"]
    assert 2 < high - low < 9


def test_track_baseline_is_on_the_synthetic_climber(evaluate, models, synthetic_clip, synthetic_truth):
    result = evaluate("track", synthetic_clip, synthetic_truth, "--backend", "mediapipe", "--model", "lite")
    assert result["on_climber"] > 80
    assert result["frames"] >= result["frames_in_view"] > 0


def test_track_refuses_the_truth_of_another_clip(run, models, synthetic_clip, tmp_path):
    document = {"fps": 30, "size": [100, 100], "joints": ["nose"], "keypoints": [[[1, 2]]]}
    truth = tmp_path / "truth.json.gz"
    truth.write_bytes(gzip.compress(json.dumps(document).encode()))
    done = run("track", synthetic_clip, truth, "--backend", "mediapipe", "--model", "lite")
    assert done.returncode == 2
    assert "not of the same clip" in done.stderr


def test_track_refuses_what_is_not_there(run, tmp_path):
    done = run("track", tmp_path / "none.mp4", tmp_path / "none.json")
    assert done.returncode == 2
    assert "cannot read" in done.stderr


def test_fast_is_refused_for_the_baseline(run, tmp_path):
    done = run("track", tmp_path / "none.mp4", tmp_path / "none.json", "--fast", "--backend", "mediapipe")
    assert done.returncode == 2
    assert "--fast" in done.stderr


def test_contacts_refuses_the_truth_of_another_clip(run, synthetic_clip, tmp_path):
    document = {"fps": 30, "size": [100, 100], "labelled_frames": [0, 9], "contacts": []}
    (tmp_path / "truth.json").write_text(json.dumps(document))
    done = run("contacts", synthetic_clip, tmp_path / "truth.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "not of the same clip" in done.stderr


def test_contacts_refuses_what_is_no_truth(run, synthetic_clip, tmp_path):
    (tmp_path / "truth.json").write_text("{}")
    done = run("contacts", synthetic_clip, tmp_path / "truth.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "truth.json is not a truth file of contacts: fps: Field required" in " ".join(done.stderr.split())


def test_contacts_print_one_object(evaluate, models, short_clip, tmp_path):
    document = {"fps": 30, "size": [720, 1280], "labelled_frames": [0, 39], "contacts": []}
    (tmp_path / "truth.json").write_text(json.dumps(document))
    result = evaluate("contacts", short_clip, tmp_path / "truth.json")
    assert set(result["by_limb"]) == {"left_hand", "right_hand", "left_foot", "right_foot"}
    assert {"f1_at_0.5", "precision", "recall", "by_kind", "hold_consistency", "start_error_ms"} <= set(result)
