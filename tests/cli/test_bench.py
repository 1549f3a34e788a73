"""`ascension bench` from the outside."""

import json
import subprocess

import pytest


def run(ascension, *arguments):
    command = [*ascension, "bench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


@pytest.mark.slow
def test_pose_prints_one_object(ascension, models, synthetic_clip):
    done = run(ascension, "pose", synthetic_clip, "--model", "lite", "--runs", "1", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert {"fps", "plain_fps", "ratio", "fast_ratio", "peak_mb", "machine"} <= set(result)
    assert result["ratio"] == pytest.approx(result["fps"] / result["plain_fps"], rel=0.01)
    assert [run["program"] for run in result["runs"]] == ["plain", "pipeline", "fast"]
    assert len({run["frames"] for run in result["runs"]}) == 1
    assert 50 < result["peak_mb"] < 2000


def test_a_clip_that_is_not_there_is_one_line_and_code_2(ascension, tmp_path):
    done = run(ascension, "pose", tmp_path / "none.mp4")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
