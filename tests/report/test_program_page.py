"""The program's page in a real browser, opened from disk."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from ascension_core.report.program_page import render_program, write_program_page
from ascension_core.results import PlannedSession, Program

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>&\"' {{ 7 * 7 }} " + "x" * 120
CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
NOW = "2026-12-02T09:00:00"

PlannedOf = Callable[[str], Program]


@pytest.fixture(scope="module")
def program(planned: PlannedOf) -> Program:
    return planned("office-v5")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory, program: Program) -> Path:
    path = tmp_path_factory.mktemp("program") / "program.html"
    write_program_page(path, program, CALENDAR)
    return path


@pytest.fixture(scope="module")
def hostile_file(tmp_path_factory: pytest.TempPathFactory, program: Program) -> Path:
    """A page on which every text that people or files supply tries to break out."""
    path = tmp_path_factory.mktemp("program") / "hostile.html"
    write_program_page(path, Program.model_validate(poisoned(program.model_dump())))
    return path


@pytest.fixture
def files(page_file: Path, hostile_file: Path) -> list[Path]:
    return [page_file, hostile_file]


def poisoned(document: Any) -> Any:
    """The document with a hostile text in each of its free texts."""
    free = {
        "name",
        "title",
        "why",
        "text",
        "message",
        "focus",
        "wish",
        "instead",
        "reason",
        "replaced_by",
        "weakest_link",
        "grade",
    }
    if isinstance(document, list):
        return [HOSTILE if isinstance(part, str) else poisoned(part) for part in document]
    if not isinstance(document, dict):
        return document
    kept = {"software", "mesocycles"} & set(document)
    return {
        key: HOSTILE if key in free and isinstance(value, str) else value if key in kept else poisoned(value)
        for key, value in document.items()
    }


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


class Opened:
    """A page in a browser, with everything that it said and asked for."""

    def __init__(self, browser: Browser, path: Path, now: str = NOW, fragment: str = "", **context: Any) -> None:
        self.context: BrowserContext = browser.new_context(**({"viewport": {"width": 1200, "height": 800}} | context))
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.context.on("request", lambda request: self.requests.append(request.url))
        if context.get("java_script_enabled", True):
            self.page.clock.set_fixed_time(now)
        self.page.goto(path.as_uri() + fragment)

    def open_all(self) -> None:
        self.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")


@pytest.fixture
def opened(browser: Browser, page_file: Path) -> Iterator[Opened]:
    one = Opened(browser, page_file)
    yield one
    one.context.close()


def sessions(program: Program) -> list[PlannedSession]:
    return [session for week in program.weeks for session in week.sessions]


def test_opens_from_disk_without_a_word_and_without_the_network(opened: Opened) -> None:
    opened.open_all()
    assert opened.said == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [opened.page.url]


def test_policy_forbids_the_network(opened: Opened) -> None:
    assert opened.page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'fetched', () => 'refused')") == "refused"
    assert any("Content Security Policy" in line for line in opened.said)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("hostile", [False, True])
def test_fits_without_scrolling_sideways(browser: Browser, files: list[Path], hostile: bool, scheme: str) -> None:
    one = Opened(browser, files[hostile], viewport={"width": 320, "height": 740}, color_scheme=scheme)
    found = {}
    for state in ("as it comes", "all open"):
        for width in (320, 360, 768, 1440):
            one.page.set_viewport_size({"width": width, "height": 740})
            found[state, width] = one.page.evaluate("document.documentElement.scrollWidth")
        one.open_all()
    assert {place: width for place, width in found.items() if width != place[1]} == {}
    assert len(found) == 8
    one.context.close()


def test_hostile_texts_are_text(browser: Browser, hostile_file: Path, program: Program) -> None:
    one = Opened(browser, hostile_file)
    one.open_all()
    one.page.wait_for_timeout(100)
    assert one.page.get_by_role("heading", level=1).inner_text().startswith(HOSTILE)
    assert one.page.locator(".exercise h3").first.inner_text() == HOSTILE
    assert one.page.locator("#today-link").inner_text() == HOSTILE
    assert one.page.locator("img").count() == 0
    assert one.page.locator("script").count() == 1
    assert one.said == []
    assert [url for url in one.requests if not url.startswith(("file:", "data:"))] == []
    one.context.close()


def test_the_calendar_shows_each_session_on_its_day(opened: Opened, program: Program) -> None:
    shown = opened.page.evaluate(
        "[...document.querySelectorAll('.overview td:has(a)')].map((td) => [td.dataset.date, td.querySelector('a').title])"
    )
    assert shown == [[session.date.isoformat(), session.title] for session in sessions(program)]


def test_every_exercise_is_there_with_its_reason(opened: Opened, program: Program) -> None:
    opened.open_all()
    names = opened.page.locator(".exercise h3").all_inner_texts()
    reasons = opened.page.locator(".exercise .reason").all_inner_texts()
    planned = [exercise for session in sessions(program) for exercise in session.exercises]
    assert (names, reasons) == ([e.name for e in planned], [e.why for e in planned])


def test_phases_explanations_warnings_and_disclaimers_are_said(opened: Opened, program: Program) -> None:
    said = opened.page.locator("main").inner_text()
    wanted = [*(m.why for m in program.mesocycles), *(n.message for n in [*program.explanations, *program.warnings])]
    assert program.disclaimers
    assert [line for line in [*wanted, *program.disclaimers] if line not in said] == []


def test_the_table_has_the_load_of_every_week(opened: Opened, program: Program) -> None:
    opened.open_all()
    rows = opened.page.locator("#load tbody tr").all_inner_texts()
    assert [row.split("\t")[:3] for row in rows] == [
        [str(point.week), f"{point.planned:.0f}", f"{point.ceiling:.0f}"] for point in program.load
    ]


def test_bars_are_as_high_as_the_load(opened: Opened, program: Program) -> None:
    heights = opened.page.evaluate(
        "[...document.querySelectorAll('.load .planned')].map((e) => e.getBoundingClientRect().height)"
    )
    highest = max(range(len(heights)), key=lambda k: program.load[k].planned)
    for height, point in zip(heights, program.load, strict=True):
        assert height == pytest.approx(heights[highest] * point.planned / program.load[highest].planned, abs=0.3)


def test_today_is_marked_by_the_readers_own_date(browser: Browser, page_file: Path, program: Program) -> None:
    noon_in_greenwich = f"{program.start + timedelta(days=2)}T11:00:00Z"
    for zone, day in (("Pacific/Honolulu", 2), ("Europe/Berlin", 2), ("Pacific/Kiritimati", 3)):
        one = Opened(browser, page_file, noon_in_greenwich, timezone_id=zone)
        marked = one.page.locator("td[aria-current=date]")
        assert [marked.count(), marked.get_attribute("data-date")] == [1, (program.start + timedelta(days=day)).isoformat()]
        assert one.page.locator(".week.is-now").count() == 1
        one.context.close()


def test_next_session_is_named_and_linked(browser: Browser, page_file: Path, program: Program) -> None:
    second = sessions(program)[1]
    one = Opened(browser, page_file, f"{second.date}T08:00:00")
    assert one.page.locator("#today").inner_text().split("\n")[0] == "Today"
    one.page.locator("#today-link").click()
    target = one.page.locator(f".session[data-date='{second.date}']")
    assert target.get_attribute("open") is not None
    assert target.locator(".exercise").first.is_visible()
    one.context.close()


def test_the_day_of_the_goal_is_marked(opened: Opened, program: Program) -> None:
    assert opened.page.locator("td.goal").get_attribute("data-date") == str(program.goal.date)


def test_before_the_start_and_after_the_end(browser: Browser, page_file: Path, program: Program) -> None:
    early = Opened(browser, page_file, f"{program.start - timedelta(days=9)}T08:00:00")
    assert early.page.locator("#today").inner_text().startswith("Next, ")
    assert early.page.locator("td[aria-current]").count() == 0
    late = Opened(browser, page_file, f"{program.end + timedelta(days=1)}T08:00:00")
    assert late.page.locator("#today").inner_text().strip() == "This program has ended"
    for one in (early, late):
        assert one.said == []
        one.context.close()


def test_a_day_of_the_calendar_opens_its_session(opened: Opened, program: Program) -> None:
    last = sessions(program)[-1]
    cell = opened.page.locator(f"td[data-date='{last.date}'] a")
    cell.click()
    target = opened.page.locator(f".session[data-date='{last.date}']")
    assert target.locator(".exercise").first.is_visible()
    opened.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = false; })")
    cell.click()
    assert target.locator(".exercise").first.is_visible()


def test_a_link_to_a_session_opens_it_at_once(browser: Browser, page_file: Path) -> None:
    one = Opened(browser, page_file, fragment="#session-2-1")
    assert one.page.locator("#session-2-1 .exercise").first.is_visible()
    one.context.close()


def test_a_strange_fragment_does_no_harm(browser: Browser, page_file: Path) -> None:
    one = Opened(browser, page_file, fragment="#%22%5D%3Cscript%3E")
    assert one.said == []
    one.context.close()


def test_without_scripts_everything_is_there(browser: Browser, page_file: Path, program: Program) -> None:
    one = Opened(browser, page_file, java_script_enabled=False)
    assert one.page.locator(".session").count() == len(sessions(program))
    assert one.page.locator(".exercise").count() == sum(len(session.exercises) for session in sessions(program))
    assert not one.page.locator("#today").is_visible()
    one.page.locator(".session summary").first.click()
    assert one.page.locator(".exercise").first.is_visible()
    one.context.close()


def test_printing_shows_every_session_and_closes_them_again(opened: Opened) -> None:
    closed = opened.page.locator("details:not([open])").count()
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.page.locator("details:not([open])").count() == 0
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.page.locator("details:not([open])").count() == closed > 0


def test_paper_holds_what_is_done_and_leaves_out_what_is_pressed(opened: Opened) -> None:
    opened.page.emulate_media(media="print")
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.page.locator(".exercise .dose").last.is_visible()
    assert not opened.page.locator("#print").is_visible()
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_every_control_has_a_name_and_headings_do_not_skip(opened: Opened) -> None:
    opened.open_all()
    unnamed = opened.page.evaluate(
        """[...document.querySelectorAll('a, button, summary, svg [href]')].filter((e) => !e.hidden)
          .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim())).length"""
    )
    assert unnamed == 0
    levels = opened.page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4, h5')].map((h) => +h.tagName[1])")
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in pairwise(levels))


LETTERS = (".overview a.hard", ".overview a.day:not(.hard)", ".tag.now", ".tag.hard", ".hint", ".reason")
CONTRAST = """(selector) => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => numbers(colour).slice(0, 3).map((c) => c / 255)
    .map((c) => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, k) => sum + c * [.2126, .7152, .0722][k], 0);
  const element = document.querySelector(selector);
  let under = element;
  while (numbers(getComputedStyle(under).backgroundColor)[3] === 0) under = under.parentElement;
  const [a, b] = [light(getComputedStyle(element).color), light(getComputedStyle(under).backgroundColor)];
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_from_what_they_stand_on(browser: Browser, page_file: Path, scheme: str) -> None:
    one = Opened(browser, page_file, color_scheme=scheme)
    one.page.evaluate("document.querySelectorAll('.is-past').forEach((e) => e.classList.remove('is-past'))")
    ratios = {selector: one.page.evaluate(CONTRAST, selector) for selector in LETTERS}
    assert {selector: ratio for selector, ratio in ratios.items() if not ratio >= 4.5} == {}
    one.context.close()


def test_the_calendar_file_is_in_the_page(opened: Opened) -> None:
    link = opened.page.get_by_role("link", name="Add to a calendar")
    kind, _, data = (link.get_attribute("href") or "").partition(";base64,")
    assert (kind, base64.b64decode(data)) == ("data:text/calendar;charset=utf-8", CALENDAR)
    with opened.page.expect_download() as saved:
        link.click()
    assert saved.value.suggested_filename == "program.ics"
    assert saved.value.path().read_bytes() == CALENDAR


@pytest.mark.parametrize("persona", ["youth-v8", "old-pulley", "beginner", "sport-8a", "runner-shifts"])
def test_every_persona_has_a_page(browser: Browser, planned: PlannedOf, tmp_path: Path, persona: str) -> None:
    path = tmp_path / "program.html"
    write_program_page(path, planned(persona))
    one = Opened(browser, path, viewport={"width": 360, "height": 740})
    one.open_all()
    assert one.page.locator(".session").count() == len(sessions(planned(persona)))
    assert one.page.evaluate("document.documentElement.scrollWidth") == 360
    assert one.said == []
    one.context.close()


def test_what_was_done_skipped_and_adapted_is_told(browser: Browser, program: Program, tmp_path: Path) -> None:
    first, *others = program.weeks
    done = [first.sessions[0].model_copy(update={"status": "done"}), first.sessions[1].model_copy(update={"status": "skipped"})]
    weeks = [first.model_copy(update={"sessions": [*done, *first.sessions[2:]]}), *others]
    load = [program.load[0].model_copy(update={"done": 123.0, "other": 77.0}), *program.load[1:]]
    path = tmp_path / "program.html"
    write_program_page(path, program.model_copy(update={"weeks": weeks, "load": load, "revised_on": program.start}))
    one = Opened(browser, path, f"{program.start}T08:00:00")
    one.open_all()
    assert "Adapted on 23 November 2026" in one.page.locator(".lead").inner_text()
    tags = [one.page.locator(".session").nth(k).locator(".tags").inner_text() for k in range(2)]
    assert ("done" in tags[0], "skipped" in tags[1]) == (True, True)
    assert one.page.locator("#load tbody tr").first.inner_text().split("\t")[3:] == ["77", "123"]
    assert one.page.locator(".load .logged").count() == 1
    assert first.sessions[2].title in one.page.locator("#today").inner_text()
    one.context.close()


def test_a_bare_program_has_a_page(program: Program) -> None:
    bare = program.model_copy(update={
        "weeks": [], "load": [], "mesocycles": [], "explanations": [], "warnings": [], "sources": [], "relaxed": [],
        "goal": program.goal.model_copy(update={"grade": None, "date": None, "weakest_link": None}),
        "athlete": program.athlete.model_copy(update={"name": None, "boulder_grade": None, "equipment": []}),
    })  # fmt: skip
    assert "Training program" in render_program(bare)


def test_the_same_program_gives_the_same_page(program: Program) -> None:
    assert render_program(program, CALENDAR) == render_program(Program.model_validate_json(program.model_dump_json()), CALENDAR)
