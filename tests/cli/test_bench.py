"""`ascension bench` from the outside."""

import json
import subprocess

import psutil
import pytest


def run(ascension, *arguments):
    command = [*ascension, "bench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.mark.slow
def test_pose_prints_one_object(ascension, models, short_clip):
    done = run(ascension, "pose", short_clip, "--model", "lite", "--runs", "1", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert {"fps", "plain_fps", "ratio", "fast_ratio", "peak_mb", "machine"} <= set(result)
    assert result["ratio"] == pytest.approx(result["fps"] / result["plain_fps"], rel=0.01)
    assert [run["program"] for run in result["runs"]] == ["plain", "pipeline", "fast"]
    assert len({run["frames"] for run in result["runs"]}) == 1
    assert 50 < result["peak_mb"] < 2000


NUMBERS = {
    *("first_cell_s", "run_s", "plain_papermill_s", "plain_papermill_run_s", "job_s", "pipeline_s", "overhead_s"),
    *("submits_per_s", "next_job_ms_empty", "next_job_ms_10000_queued"),
}


@pytest.mark.slow
def test_jobs_prints_one_object_and_leaves_nothing(ascension, root, tmp_path, monkeypatch):
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(root / "notebooks"))
    monkeypatch.setenv("ASCENSION_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASCENSION_DATABASE_URL", "postgresql://127.0.0.1:9/not-this-one")
    done = run(ascension, "jobs", "--queue", "postgres", "--jobs", "10", "--runs", "1", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["postgres"]
    assert set(found) == NUMBERS
    assert min(number for name, number in found.items() if name != "overhead_s") > 0
    assert found["overhead_s"] == pytest.approx(found["job_s"] - found["pipeline_s"], abs=1e-3)
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not (tmp_path / "home").exists()
    assert not [process for process in psutil.process_iter(["cmdline"]) if str(tmp_path) in str(process.info["cmdline"])]


def test_queue_that_is_not_installed_is_one_line_and_code_2(ascension_here, monkeypatch):
    monkeypatch.setattr("services.benchmark.installed", lambda: False)
    done = ascension_here("bench", "jobs", "--queue", "both")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: RabbitMQ is not installed")


def test_a_clip_that_is_not_there_is_one_line_and_code_2(ascension, tmp_path):
    done = run(ascension, "pose", tmp_path / "none.mp4")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
