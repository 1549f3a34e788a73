"""The benchmark: figures from runs, and processes that fail with a clear word."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from ascension_core.errors import AscensionError, InvalidOption, UnreadableVideo, VideoNotFound
from ascension_core.video import VideoReader
from experiments import bench_pose
from experiments.bench_pose import Run, Stopwatch, compare, from_first_frame, run_in_process
from experiments.bench_pose import bench_pose as bench


def runs(program, *seconds):
    return [Run(program, 100, s, 2 * s, 100.0 + s) for s in seconds]


def test_figures_are_medians_and_their_ratios():
    result = compare([*runs("plain", 10, 4, 5), *runs("pipeline", 2.5, 2.5, 1), *runs("fast", 1, 1, 9)])
    assert (result["plain_fps"], result["fps"], result["fast_fps"]) == (20, 40, 100)
    assert (result["ratio"], result["fast_ratio"]) == (2, 5)
    assert (result["cpu_ratio"], result["fast_cpu_ratio"]) == (2, 5)
    assert (result["peak_mb"], result["plain_peak_mb"]) == (102.5, 110)
    assert [run["program"] for run in result["runs"]] == ["plain"] * 3 + ["pipeline"] * 3 + ["fast"] * 3
    assert result["runs"][0]["fps"] == 10


def test_programs_take_turns_and_the_document_has_its_keys(monkeypatch, tmp_path):
    asked = []

    def run(program, clip, model):
        asked.append(program)
        return Run(program, 10, {"plain": 1.0, "pipeline": 0.5, "fast": 0.25}[program], 1.0, 50.0)

    monkeypatch.setattr(bench_pose, "run_in_process", run)
    monkeypatch.setattr(bench_pose, "probe", lambda clip: None)
    result = bench(tmp_path / "clip.mp4", runs=2)
    assert asked == ["plain", "pipeline", "fast", "pipeline", "fast", "plain"]
    assert {"fps", "plain_fps", "ratio", "fast_ratio", "peak_mb", "runs", "machine"} <= set(result)
    assert (result["ratio"], result["fast_ratio"]) == (2, 4)
    assert result["machine"]["cores"] >= 1


def test_a_clip_that_is_missing_or_no_rounds_are_refused(tmp_path):
    with pytest.raises(VideoNotFound):
        bench(tmp_path / "none.mp4")
    with pytest.raises(InvalidOption, match="runs"):
        bench(tmp_path / "none.mp4", runs=0)


def answering(document, code=0, stderr=""):
    """Stand in for the command of a child: writes an answer, says something, ends."""
    script = f"import sys; open(sys.argv[-1], 'w').write({document!r}); sys.stderr.write({stderr!r}); sys.exit({code})"

    def command(*arguments):
        return [sys.executable, "-c", script, *arguments]

    return command


def test_a_child_hands_its_run_back(monkeypatch, tmp_path):
    document = json.dumps({"program": "plain", "frames": 8, "seconds": 2.0, "cpu_seconds": 3.0, "peak_mb": 9.0})
    monkeypatch.setattr(bench_pose, "child_command", answering(document))
    assert run_in_process("plain", tmp_path, "full") == Run("plain", 8, 2.0, 3.0, 9.0)


def test_an_error_of_ours_crosses_the_process(monkeypatch, tmp_path):
    document = json.dumps({"error": "UnreadableVideo", "message": "broken"})
    monkeypatch.setattr(bench_pose, "child_command", answering(document, code=2))
    with pytest.raises(UnreadableVideo, match="the plain run failed: broken"):
        run_in_process("plain", tmp_path, "full")


@pytest.mark.parametrize(("document", "code"), [("", 1), ("{", 0), ("[]", 0), ('{"frames": 1}', 0)])
def test_a_child_without_a_usable_answer_is_an_error_with_what_it_said(monkeypatch, tmp_path, document, code):
    monkeypatch.setattr(bench_pose, "child_command", answering(document, code=code, stderr="boom\nlast words"))
    with pytest.raises(AscensionError, match=rf"exit code {code} and no result: boom \| last words"):
        run_in_process("plain", tmp_path, "full")


def test_a_child_that_is_killed_is_named_with_its_signal(monkeypatch, tmp_path):
    script = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    monkeypatch.setattr(bench_pose, "child_command", lambda *arguments: [sys.executable, "-c", script])
    with pytest.raises(AscensionError, match="signal 9"):
        run_in_process("plain", tmp_path, "full")


def test_a_child_that_hangs_is_ended(monkeypatch, tmp_path):
    monkeypatch.setattr(bench_pose, "TIMEOUT_S", 0.5)
    monkeypatch.setattr(bench_pose, "child_command", lambda *arguments: [sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(AscensionError, match="longer than"):
        run_in_process("plain", tmp_path, "full")


def test_the_child_program_writes_errors_as_its_answer(tmp_path):
    answer = tmp_path / "answer.json"
    assert bench_pose.main(["refuse", "clip.mp4", "full", str(answer)]) == 2
    assert json.loads(answer.read_text())["error"] == "InvalidOption"


def test_the_stopwatch_starts_once():
    watch = Stopwatch()
    with pytest.raises(AscensionError, match="no frame"):
        watch.read()
    watch.start()
    time.sleep(0.05)
    watch.start()
    seconds, cpu_seconds = watch.read()
    assert seconds >= 0.05
    assert cpu_seconds < 0.05


def test_time_runs_from_the_first_frame_asked_for(monkeypatch):
    monkeypatch.setattr(VideoReader, "frames", lambda reader, stride=1: iter([stride]))
    with from_first_frame() as watch:
        with pytest.raises(AscensionError):
            watch.read()
        assert list(VideoReader.frames(object.__new__(VideoReader), 3)) == [3]
        assert watch.read()[0] > 0


def child_peak(statement: str) -> float:
    """Peak memory that a new process reports after a statement."""
    code = f"from experiments.bench_pose import peak_mb; {statement}; print(peak_mb())"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def test_peak_memory_is_the_process_own_and_remembers_what_was_freed():
    ballast = np.ones(50_000_000)
    idle = child_peak("pass")
    used = child_peak("import numpy; a = numpy.ones(10_000_000); del a")
    assert idle < ballast.nbytes / 1e6
    assert used - idle == pytest.approx(80, abs=15)
