"""`plan`: from an athlete to a training program, and the document that says why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from ascension_core import __version__
from ascension_core.errors import InvalidAthlete
from ascension_core.results import (
    AthleteSummary,
    LoadPoint,
    Mesocycle,
    Note,
    Program,
    ProgramGoal,
    Software,
    Source,
    Week,
)
from ascension_core.training.athlete import Athlete, Goal, Site, Style
from ascension_core.training.exercises import Quality, library
from ascension_core.training.load import habitual_load, sessions_now
from ascension_core.training.periodisation import (
    DEFAULT_WEEKS,
    KIND_FOR,
    MOST_WEEKS,
    PHASES,
    WEEK,
    Line,
    Phase,
    WeekFrame,
    frames,
    weeks_of,
)
from ascension_core.training.prescription import Trainee
from ascension_core.training.rules import (
    BEGINNER_YEARS,
    GOAL_EVE_DAYS,
    GROWTH_PLATE_AGE,
    MASTERS_AGE,
    SHORTEST_SESSION,
    is_old,
    limits,
)
from ascension_core.training.sessions import SessionKind, possible_kind, session_kinds
from ascension_core.training.weeks import Planner, fill

DISCLAIMERS: Final = (
    "This program is general training information and not medical advice; a doctor or physiotherapist decides about injuries.",
    "Pain stops the exercise: leave it out, log the pain, and have it looked at if it returns.",
    "Load is minutes times effort (session RPE). It describes training and does not predict injuries.",
)

RULE_SOURCES: Final = ("foster2001", "impellizzeri2020", "bompa", "bosquet2007", "mujika2003", "bergeron2015", "schweizer2012")

SHORT_NOTICE: Final = 4
"""Weeks: with fewer, strength does not change much; the program consolidates and freshens."""


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a program covers."""

    start: dt.date
    last_day: dt.date
    goal_day: dt.date | None
    cut: bool


def plan(athlete: Athlete, *, today: dt.date, seed: int = 0, weakest_link: Quality | str | None = None) -> Program:
    """Make a training program.

    Parameters
    ----------
    today
        No session lies before it; weeks begin on the next Monday, or at once where the goal is nearer than that.
    seed
        Another seed makes another choice among exercises that serve equally well.
    weakest_link
        The quality that limits the athlete most, by comparison with climbers of the goal's grade.

    Raises
    ------
    InvalidAthlete
        Where no program exists at all: no day has time for a session, or the goal is not ahead.
    """
    who = limits(athlete, today)
    if not any(who.minutes):
        raise InvalidAthlete(
            f"availability: no day has the {SHORTEST_SESSION} minutes that the shortest session takes; "
            'name at least one, such as {"tue": 60}'
        )
    goal = main_goal(athlete, today)
    span = _span(goal, today)
    weakest = None if weakest_link is None else Quality(weakest_link)
    planner = make_planner(athlete, goal, span, today=today, seed=seed, weakest=weakest)
    cut = frames(
        span.start,
        span.last_day,
        planner.line,
        has_date=span.goal_day is not None,
        short_blocks=short_blocks(athlete),
    )
    weeks = fill(planner, cut, first=planner.habit)
    if not any(week.sessions for week in weeks):
        raise InvalidAthlete(
            "availability: no available day lies between today and the goal; name another day or move the goal's date"
        )
    _relax_wishes(planner, goal, span)
    return assemble(planner, goal, span, cut, weeks, created_on=today)


def short_blocks(athlete: Athlete) -> bool:
    """Whether a light week follows two loading weeks rather than three."""
    return athlete.age_years < GROWTH_PLATE_AGE or athlete.age_years >= MASTERS_AGE or athlete.years_climbing < BEGINNER_YEARS


def main_goal(athlete: Athlete, today: dt.date) -> Goal | None:
    """The goal that the program leads to: the next one with a date, else the first.

    Raises
    ------
    InvalidAthlete
        If every goal with a date lies behind.
    """
    dated = [(g.date, i) for i, g in enumerate(athlete.goals) if g.date is not None]
    ahead = [(date, i) for date, i in dated if date > today]
    if ahead:
        return athlete.goals[min(ahead)[1]]
    undated = [g for g in athlete.goals if g.date is None]
    if dated and not undated:
        when, i = max(dated)
        raise InvalidAthlete(f"goals[{i}].date: {when} is not after today ({today}); give a date ahead, or none")
    return undated[0] if undated else None


def make_planner(
    athlete: Athlete,
    goal: Goal | None,
    span: Span,
    *,
    today: dt.date,
    seed: int,
    weakest: Quality | None,
    as_of: dt.date | None = None,
) -> Planner:
    """A planner for the athlete; `as_of` is the day whose habits count, if it is not today."""
    style = None if goal is None else Style.SPORT if goal.style is Style.TRAD else goal.style
    return Planner(
        trainee=Trainee(athlete, limits(athlete, today), style or _usual_style(athlete), seed),
        line=_line(athlete, style or _usual_style(athlete)),
        weakest=weakest,
        today=max(today, span.start),
        last_day=span.last_day,
        goal_day=span.goal_day,
        habit=habitual_load(athlete, as_of or today),
    )


def _usual_style(athlete: Athlete) -> Style:
    return Style.SPORT if athlete.sport_grade is not None and athlete.boulder_grade is None else Style.BOULDER


def _line(athlete: Athlete, style: Style) -> Line:
    if athlete.years_climbing < BEGINNER_YEARS:
        return "novice"
    if style is Style.SPEED:
        return "speed"
    return "boulder" if style is Style.BOULDER else "route"


def _span(goal: Goal | None, today: dt.date) -> Span:
    monday = today + dt.timedelta(days=-today.weekday() % 7)
    if goal is None or goal.date is None:
        return Span(monday, monday + DEFAULT_WEEKS * WEEK - dt.timedelta(days=1), None, cut=False)
    last = goal.date - dt.timedelta(days=1 + GOAL_EVE_DAYS)
    start = monday if goal.date >= monday + WEEK else today - dt.timedelta(days=today.weekday())
    if weeks_of(start, last) > MOST_WEEKS:
        return Span(start, start + MOST_WEEKS * WEEK - dt.timedelta(days=1), None, cut=True)
    return Span(start, max(last, today), goal.date, cut=False)


def _relax_wishes(planner: Planner, goal: Goal | None, span: Span) -> None:
    """Wishes of the athlete that stand above single weeks: the date of the goal and the sessions a week."""
    athlete, relax = planner.athlete, planner.diary.relax
    if goal is not None and span.cut:
        relax(
            f"a program up to {goal.date}",
            [f"a plan longer than {MOST_WEEKS} weeks is a guess"],
            f"the first {MOST_WEEKS} weeks are planned; test then, and plan the rest from there",
        )
    weeks = weeks_of(span.start, span.last_day)
    if goal is not None and span.goal_day is not None and weeks < SHORT_NOTICE:
        relax(
            f"gain strength until {goal.date}",
            [f"{weeks} week{'s' if weeks > 1 else ''} left, while strength grows over months"],
            "the program keeps what is there and makes it fresh for the day; plan the next goal behind it",
        )
    now = sessions_now(athlete)
    if now > planner.training_days:
        relax(
            f"{now} sessions a week, as now",
            [f"{sum(m > 0 for m in planner.trainee.limits.minutes)} available days", "days without training"],
            f"{planner.training_days} a week, one on a day",
        )


# --- the document -----------------------------------------------------------------------------------------------------


def assemble(
    planner: Planner,
    goal: Goal | None,
    span: Span,
    cut: Sequence[WeekFrame],
    weeks: Sequence[Week],
    *,
    created_on: dt.date,
    revised_on: dt.date | None = None,
    notes: Iterable[Note] = (),
) -> Program:
    """Write down a program with all that belongs to it."""
    athlete = planner.athlete
    return Program(
        created_on=created_on,
        revised_on=revised_on,
        software=Software(version=__version__),
        seed=planner.trainee.seed,
        athlete=_summary(athlete),
        goal=_goal(goal, planner, span),
        start=span.start,
        end=span.last_day,
        mesocycles=mesocycles(cut, planner, weeks),
        weeks=list(weeks),
        load=[load_point(week) for week in weeks],
        explanations=[*notes, *_explanations(planner, cut, weeks)],
        relaxed=list(planner.diary.relaxed.values()),
        substitutions=list(planner.diary.swaps.values()),
        warnings=_warnings(planner),
        disclaimers=list(DISCLAIMERS),
        sources=_sources(weeks),
    )


def load_point(week: Week) -> LoadPoint:
    """A week of the load curve."""
    return LoadPoint(
        week=week.index,
        start_date=week.start_date,
        planned=week.planned_load,
        ceiling=week.load_ceiling,
        other=week.other_load,
        done=week.done_load,
    )


def mesocycles(cut: Sequence[WeekFrame], planner: Planner, weeks: Sequence[Week]) -> list[Mesocycle]:
    """The mesocycles of a program, with the qualities that the weeks of each train."""
    found = []
    for (block, name), group in groupby(cut, key=lambda f: (f.block, f.phase)):
        indices = [frame.index for frame in group]
        phase = PHASES[name]
        kinds = _held(phase, planner, [w for w in weeks if w.index in indices])
        found.append(
            Mesocycle(
                name=f"{block + 1}-{name}",
                title=phase.title,
                first_week=indices[0],
                weeks=len(indices),
                qualities=list(dict.fromkeys(str(kind.quality) for kind in kinds))[:4],
                why=_purpose(phase, kinds),
            )
        )
    return found


def _held(phase: Phase, planner: Planner, weeks: Sequence[Week]) -> list[SessionKind]:
    """The kinds of session that weeks hold, those that the phase wishes for first."""
    wished = [possible_kind(name, planner.trainee.limits).id for name in phase.wishes[planner.line]]
    if planner.weakest is not None and phase.name != "taper":
        wished.insert(1, possible_kind(KIND_FOR[planner.weakest], planner.trainee.limits).id)
    held = dict.fromkeys(s.kind for w in weeks for s in w.sessions)
    return [session_kinds()[name] for name in dict.fromkeys([*wished, *held]) if name in held]


def _purpose(phase: Phase, kinds: Sequence[SessionKind]) -> str:
    """Why there is such a phase; where its own sessions are not for this athlete, what stands in their place."""
    if not phase.about or not kinds or phase.about & {kind.id for kind in kinds}:
        return phase.why
    first = kinds[:2]
    return f"Mainly {' and '.join(k.title.lower() for k in first)}. {' '.join(k.why for k in first)}"


def _summary(athlete: Athlete) -> AthleteSummary:
    return AthleteSummary(
        id=athlete.id,
        name=athlete.name,
        age_years=athlete.age_years,
        mass_kg=athlete.mass_kg,
        years_climbing=athlete.years_climbing,
        boulder_grade=None if athlete.boulder_grade is None else str(athlete.boulder_grade),
        sport_grade=None if athlete.sport_grade is None else str(athlete.sport_grade),
        minutes_per_week=int(sum(athlete.availability.values())),
        equipment=sorted(athlete.equipment),
        injuries=[f"{i.site}{f' ({i.side})' if i.side else ''}, severity {i.severity}" for i in athlete.injuries],
    )


def _goal(goal: Goal | None, planner: Planner, span: Span) -> ProgramGoal:
    return ProgramGoal(
        grade=None if goal is None or goal.grade is None else str(goal.grade),
        system=None if goal is None or goal.system is None else str(goal.system),
        style=str(planner.trainee.style if goal is None else goal.style),
        date=None if goal is None else goal.date,
        weakest_link=None if planner.weakest is None else str(planner.weakest),
    )


def _explanations(planner: Planner, cut: Sequence[WeekFrame], weeks: Sequence[Week]) -> list[Note]:
    phases = [PHASES[name].title.lower() for (_, name), _ in groupby(cut, key=lambda f: (f.block, f.phase))]
    notes = [
        Note(code="periodisation", message=f"{len(weeks)} weeks: {', '.join(phases)}."),
        Note(
            code="load",
            message=f"The first week stays at the load that you are used to (about {planner.habit:.0f} a week). After it no "
            "loading week plans more than a tenth above the one before, and a light week comes after three at the latest.",
        ),
    ]
    if planner.weakest is not None:
        name = str(planner.weakest).replace("_", " ")
        notes.append(Note(code="weakest_link", message=f"Your weakest link is {name}: it gets a session early in each week."))
    for finding in planner.trainee.findings.values():
        evidence = finding.evidence or "found in the analysis of your video"
        message = (
            f"Your video asks for work on {finding.code.replace('_', ' ')}: {evidence} Drills for it are part of the weeks."
        )
        notes.append(Note(code="technique", message=message))
    again = [str(w.index) for w in weeks if w.is_deload and _holds_test(w)]
    if again:
        message = f"Tests are repeated in light weeks (week {', '.join(again)}), rested, with the same protocol each time."
        notes.append(Note(code="tests", message=message))
    for injury in planner.athlete.injuries:
        if is_old(injury, planner.today):
            message = f"The {injury.site} has had more than a year: moderate loads return, maximal ones stay out."
            notes.append(Note(code="old_injury", message=message))
    return notes


def _holds_test(week: Week) -> bool:
    return any("test" in library()[e.exercise_id].tags for s in week.sessions for e in s.exercises)


def _warnings(planner: Planner) -> list[Note]:
    athlete, who = planner.athlete, planner.trainee.limits
    notes = []
    if athlete.age_years < GROWTH_PLATE_AGE:
        notes.append(
            Note(
                code="growth_plates",
                message="Growth plates of the fingers are open until about 16 to 18. Pain in a finger joint of a young climber "
                "that lasts over a few days may be a growth plate injury: stop climbing and see a doctor who knows climbers.",
            )
        )
    notes.extend(
        Note(
            code="injury",
            message=f"{site.capitalize()}: severity 3 means no load there at all until a professional allows it.",
        )
        for site, severity in sorted(who.severity.items())
        if severity == 3
    )
    if who.severity.get(Site.FINGER):
        notes.append(Note(code="fingers", message="Injured fingers get no maximal loading in this program."))
    if len(planner.sport_days) + planner.training_days > 7:
        notes.append(
            Note(code="other_sports", message="Other sports fill the days that should be free: plan one day off a week.")
        )
    return notes


def _sources(weeks: Sequence[Week]) -> list[Source]:
    used = {e.exercise_id for w in weeks for s in w.sessions for e in s.exercises}
    cited = {source for name in used for source in library()[name].sources} | set(RULE_SOURCES)
    texts = library().sources
    return [Source(id=key, text=texts[key]) for key in texts if key in cited]
