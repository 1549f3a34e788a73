"""Holds, lanes, moves and the map of the page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ascension_core.movement.series import Series
from ascension_core.report.page import write_report
from ascension_core.results import Analysis

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def report(attempt: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(
        path, attempt.analysis, attempt.track, [], attempt.clip, clip_path=attempt.clip, camera=attempt.camera,
        wall_path=attempt.picture,
    )  # fmt: skip
    return path


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def opened(browser: Browser, report: Path, said: list[str]) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(report.as_uri())
    yield page
    page.close()


def wait(page: Page, script: str, seconds: float = 20) -> None:
    """Poll from outside: the page's own policy forbids the evaluation that wait_for_function needs."""
    for _ in range(round(seconds / 0.05)):
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never came true: {script}")


def press_move(page: Page, attempt: Any, number: int) -> int:
    """Go to a move by the list; the frame that is drawn then."""
    frame = int(np.argmin(np.abs(attempt.track.time - attempt.analysis.climb.moves[number].start_ms / 1000)))
    page.locator("#moves button").nth(number).click()
    wait(page, f"document.getElementById('overlay').dataset.frame === '{frame}'")
    return frame


def alpha_at(page: Page, place: Sequence[float]) -> int:
    """Opacity of the canvas at a place of the video's frame."""
    return page.evaluate(
        """([x, y]) => {
          const canvas = document.getElementById('overlay');
          const scale = Math.min(canvas.width / 720, canvas.height / 1280);
          const [left, top] = [(canvas.width - 720 * scale) / 2, (canvas.height - 1280 * scale) / 2];
          const [column, row] = [Math.round(left + x * scale) - 1, Math.round(top + y * scale) - 1];
          const around = canvas.getContext('2d').getImageData(column, row, 3, 3).data;
          let most = 0;
          for (let i = 3; i < around.length; i += 4) most = Math.max(most, around[i]);
          return most;
        }""",
        list(map(float, place)),
    )


def test_a_move_leads_to_its_moment_and_is_marked(opened: Page, attempt: Any) -> None:
    press_move(opened, attempt, 5)
    start = attempt.analysis.climb.moves[5].start_ms / 1000
    shown = opened.evaluate("document.getElementById('video').currentTime")
    assert shown == pytest.approx(start, abs=0.05)
    assert opened.locator("#moves button[aria-current=true]").count() >= 1
    assert opened.locator("#moves button").nth(5).get_attribute("aria-current") == "true"


def test_holds_are_drawn_where_the_shaking_camera_sees_them_and_can_be_switched_off(opened: Page, attempt: Any) -> None:
    frame = press_move(opened, attempt, 12)
    hold = next(hold for hold in attempt.analysis.wall.holds if hold.box[1] > 0.1 and hold.box[0] > 0.75)
    corner = attempt.camera.in_frame(frame, np.array(hold.outline[0]) * (720, 1280))
    moved = np.linalg.norm(corner - np.array(hold.outline[0]) * (720, 1280))
    assert moved > 8
    assert alpha_at(opened, corner) > 100
    opened.keyboard.press("h")
    assert alpha_at(opened, corner) == 0
    opened.keyboard.press("h")
    assert alpha_at(opened, corner) > 100


def test_each_lane_has_its_contacts_and_says_what_is_held_now(opened: Page, attempt: Any) -> None:
    frame = press_move(opened, attempt, 8)
    now_ms = (attempt.track.time[frame] + 1 / 60) * 1000
    for lane in opened.locator(".lane").all():
        limb = lane.get_attribute("data-limb")
        own = [contact for contact in attempt.analysis.contacts if contact.limb == limb]
        assert lane.locator(".contact").count() == len(own)
        held = next((contact.hold for contact in own if contact.start_ms <= now_ms < contact.end_ms), "–")
        assert opened.locator(f".now-held[data-limb={limb}]").inner_text() == held


def test_a_contact_lies_where_its_time_is(opened: Page, attempt: Any) -> None:
    lane = opened.locator(".lane[data-limb=left_hand]")
    contact = next(c for c in attempt.analysis.contacts if c.limb == "left_hand" and c.hold == "h3")
    outer, inner = lane.bounding_box(), lane.get_by_text("h3", exact=True).bounding_box()
    assert outer is not None
    assert inner is not None
    start = (inner["x"] - outer["x"]) / outer["width"] * 14
    end = start + inner["width"] / outer["width"] * 14
    assert (start, end) == pytest.approx((contact.start_ms / 1000, contact.end_ms / 1000), abs=0.05)


def test_arrow_keys_walk_from_hold_to_hold_and_enter_goes_there(opened: Page, attempt: Any) -> None:
    own = [contact for contact in attempt.analysis.contacts if contact.limb == "left_hand"]
    press_move(opened, attempt, 0)
    before = opened.evaluate("document.getElementById('video').currentTime")
    opened.locator(".lane[data-limb=left_hand] .contact").first.focus()
    opened.keyboard.press("ArrowRight")
    assert opened.evaluate("document.getElementById('video').currentTime") == before
    assert own[1].hold in opened.locator("#held").inner_text()
    opened.keyboard.press("Enter")
    frame = int(np.argmin(np.abs(attempt.track.time - own[1].start_ms / 1000)))
    wait(opened, f"document.getElementById('overlay').dataset.frame === '{frame}'")
    opened.keyboard.press("ArrowDown")
    assert opened.evaluate("document.activeElement.closest('.lane').dataset.limb") == "right_hand"


def test_pointing_at_a_contact_shows_its_hold_on_the_picture_and_the_map(opened: Page, attempt: Any) -> None:
    frame = press_move(opened, attempt, 0)
    hold = next(hold for hold in attempt.analysis.wall.holds if hold.id == "h9")
    left = attempt.camera.in_frame(frame, np.array(min(hold.outline)) * (720, 1280))
    opened.locator(".lane[data-limb=left_hand]").get_by_text("h9", exact=True).hover()
    assert opened.locator("#held").inner_text().startswith("Left hand on h9, 0:")
    assert opened.locator("#map polygon.pointed").get_attribute("data-hold") == "h9"
    assert alpha_at(opened, left) > 200
    opened.mouse.move(5, 5)
    assert opened.locator("#map .pointed").count() == 0


def test_the_map_leads_to_the_first_touch_and_shows_where_the_hips_are(opened: Page, attempt: Any) -> None:
    mark = opened.locator("#map .mark[data-hold=h6]")
    mark.scroll_into_view_if_needed()
    mark.click()
    start = next(contact.start_ms for contact in attempt.analysis.contacts if contact.hold == "h6") / 1000
    frame = int(np.argmin(np.abs(attempt.track.time - start)))
    wait(opened, f"document.getElementById('overlay').dataset.frame === '{frame}'")
    hips = attempt.camera.on_wall(attempt.track.image[:, [23, 24]].mean(1))[frame]
    shown = [float(opened.locator("#map-hips").get_attribute(name) or "nan") for name in ("cx", "cy")]
    assert shown == pytest.approx(hips, abs=0.5)
    assert opened.locator("#map polygon.right[data-hold=h6]").count() == 1


def test_feet_can_be_left_out_of_the_list(opened: Page) -> None:
    feet = opened.locator("#moves .left_foot").first
    assert feet.is_visible()
    opened.locator("#feet").click()
    assert not feet.is_visible()
    assert opened.locator("#moves .left_hand").first.is_visible()
    opened.locator("#feet").click()


def test_measures_say_what_they_mean_and_unknown_ones_say_so(opened: Page) -> None:
    rows = opened.locator(".qualities > div").all_inner_texts()
    assert "How much of the climb your hips hardly moved." in rows[0]
    assert "0.31" in rows[0]
    assert len(rows) == 1
    assert opened.get_by_text("Too little was seen to tell: What was not seen.").is_visible()


def test_the_climb_is_told_first(opened: Page) -> None:
    text = opened.locator(".summary").inner_text()
    assert "9 hand moves" in text
    assert "ended at the top" in text


def test_every_control_has_a_name_and_nothing_is_complained_about(opened: Page, said: list[str]) -> None:
    unnamed = opened.evaluate(
        """[...document.querySelectorAll('button, [role=group], [role=img]')]
          .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim())).length"""
    )
    assert unnamed == 0
    assert [line for line in said if "getImageData" not in line] == []


@pytest.mark.parametrize("width", [320, 480, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_without_scrolling_sideways(browser: Browser, report: Path, width: int, scheme: Any) -> None:
    page = browser.new_page(viewport={"width": width, "height": 740}, color_scheme=scheme)
    page.goto(report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_without_a_wall_the_page_has_none_of_it(
    clip: Path, track: Any, measures: Sequence[Series], analysis_of: Callable[..., Analysis], tmp_path: Path
) -> None:
    write_report(tmp_path / "r.html", analysis_of(), track, measures, clip, clip_path=clip)
    html = (tmp_path / "r.html").read_text("utf-8")
    for part in ('id="lanes"', 'id="moves"', 'id="map"', 'data-layer="holds"', 'class="qualities"'):
        assert part not in html
