"""An assessment as one HTML page that needs no network: expected grades, radar, tests, changes, and what is missing."""

from __future__ import annotations

import base64
from datetime import date
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ascension_core.report.html import environment, joined, policy
from ascension_core.report.words import Figure
from ascension_core.results import AssessmentReport, ExpectedGrade, ResultChange, Standing
from ascension_core.training.assessing import FEWEST_TESTS, MEASURE_OF
from ascension_core.training.protocols import before_every_test, protocol

DISCIPLINES = {"boulder": "Bouldering", "route": "Sport climbing"}
BESIDE = {
    "above": "more than these tests let one expect. You climb well, and strength may be the cheapest gain",
    "within": "as these tests let one expect",
    "below": "less than these tests let one expect. More is to be gained from technique and tactics than from strength",
}
VERDICTS = {
    "progress": "Real progress",
    "decline": "Real decline",
    "no detectable change": "No detectable change",
    "not comparable": "Not comparable",
}


def write_assessment_page(out_path: Path, report: AssessmentReport, radar_png: bytes) -> None:
    """Write the page with its radar picture inside.

    Raises
    ------
    OSError
        If the page cannot be written.
    """
    out_path.write_text(render_assessment(report, radar_png), "utf-8")


def render_assessment(report: AssessmentReport, radar_png: bytes) -> str:
    """The HTML of the page."""
    css = joined("css", "css") + joined("assessment", "css")
    return (
        environment()
        .get_template("assessment.html")
        .render(
            policy=policy(css, ""),
            css=Markup(css),
            report=report,
            title=_title(report),
            lead=_lead(report),
            figures=_figures(report),
            expected=[_expected(one) for one in report.expected],
            radar=base64.b64encode(radar_png).decode("ascii"),
            radar_text=_radar_text(report),
            standings=[_standing(one) for one in report.standings if one.value is not None],
            changes=[_change(one) for one in report.changes],
            protocols=_protocols(report),
            before=before_every_test(),
            facts=_facts(report),
            everybody=report.compared_with_now.split(" ", 1)[0],
            none_weak=_none_weak(report),
        )
    )


def _title(report: AssessmentReport) -> str:
    return f"{report.athlete.name}: assessment" if report.athlete.name else "Assessment"


def _lead(report: AssessmentReport) -> str:
    done = sum(one.value is not None for one in report.standings)
    tests = "one test" if done == 1 else f"{done} tests" if done else "no test"
    when = f" of {_day(report.tested_on)}" if report.tested_on else ""
    goal = f", and {report.compared_with_goal}" if report.compared_with_goal else ""
    return f"{tests.capitalize()}{when}, beside {report.compared_with_now}{goal}."


def _figures(report: AssessmentReport) -> list[Figure]:
    labels = {name: f"{title.lower()}, expected" for name, title in DISCIPLINES.items()}
    figures = [Figure(f"{one.low} – {one.high}", "", labels[one.discipline]) for one in report.expected]
    if report.weakest:
        label = "weakest link" if report.weakest.is_clear else "weakest link, perhaps"
        figures.append(Figure(_short_title(report.weakest.title), "", label))
    return figures


def _short_title(title: str) -> str:
    return title.split(" (", maxsplit=1)[0].capitalize()


def _expected(one: ExpectedGrade) -> dict[str, str]:
    share = f"{100 * one.coverage:.0f} %"
    said = f"{share} of such climbers climb between {one.low} and {one.high}, the middle one {one.grade} ({one.also})."
    return {
        "title": DISCIPLINES[one.discipline],
        "range": f"{one.low} – {one.high}",
        "text": said,
        "current": f"Your {one.current}: {BESIDE[one.current_is]}." if one.current_is else "You gave no grade of your own.",
    }


def _radar_text(report: AssessmentReport) -> str:
    """What the picture shows, for those who cannot see it."""
    said = [f"{one.title}: {one.percentile_now:.0f} %" for one in report.standings if one.percentile_now is not None]
    return f"Share of {report.compared_with_now} below you. {'; '.join(said) or 'No test to compare'}."


def _standing(one: Standing) -> dict[str, Any]:
    ends = one.percentile_now_range
    return {
        "title": _short_title(one.title),
        "detail": one.title.partition(" (")[2].rstrip(")"),
        "unit": one.unit,
        "value": _number(one.value),
        "error": _number(one.error),
        "assumed": one.error_is_assumed,
        "now": _place(one, "now"),
        "goal": _place(one, "goal"),
        "everybody": None if one.percentile_all is None else _share(one.percentile_all),
        "band": {"from": f"{ends[0]:.1f}", "width": f"{ends[1] - ends[0]:.1f}"} if ends else None,
    }


def _place(one: Standing, suffix: str) -> dict[str, str] | None:
    percentile = getattr(one, f"percentile_{suffix}")
    if percentile is None:
        return None
    return {
        "at": f"{percentile:.1f}",
        "share": _share(percentile),
        "median": _number(getattr(one, f"median_{suffix}")),
        "people": str(getattr(one, f"people_{suffix}")),
        "who": getattr(one, f"who_{suffix}"),
    }


def _share(percentile: float) -> str:
    """Beyond 5 and 95 % the data say nothing."""
    if percentile <= 5:
        return "5 % or fewer"
    return "95 % or more" if percentile >= 95 else f"{percentile:.0f} %"


def _change(one: ResultChange) -> dict[str, str]:
    since = f" since {_day(one.before_date)}" if one.before_date else ""
    explained = one.why_not.replace("_", " ")
    if one.smallest_detectable is not None:
        explained = f"differences below {_number(one.smallest_detectable)} {one.unit} are measurement error"
    return {
        "title": one.title,
        "verdict": VERDICTS[one.verdict],
        "kind": one.verdict.split()[0],
        "numbers": f"{_number(one.before)} → {_number(one.after)} {one.unit}",
        "since": since,
        "explained": explained,
    }


def _none_weak(report: AssessmentReport) -> str:
    if sum(one.percentile_now is not None for one in report.standings) < FEWEST_TESTS:
        return "One test alone cannot show it: do more of those that are missing."
    return (
        "No test of pulling or fingers lies below the middle of the climbers you are compared with. Look at technique, "
        "tactics, endurance, and the tests that are missing."
    )


def _protocols(report: AssessmentReport) -> list[dict[str, Any]]:
    """How the tests that were not done are done, where they are proposed."""
    proposed = {note.code for note in report.missing}
    tests = [MEASURE_OF[one.name][0] for one in report.standings if f"no_{one.name}" in proposed]
    return [
        {"name": told.name, "purpose": told.purpose, "warm_up": told.warm_up, "steps": told.steps, "safety": told.safety}
        for told in map(protocol, dict.fromkeys(tests))
    ]


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.1f}"


def _facts(report: AssessmentReport) -> list[tuple[str, str]]:
    athlete = report.athlete
    return [
        ("Made by", f"{report.software.name} {report.software.version}"),
        ("Made on", _day(report.created_on)),
        ("Age", f"{athlete.age_years:g} years, {athlete.years_climbing:g} of them climbing"),
        ("Body mass", f"{athlete.mass_kg:.1f} kg"),
        *(("Model", f"{model.name} ({model.sha256[:12]})") for model in report.models),
    ]


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
