"""The radar and the page of an assessment."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from matplotlib import image

from ascension_core.report.assessment_page import render_assessment, write_assessment_page
from ascension_core.report.radar import radar, write_radar
from ascension_core.results import (
    AssessmentReport,
    AthleteSummary,
    ExpectedGrade,
    ModelVersion,
    Note,
    ResultChange,
    Software,
    Standing,
    WeakestLink,
)

HOSTILE = "<script>alert(1)</script>&\"'"
PNG = b"\x89PNG picture"


def standing(name: str, value: float | None, *, now: float | None = None, goal: float | None = None, **more: Any) -> Standing:
    return Standing(
        name=name,
        title=f"{name.replace('_', ' ')} (20 mm)",
        unit="%",
        value=value,
        error=None if value is None else 4.0,
        error_is_assumed=True,
        percentile_all=now,
        percentile_now=now,
        percentile_now_range=None if now is None else (now - 5, now + 5),
        median_now=110.0,
        people_now=31,
        who_now="women of V5",
        percentile_goal=goal,
        percentile_goal_range=None if goal is None else (goal - 5, goal + 5),
        median_goal=120.0,
        people_goal=12,
        who_goal="women of V7 to V8",
        **more,
    )


def report_with(**changes: Any) -> AssessmentReport:
    fields: dict[str, Any] = {
        "created_on": date(2026, 11, 22),
        "software": Software(version="0.1.0"),
        "models": [ModelVersion(name="strength", sha256="ab" * 32)],
        "athlete": AthleteSummary(
            id=None, name="Ida", age_years=31, mass_kg=59.5, years_climbing=9, boulder_grade="V5", sport_grade=None,
            minutes_per_week=300, equipment=[], injuries=[],
        ),
        "tested_on": date(2026, 11, 10),
        "compared_with_now": "women who climb about V5",
        "compared_with_goal": "women who climb about V7",
        "expected": [
            ExpectedGrade(
                discipline="boulder", system="v", grade="V6", low="V4", high="V8", also="7A", coverage=0.8, current="V5",
                current_is="within",
            ),
            ExpectedGrade(
                discipline="route", system="french", grade="7b", low="7a", high="7c", also="5.12b", coverage=0.8, current=None,
                current_is=None,
            ),
        ],
        "standings": [
            standing("hang", 108, now=40, goal=20),
            standing("pull", 150, now=95, goal=60),
            standing("pull_ups", None),
            standing("critical_force", None),
        ],
        "weakest": WeakestLink(
            name="hang", title="max hang (20 mm)", percentile=20, grades=1.1, is_clear=True, reason="Far behind."
        ),
        "changes": [
            ResultChange(
                test="critical_force", title="Critical force test: critical force", unit="kg", before_date=date(2026, 5, 2),
                after_date=date(2026, 11, 10), before=16, after=18, smallest_detectable=9.9, verdict="no detectable change",
                why_not="",
            ),
            ResultChange(
                test="repeaters", title="Repeaters: time", unit="s", before_date=None, after_date=None, before=100, after=130,
                smallest_detectable=None, verdict="not comparable", why_not="edge_mm was 15.0, now 20.0",
            ),
        ],
        "missing": [Note(code="no_pull_ups", message="Pull-ups: not tested.")],
        "notes": [Note(code="injured", message="You report an injury.")],
        "disclaimers": ["Not medical advice."],
        "sources": [],
    }  # fmt: skip
    return AssessmentReport(**{**fields, **changes})


class Page(HTMLParser):
    """Text and elements of a page; fails where elements are not closed in order."""

    EMPTY = frozenset({"meta", "link", "img", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pieces: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert self.open == []

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "script"}:
            self.pieces.append(data)


def test_the_page_says_what_the_report_says() -> None:
    text = Page(render_assessment(report_with(), PNG)).text
    for said in (
        "Ida: assessment",
        "2 tests of 10 November 2026, beside women who climb about V5, and women who climb about V7.",
        "V4 – V8",
        "80 % of such climbers climb between V4 and V8, the middle one V6 (7A).",
        "Your V5: as these tests let one expect.",
        "You gave no grade of your own.",
        "Your weakest link",
        "40 % of 31 women of V5 are below you",
        "20 % of 12 women of V7 to V8",
        "95 % or more of 31",
        "No detectable change since 2 May 2026: differences below 9.9 kg are measurement error",
        "16 → 18 kg",
        "Not comparable: edge mm was 15.0, now 20.0",
        "Pull-ups: not tested.",
        "How to test: pull-ups",
        "You report an injury.",
        "Not medical advice.",
    ):
        assert said in text, said
    assert "progress" not in text.lower()
    assert "How to test: critical force" not in text


def test_nothing_on_the_page_reaches_the_network_or_runs() -> None:
    html = render_assessment(report_with(), PNG)
    page = Page(html)
    policies = [attributes["content"] for tag, attributes in page.elements if "http-equiv" in attributes]
    assert [(policy or "").partition(";")[0] for policy in policies] == ["default-src 'none'"]
    assert not re.search(r"(?:https?:)?//[a-z]", html)
    assert not [tag for tag, _ in page.elements if tag == "script"]
    assert not [attributes for _, attributes in page.elements if "style" in attributes]


def test_hostile_names_are_only_text() -> None:
    report = report_with(athlete=report_with().athlete.model_copy(update={"name": HOSTILE}))
    html = render_assessment(report, PNG)
    assert "<script" not in html
    assert HOSTILE in Page(html).text


def test_the_picture_has_words_for_those_who_cannot_see_it() -> None:
    pictures = [attributes for tag, attributes in Page(render_assessment(report_with(), PNG)).elements if tag == "img"]
    assert len(pictures) == 1
    assert "hang (20 mm): 40 %" in (pictures[0]["alt"] or "")


def test_without_tests_the_page_says_so() -> None:
    report = report_with(standings=[standing("hang", None), standing("pull", None)], weakest=None, changes=[], tested_on=None)
    text = Page(render_assessment(report, PNG)).text
    assert "No test, beside women who climb about V5" in text
    assert "Test by test" not in text
    assert "Since last time" not in text


def test_one_test_is_no_weakest_link() -> None:
    report = report_with(standings=[standing("hang", 108, now=20)], weakest=None)
    assert "One test alone cannot show it" in Page(render_assessment(report, PNG)).text


def test_without_a_goal_there_is_one_comparison() -> None:
    report = report_with(compared_with_goal=None, standings=[standing("hang", 108, now=40), standing("pull", 108, now=60)])
    assert "V7" not in Page(render_assessment(report, PNG)).text.replace("V7 to V8", "")


def test_the_page_is_written(tmp_path: Any) -> None:
    path = tmp_path / "assessment.html"
    write_assessment_page(path, report_with(), PNG)
    assert path.read_text("utf-8") == render_assessment(report_with(), PNG)


def lines_of(report: AssessmentReport) -> list[list[float]]:
    (axis,) = radar(report).axes
    return [list(map(float, line.get_ydata())) for line in axis.get_lines()]  # type: ignore[arg-type]


def test_the_radar_shows_every_percentile_and_joins_only_neighbours() -> None:
    lines = lines_of(report_with())
    assert [40, 95] in lines
    assert [20, 60] in lines
    assert [35, 45] in lines
    assert not any(0 in line for line in lines)
    assert not any(line == [95, 40] for line in lines)


def test_the_radar_labels_what_was_not_tested() -> None:
    (axis,) = radar(report_with()).axes
    labels = [label.get_text() for label in axis.get_xticklabels()]
    assert labels == ["Max hang", "Weighted\npull-up", "Pull-ups\n(not tested)", "Critical\nforce\n(not tested)"]


@pytest.mark.parametrize("value", [None, 108.0])
def test_the_radar_is_a_picture_even_without_any_comparison(tmp_path: Any, value: float | None) -> None:
    path = tmp_path / "radar.png"
    write_radar(path, report_with(standings=[standing(name, value) for name in ("hang", "pull", "pull_ups")]))
    assert image.imread(path).shape == (1120, 1152, 4)


def test_the_same_report_gives_the_same_picture(tmp_path: Any) -> None:
    for name in ("a.png", "b.png"):
        write_radar(tmp_path / name, report_with())
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
