"""The page in a real browser, opened from disk, and what Python puts into it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ascension_core.errors import OutputNotWritable, VideoError
from ascension_core.movement.series import Series
from ascension_core.pose.track import PoseTrack
from ascension_core.report.page import ReportOptions, write_report
from ascension_core.results import Analysis

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOSTILE = "<script>alert(1)</script>&\"'.mp4"

AnalysisOf = Callable[..., Analysis]


@pytest.fixture(scope="module")
def report(
    tmp_path_factory: pytest.TempPathFactory, clip: Path, track: PoseTrack, measures: Sequence[Series], analysis_of: AnalysisOf
) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, analysis_of(HOSTILE), track, measures, clip, options=ReportOptions(crf=12))
    return path


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


class Opened:
    """A report in a browser, with everything that it said and asked for."""

    def __init__(self, browser: Browser, path: Path, **context: Any) -> None:
        self.context = browser.new_context(**({"viewport": {"width": 1200, "height": 800}} | context))
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())
        self.until("video.readyState >= 2 && !video.seeking")

    def get(self, expression: str) -> Any:
        return self.page.evaluate(f"(() => {{ const video = document.getElementById('video'); return {expression}; }})()")

    def until(self, expression: str, seconds: float = 15) -> None:
        """Poll from outside: the page's own policy forbids the evaluation that wait_for_function needs."""
        for _ in range(round(seconds / 0.05)):
            if self.get(expression):
                return
            self.page.wait_for_timeout(50)
        drawn = "document.getElementById('overlay').dataset.frame"
        state = self.get(f"[video.currentTime, video.seeking, {drawn}, document.getElementById('now').innerText]")
        raise AssertionError(f"never came true: {expression}; time, seeking, frame drawn, clock: {state}; said {self.said}")

    def settle(self) -> None:
        self.until("!video.seeking")
        self.page.wait_for_timeout(200)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def clock(self) -> str:
        return self.page.locator("#now").inner_text()

    def go_to_frame(self, frame: int) -> None:
        """Step there, and wait until its skeleton is drawn: browsers say late which frame they show."""
        self.press("Home", *["."] * frame)
        self.until(f"document.getElementById('overlay').dataset.frame === '{frame}'")

    def overlay(self, x: float, y: float) -> list[int]:
        """Red, green, blue and alpha of the skeleton's canvas at a place of the video's frame."""
        return self.page.evaluate(
            """([x, y]) => {
              const canvas = document.getElementById('overlay');
              const scale = Math.min(canvas.width / 240, canvas.height / 320);
              const [left, top] = [(canvas.width - 240 * scale) / 2, (canvas.height - 320 * scale) / 2];
              return [...canvas.getContext('2d').getImageData(
                Math.round(left + x * scale), Math.round(top + y * scale), 1, 1).data];
            }""",
            [x, y],
        )

    def mark(self) -> tuple[float, float] | None:
        """Where the magenta square is in the picture that the video element shows now, in pixels of the video's frame."""
        return self.page.evaluate(
            """() => {
              const video = document.getElementById('video');
              const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
              const pen = canvas.getContext('2d');
              pen.drawImage(video, 0, 0);
              const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
              let [n, x, y] = [0, 0, 0];
              for (let i = 0; i < data.length; i += 4) if (data[i] > 180 && data[i + 1] < 90 && data[i + 2] > 180) {
                n++; x += (i / 4) % canvas.width; y += Math.floor(i / 4 / canvas.width);
              }
              return n > 50 ? [x / n, y / n] : null;
            }"""
        )

    def painted(self) -> int:
        return self.page.evaluate(
            """() => {
              const canvas = document.getElementById('overlay');
              const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
              let n = 0;
              for (let i = 3; i < data.length; i += 4) n += data[i] > 0;
              return n;
            }"""
        )


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Opened]:
    one = Opened(browser, report)
    yield one
    one.context.close()


def test_opens_from_disk_without_a_word_and_without_the_network(opened: Opened) -> None:
    opened.press(" ")
    opened.until("video.currentTime > 0.3")
    assert opened.said == []
    assert {url.split(":")[0] for url in opened.requests} <= {"file", "blob", "data"}
    assert sum(url.startswith("file:") for url in opened.requests) == 1


def test_policy_forbids_the_network(opened: Opened) -> None:
    outcome = opened.page.evaluate(
        """() => Promise.race([
          fetch('http://127.0.0.1:9/').then(() => 'fetched', () => 'refused'),
          new Promise((done) => setTimeout(() => done('pending'), 3000)),
        ])"""
    )
    assert outcome == "refused"
    assert any("Content Security Policy" in line for line in opened.said)


def test_skeleton_is_drawn_although_the_browser_does_not_say_which_frame_it_shows(opened: Opened) -> None:
    opened.page.evaluate("HTMLVideoElement.prototype.requestVideoFrameCallback = () => 0")
    opened.go_to_frame(7)


@pytest.mark.parametrize("frame", [0, 1, 7, 19, 22, 41, 59])
def test_skeleton_sits_on_the_frame_that_the_video_shows(opened: Opened, track: PoseTrack, frame: int) -> None:
    opened.go_to_frame(frame)
    x, y = track.image[frame, 15]
    assert opened.mark() == pytest.approx((x, y), abs=2)
    assert opened.overlay(x, y)[3] > 100
    assert opened.overlay(*track.image[(frame + 1) % 60 if frame != 29 else 0, 15])[3] == 0


def test_skeleton_stays_on_the_video_while_it_plays(opened: Opened, track: PoseTrack) -> None:
    opened.press("Home", "Shift+<", "Shift+<", "k")
    seen = []
    for _ in range(12):
        seen.append(
            opened.page.evaluate(
                """() => new Promise((done) => document.getElementById('video').requestVideoFrameCallback((_, { mediaTime }) =>
              queueMicrotask(() => done([mediaTime, document.getElementById('overlay').width]))))"""
            )
        )
        frame = int(np.argmin(np.abs(track.time - seen[-1][0])))
        assert track.time[frame] == pytest.approx(seen[-1][0], abs=2e-3)
    opened.press("k")
    mark = opened.mark()
    assert seen[-1][0] > seen[0][0]
    assert mark is not None
    assert opened.overlay(*mark)[3] > 100


def test_nothing_is_drawn_where_nothing_is_known(opened: Opened) -> None:
    opened.page.get_by_role("button", name="Trail").click()
    opened.go_to_frame(33)
    assert opened.painted() == 0


def test_letterboxed_picture_and_skeleton_agree(opened: Opened, track: PoseTrack) -> None:
    opened.page.evaluate(
        """() => {
          const picture = document.querySelector('.picture');
          picture.style.aspectRatio = 'auto'; picture.style.width = '340px'; picture.style.height = '300px';
        }"""
    )
    opened.go_to_frame(9)
    x, y = track.image[9, 15]
    assert opened.overlay(x, y)[3] > 100
    box = opened.page.evaluate("(({ width, height }) => [width, height])(document.getElementById('overlay'))")
    assert box == [340, 300]


def test_sharp_on_dense_screens(browser: Browser, report: Path, track: PoseTrack) -> None:
    one = Opened(browser, report, device_scale_factor=3)
    one.go_to_frame(12)
    ratio = one.page.evaluate("(() => { const c = document.getElementById('overlay'); return c.width / c.clientWidth; })()")
    assert ratio == pytest.approx(3, abs=0.02)
    assert one.overlay(*track.image[12, 15])[3] > 100
    one.context.close()


def test_layers_can_be_switched(opened: Opened, track: PoseTrack) -> None:
    opened.go_to_frame(12)
    x, y = track.image[12, 15]
    opened.page.get_by_role("button", name="Skeleton").click()
    assert opened.page.get_by_role("button", name="Skeleton").get_attribute("aria-pressed") == "false"
    assert opened.overlay(x, y)[3] == 0
    opened.press("t", "c")
    assert opened.painted() == 0
    opened.press("s")
    assert opened.overlay(x, y)[3] > 100
    opened.press("v")
    assert opened.get("getComputedStyle(video).opacity") == "0"


def test_keys(opened: Opened, track: PoseTrack) -> None:
    opened.press("Home")
    assert opened.clock() == "0:00.00"
    opened.press(".", ".", ".")
    assert opened.clock() == "0:00.13"
    opened.press(",")
    assert opened.clock() == "0:00.06"
    opened.press("ArrowRight")
    assert abs(opened.get("video.currentTime") - 1.07) < 0.07
    opened.press("ArrowLeft")
    assert opened.clock() == "0:00.06"
    opened.press("End")
    assert opened.get("video.currentTime") == pytest.approx(track.time[-1], abs=0.03)
    opened.press("Shift+<")
    assert opened.get("video.playbackRate") == 0.5
    opened.press("Shift+>", "Shift+>")
    assert opened.get("video.playbackRate") == 2
    opened.press("Home", " ")
    opened.until("!video.paused")
    opened.press(" ")
    opened.until("video.paused")


def test_help_opens_and_closes_by_key(opened: Opened) -> None:
    opened.press("?")
    assert opened.page.get_by_role("dialog", name="Keyboard").is_visible()
    opened.press("Escape")
    assert not opened.page.get_by_role("dialog", name="Keyboard").is_visible()


def test_plot_click_and_drag_go_there(opened: Opened) -> None:
    box = opened.page.locator(".chart .plot").first.bounding_box()
    assert box is not None
    inside = box["width"] - 40
    at = lambda share: box["x"] + 34 + share * inside  # noqa: E731
    duration = 2.6667
    opened.page.mouse.click(at(0.5), box["y"] + 40)
    opened.settle()
    assert opened.get("video.currentTime") == pytest.approx(0.5 * duration, abs=0.06)
    opened.page.mouse.move(at(0.2), box["y"] + 40)
    opened.page.mouse.down()
    opened.page.mouse.move(at(0.6), box["y"] + 40, steps=4)
    opened.page.mouse.move(at(0.8), box["y"] + 40, steps=4)
    opened.page.mouse.up()
    opened.settle()
    assert opened.get("video.currentTime") == pytest.approx(0.8 * duration, abs=0.06)
    cursor = opened.page.locator(".chart .cursor").first.bounding_box()
    assert cursor is not None
    assert cursor["x"] == pytest.approx(at(0.8), abs=inside * 0.03)


def test_plots_say_the_value_at_this_moment(opened: Opened, measures: Sequence[Series]) -> None:
    opened.go_to_frame(10)
    values = opened.page.locator(".chart").first.locator(".number").inner_text()
    assert float(values.replace("\N{MINUS SIGN}", "-")) == pytest.approx(measures[0].values[10], abs=0.06)
    opened.go_to_frame(33)
    assert opened.page.locator(".chart").first.locator(".number").inner_text() == "–"


def test_plots_pair_sides_and_leave_out_what_was_never_measured(opened: Opened) -> None:
    names = opened.page.locator(".chart .name").all_inner_texts()
    assert names == ["Hip height", "Knee angle", "Visibility of the joints"]
    assert opened.page.locator(".chart").nth(1).locator("path.curve").count() == 2


def test_timeline_is_a_slider_that_seeks(opened: Opened) -> None:
    slider = opened.page.get_by_role("slider", name="Time")
    box = slider.bounding_box()
    assert box is not None
    slider.click(position={"x": box["width"] * 0.25, "y": 20})
    opened.settle()
    assert float(slider.get_attribute("aria-valuenow") or "nan") == pytest.approx(0.25 * 2.6667, abs=0.06)


def test_timeline_shows_what_was_seen(opened: Opened) -> None:
    filled = opened.page.evaluate(
        """() => {
          const strip = document.getElementById('strip');
          const pen = strip.getContext('2d');
          return [...Array(60).keys()].map((i) => {
            const column = pen.getImageData(Math.floor(((i + .5) / 60) * strip.width), 0, 1, strip.height).data;
            let green = 0;
            for (let k = 0; k < column.length; k += 4) green += column[k] < 100;
            return green / strip.height;
          });
        }"""
    )
    filled = np.array(filled)
    assert filled[:15].min() == 1
    assert filled[31:34].max() == 0
    assert 0 < filled[21:23].mean() < 1


def test_loop_keeps_the_video_between_its_ends(opened: Opened) -> None:
    opened.press("Home", *["."] * 6, "[", *["."] * 12, "]")
    start, end = opened.page.evaluate(
        "(() => { const r = document.getElementById('loop-range').style; return [parseFloat(r.left), parseFloat(r.width)]; })()"
    )
    start, end = start / 100 * 2.6667, (start + end) / 100 * 2.6667
    assert end - start == pytest.approx(16 / 30, abs=0.05)
    opened.press("Shift+>", " ")
    times = []
    for _ in range(30):
        opened.page.wait_for_timeout(60)
        times.append(opened.get("video.currentTime"))
    assert any(b < a for a, b in pairwise(times))
    assert min(times) > start - 0.1
    assert max(times) < end + 0.25


def test_hostile_file_name_is_text(opened: Opened) -> None:
    assert opened.page.get_by_role("heading", level=1).inner_text() == HOSTILE.removesuffix(".mp4")
    assert opened.page.locator(".warnings li").inner_text() == "The camera <moves>."
    assert opened.said == []


@pytest.mark.parametrize("width", [320, 360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_without_scrolling_sideways(browser: Browser, report: Path, width: int, scheme: str) -> None:
    one = Opened(browser, report, viewport={"width": width, "height": 740}, color_scheme=scheme)
    assert one.page.evaluate("document.documentElement.scrollWidth") == width
    one.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert one.page.evaluate("document.documentElement.scrollWidth") == width
    small = one.page.evaluate(
        """[...document.querySelectorAll('.controls button')].filter((b) => !b.hidden)
          .map((b) => b.getBoundingClientRect()).filter((b) => b.height < 36 || b.width < 36).length"""
    )
    assert small == 0
    one.context.close()


def test_nothing_moves_while_the_page_loads(browser: Browser, report: Path) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver((l) => l.getEntries().forEach((e) => { window.shift += e.value; }))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    page.goto(report.as_uri())
    page.wait_for_timeout(1500)
    assert page.evaluate("window.shift") < 0.01
    context.close()


def test_every_control_has_a_name(opened: Opened) -> None:
    unnamed = opened.page.evaluate(
        """[...document.querySelectorAll('button, [role=slider], [role=img], summary')]
          .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim())).length"""
    )
    assert unnamed == 0


def test_a_large_video_lies_beside_the_page_and_plays(
    browser: Browser, clip: Path, track: PoseTrack, measures: Sequence[Series], analysis_of: AnalysisOf, tmp_path: Path
) -> None:
    page = tmp_path / "a report#1.html"
    write_report(page, analysis_of(), track, measures, clip, options=ReportOptions(max_embedded_bytes=100))
    assert {p.name for p in tmp_path.iterdir()} == {"a report#1.html", "a report#1-video.mp4"}
    one = Opened(browser, page)
    one.go_to_frame(12)
    assert one.overlay(*track.image[12, 15])[3] > 100
    assert "a report#1-video.mp4" in one.page.locator(".privacy").inner_text()
    assert one.said == []
    one.context.close()


def test_plots_and_skeleton_work_without_the_video(
    browser: Browser, clip: Path, track: PoseTrack, measures: Sequence[Series], analysis_of: AnalysisOf, tmp_path: Path
) -> None:
    page = tmp_path / "report.html"
    write_report(page, analysis_of(), track, measures, clip, options=ReportOptions(max_embedded_bytes=100))
    (tmp_path / "report-video.mp4").unlink()
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(page.as_uri())
    notice = opened.get_by_role("status")
    notice.wait_for(state="visible")
    assert "report-video.mp4" in notice.inner_text()
    opened.keyboard.press("ArrowRight")
    assert opened.locator("#now").inner_text() == "0:01.00"
    context.close()


def test_page_is_compact(report: Path) -> None:
    html = report.read_text("utf-8")
    assert len(html) < 400_000
    assert not re.search(r"https?://(?!www\.w3\.org/)", html)


def test_says_what_was_found(opened: Opened) -> None:
    text = opened.page.locator("main").inner_text()
    assert "followed through 90 % of this 3‑second clip" in text
    assert "One other person was seen and left out." in text
    assert "In 7 % of it the pose is estimated" in text
    assert opened.page.locator(".people li").nth(1).locator(".share").inner_text() == "1 %"


def test_refuses_measures_of_another_length(clip: Path, track: PoseTrack, analysis_of: AnalysisOf, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="short"):
        write_report(tmp_path / "r.html", analysis_of(), track, [Series("short", "Short", "", np.zeros(3))], clip)
    assert list(tmp_path.iterdir()) == []


def test_failures_leave_nothing_behind(clip: Path, track: PoseTrack, analysis_of: AnalysisOf, tmp_path: Path) -> None:
    with pytest.raises(OutputNotWritable):
        write_report(tmp_path / "nowhere" / "r.html", analysis_of(), track, [], clip)
    with pytest.raises(VideoError):
        write_report(tmp_path / "r.html", analysis_of(), track, [], tmp_path / "missing.mp4")
    assert list(tmp_path.iterdir()) == []
