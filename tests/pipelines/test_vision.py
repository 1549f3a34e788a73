from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ascension_core.errors import InvalidOption, NoClimberFound
from ascension_core.pipelines.vision import Following, VisionOptions, analyze, follow
from ascension_core.pose.keypoints import BODY
from ascension_core.pose.people import Person
from ascension_core.pose.track import PoseTrack
from ascension_core.results import Analysis
from ascension_core.settings import settings
from ascension_core.video import Frame, VideoWriter, open_video, probe

pytestmark = pytest.mark.usefixtures("models")

Here = Callable[..., subprocess.CompletedProcess[str]]
FILES = ["analysis.json", "camera.json.gz", "overlay.mp4", "report.html", "track.json.gz", "wall.png"]


@pytest.fixture(scope="module")
def followed(short_clip: Path, models: Path) -> Following:
    return follow(short_clip)


@pytest.fixture(scope="module")
def analyzed(short_clip: Path, tmp_path_factory: pytest.TempPathFactory, models: Path) -> tuple[Path, Analysis]:
    out = tmp_path_factory.mktemp("analysis") / "out"
    return out, analyze(short_clip, out, VisionOptions(height_m=1.75))


class TestAnalysis:
    def test_everything_is_written_and_nothing_else(self, analyzed: tuple[Path, Analysis]) -> None:
        assert sorted(p.name for p in analyzed[0].iterdir()) == FILES

    def test_the_document_is_what_was_returned(self, analyzed: tuple[Path, Analysis]) -> None:
        out, analysis = analyzed
        assert Analysis.model_validate_json((out / "analysis.json").read_text()) == analysis

    def test_the_summary_counts_what_the_track_holds(self, analyzed: tuple[Path, Analysis]) -> None:
        out, analysis = analyzed
        track = PoseTrack.load(out / analysis.track.file)
        assert analysis.summary.frames == analysis.video.frames == len(track)
        assert analysis.summary.frames_observed == track.frames_observed
        assert analysis.summary.people == len(analysis.people) == 1
        assert [p.is_climber for p in analysis.people] == [True]

    def test_times_are_those_of_the_video(self, analyzed: tuple[Path, Analysis], short_clip: Path) -> None:
        track = PoseTrack.load(analyzed[0] / "track.json.gz")
        with open_video(short_clip) as video:
            np.testing.assert_allclose(track.time, [f.time for f in video.frames()], atol=1e-3)

    def test_the_overlay_has_every_frame_and_shows_the_body(self, analyzed: tuple[Path, Analysis], short_clip: Path) -> None:
        overlay = analyzed[0] / "overlay.mp4"
        assert probe(overlay).codec == "h264"
        track = PoseTrack.load(analyzed[0] / "track.json.gz")
        with open_video(overlay) as drawn, open_video(short_clip) as plain:
            pairs = list(zip((f.image for f in drawn.frames()), (f.image for f in plain.frames()), strict=True))
        assert len(pairs) == len(track)
        middle = len(track) // 2
        change = np.abs(pairs[middle][0].astype(int) - pairs[middle][1]).max(2)
        joints = track.image[middle, list(BODY)].round().astype(int)
        near = [change[y - 4 : y + 5, x - 4 : x + 5].max() for x, y in joints]
        assert np.median(near) > 60
        assert np.median(change) < 10

    def test_lengths_are_in_metres_when_the_height_is_given(self, analyzed: tuple[Path, Analysis]) -> None:
        units = {m.name: m.unit for m in analyzed[1].measures}
        assert units["hip_height"] == "m"
        assert analyzed[1].options["height_m"] == 1.75


class TestFollowing:
    def test_every_frame_is_measured(self, followed: Following) -> None:
        assert followed.track.frames_observed == len(followed.track)

    def test_the_result_does_not_depend_on_the_number_of_threads(
        self, followed: Following, short_clip: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ASCENSION_THREADS", "1")
        settings.cache_clear()
        try:
            alone = follow(short_clip)
        finally:
            monkeypatch.undo()
            settings.cache_clear()
        np.testing.assert_array_equal(alone.raw.image, followed.raw.image)
        np.testing.assert_array_equal(alone.track.image, followed.track.image)

    def test_frames_are_watched_in_their_order_and_all_of_them(self, short_clip: Path) -> None:
        seen: list[int] = []

        def watch(frames: Iterator[Frame], people: list[Person], size: tuple[int, int]) -> Iterator[Frame]:
            assert len(people) == 1
            assert size == (720, 1280)
            for frame in frames:
                seen.append(frame.index)
                yield frame

        track = follow(short_clip, VisionOptions(every=8), watch=watch).track
        assert seen == list(range(len(track)))

    def test_every_second_frame_is_measured_and_the_others_are_interpolated(
        self, short_clip: Path, followed: Following
    ) -> None:
        half = follow(short_clip, VisionOptions(every=2)).track
        assert half.observed.any(1).tolist() == [i % 2 == 0 for i in range(len(half))]
        assert half.known[:-1].any(1).all()
        off = np.linalg.norm(half.image - followed.track.image, axis=-1)[:-1, list(BODY)]
        assert np.nanmedian(off) < 0.05 * np.nanmedian(followed.track.torso_px())

    def test_the_fast_mode_measures_fewer_frames_at_nearly_the_same_places(self, short_clip: Path, followed: Following) -> None:
        fast = follow(short_clip, VisionOptions(fast=True))
        assert fast.track.frames_observed < followed.track.frames_observed
        off = np.linalg.norm(fast.track.image - followed.track.image, axis=-1)[:, list(BODY)]
        assert np.nanmedian(off) < 0.05 * np.nanmedian(followed.track.torso_px())

    def test_a_cut_file_is_analysed_as_far_as_it_goes(self, synthetic_clip: Path, tmp_path: Path) -> None:
        cut = tmp_path / "cut.mp4"
        whole = synthetic_clip.read_bytes()
        cut.write_bytes(whole[: len(whole) // 6])
        out = tmp_path / "out"
        analysis = analyze(cut, out, VisionOptions(overlay=False, report=False))
        assert analysis.video.truncated
        assert 0 < analysis.video.frames < probe(synthetic_clip).frames_declared
        assert "truncated" in [w.code for w in analysis.summary.warnings]


class TestRefusals:
    def test_a_wall_without_a_climber(self, empty_wall: Path, tmp_path: Path) -> None:
        with pytest.raises(NoClimberFound, match="Film"):
            analyze(empty_wall, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_a_person_who_is_not_there(self, short_clip: Path) -> None:
        with pytest.raises(NoClimberFound, match="1 were seen"):
            follow(short_clip, VisionOptions(climber="7"))

    @pytest.mark.parametrize("wrong", [{"model": "huge"}, {"every": 0}])
    def test_options_out_of_range(self, wrong: dict[str, object]) -> None:
        with pytest.raises(InvalidOption, match=next(iter(wrong))):
            VisionOptions(**wrong)  # type: ignore[arg-type]


class TestCommand:
    def test_json_is_one_object_on_stdout(self, ascension_here: Here, short_clip: Path, tmp_path: Path) -> None:
        done = ascension_here("analyze", short_clip, "--out", tmp_path / "out", "--no-overlay", "--json", "--every", 4)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout) == json.loads((tmp_path / "out" / "analysis.json").read_text())
        assert not (tmp_path / "out" / "overlay.mp4").exists()

    @pytest.mark.parametrize("content", [b"", b"not a video", b"\x89PNG\r\n\x1a\n"])
    def test_what_is_no_video_is_refused_in_one_line(self, ascension_here: Here, tmp_path: Path, content: bytes) -> None:
        clip = tmp_path / "-x;$(true)\n.mp4"
        clip.write_bytes(content)
        done = ascension_here("analyze", "--out", tmp_path / "out", "--", clip)
        assert done.returncode == 2
        assert done.stderr.startswith("error:")
        assert len(done.stderr.splitlines()) == 1
        assert not (tmp_path / "out").exists()

    def test_no_connection_is_opened_and_no_name_looked_up(
        self,
        ascension: tuple[str, ...],
        short_clip: Path,
        tmp_path: Path,
        assert_no_network: Callable[..., subprocess.CompletedProcess[str]],
    ) -> None:
        done = assert_no_network([*ascension, "analyze", short_clip, "--out", tmp_path / "out", "--every", "4"])
        assert done.returncode == 0, done.stderr
        assert sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES

    @pytest.mark.slow
    def test_an_interruption_leaves_nothing_behind(
        self, ascension: tuple[str, ...], synthetic_clip: Path, tmp_path: Path
    ) -> None:
        running = subprocess.Popen([*ascension, "analyze", synthetic_clip, "--out", tmp_path / "out"], stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("out/.ascension-*")) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(2)
        running.send_signal(signal.SIGINT)
        _, complaint = running.communicate(timeout=60)
        assert running.returncode == 130
        assert b"Traceback" not in complaint
        assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def panned(short_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The picture moves by 15 px from frame to frame, as if the camera panned."""
    path = tmp_path_factory.mktemp("clips") / "panned.mp4"
    with open_video(short_clip) as video, VideoWriter(path, (video.info.width, video.info.height)) as writer:
        for frame in video.frames():
            if frame.index < 24:
                writer.write(np.roll(frame.image, 15 * frame.index, axis=0), frame.time)
    return path


@pytest.mark.parametrize("moves", [False, True])
def test_without_the_wall_a_camera_that_moves_is_noted(short_clip: Path, panned: Path, tmp_path: Path, moves: bool) -> None:
    options = VisionOptions(wall=False, overlay=False, report=False, every=2)
    analysis = analyze(panned if moves else short_clip, tmp_path / "out", options)
    assert ("moving_camera" in [w.code for w in analysis.summary.warnings]) == moves
    assert (analysis.wall, analysis.climb, analysis.contacts, analysis.movement) == (None, None, [], [])
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["analysis.json", "track.json.gz"]
