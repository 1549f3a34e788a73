"""The player in a real browser."""

from __future__ import annotations

import numpy as np
import pytest

from ascension_core.errors import InvalidOption
from ascension_core.report.widgets.player import PosePlayer

PICTURE = ".ascension-picture canvas"


@pytest.fixture
def two(clip, track):
    shifted = track.with_(image=track.image + 12)
    curve = np.where(np.arange(len(track)) % 7 == 0, np.nan, np.arange(len(track)) / 60)
    return PosePlayer(clip, {"first": track, "<b>second": shifted}, curve=curve, label="distance", unit="torso lengths")


def test_steps_meet_every_frame_and_python_knows_which_is_shown(show, two, track):
    shown = show(two)
    shown.press("ArrowRight", ".", "ArrowRight")
    shown.at_frame(3)
    shown.press("Shift+ArrowRight", "ArrowLeft")
    shown.at_frame(12)
    assert f"{track.time[12]:05.2f}" in shown.page.locator(".ascension-now").inner_text()
    shown.until("window.model.get('frame') === 12")
    assert two.frame == 12
    shown.press("End")
    shown.at_frame(len(track) - 1)
    shown.get("window.fromPython('frame', 20)")
    shown.at_frame(20)
    assert shown.said == []


def test_the_picture_is_that_of_the_frame_and_the_skeleton_lies_on_it(show, clip, track):
    shown = show(PosePlayer(clip, {"track": track}))
    shown.go_to(8)
    x, y = track.image[8, 15] / track.size  # the wrist, which the clip marks
    video = """(() => { const v = document.querySelector('video'); const c = document.createElement('canvas');
        [c.width, c.height] = [v.videoWidth, v.videoHeight]; const p = c.getContext('2d'); p.drawImage(v, 0, 0);
        return [...p.getImageData(%f * c.width, %f * c.height, 1, 1).data]; })()"""
    red, green, blue, _ = shown.get(video % (x, y))
    assert min(red, blue) > 150 > 100 > green
    drawn = f"""(() => {{ const c = document.querySelector('{PICTURE}');
        return [...c.getContext('2d').getImageData({x} * c.width, {y} * c.height, 1, 1).data]; }})()"""
    assert shown.get(drawn) == [0x3D, 0xB8, 0xFF, 255]


def test_tracks_are_shown_and_hidden_by_key_and_by_click(show, two):
    shown = show(two)
    both = shown.colours(PICTURE)
    shown.press("2")
    first = shown.colours(PICTURE)
    shown.page.locator(".ascension-legend button").nth(0).click()
    assert both > first > shown.colours(PICTURE) == 0
    assert [b.get_attribute("aria-pressed") for b in shown.page.locator(".ascension-legend button").all()] == ["false"] * 2
    assert shown.page.locator(".ascension-legend button").nth(1).inner_text().endswith("<b>second")


def test_it_plays_at_the_speed_that_was_chosen_and_stops(show, two):
    shown = show(two)
    shown.press("[", "[", " ")
    shown.until("Number(document.querySelector('.ascension-picture canvas').dataset.frame) >= 3")
    assert shown.get("document.querySelector('video').playbackRate") == 0.25
    shown.press(" ")
    shown.until("document.querySelector('video').paused")
    assert shown.said == []


def test_a_click_on_the_curve_goes_there(show, two, track):
    shown = show(two)
    assert shown.colours(".ascension-curve") > 100
    box = shown.page.locator(".ascension-curve").bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
    shown.until(f"Math.abs(window.model.get('frame') - {len(track) / 2}) <= 1")


def test_nothing_is_loaded_and_nothing_stays_behind(show, two):
    shown = show(two)
    assert {url.partition(":")[0] for url in shown.requests} <= {"file", "blob"}
    shown.get("window.leave()")
    assert shown.get("window.listening()") == 0
    assert not shown.get("document.querySelector('video').hasAttribute('src')")


def test_without_a_browser_there_is_a_picture_and_no_video_is_kept(two):
    data, _ = two._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert "application/vnd.jupyter.widget-view+json" in data
    assert not [name for name, value in two.get_state().items() if isinstance(value, bytes)]


def test_what_cannot_be_shown_together_is_refused(clip, track):
    short = track.with_(**{n: getattr(track, n)[:5] for n in ("time", "image", "world", "visibility", "observed")})
    with pytest.raises(InvalidOption, match="60, 5"):
        PosePlayer(clip, {"a": track, "b": short})
    with pytest.raises(InvalidOption, match="got 0"):
        PosePlayer(clip, {})
