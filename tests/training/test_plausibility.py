"""Entries that can be read but are hard to believe are refused with a question."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.errors import InvalidAthlete
from ascension_core.training.athlete import Athlete

BODY = {"age_years": 30, "mass_kg": 70, "height_m": 1.75, "span_m": 1.78, "years_climbing": 5}
HANG = {"edge_mm": 20, "duration_s": 7, "added_kg": 20}
FORCE = {"force_kg": 18, "peak_kg": 50, "w_prime_kg_s": 1100}
DATES = {"history": [{"date": "2026-05-01"}, {"date": "2026-03-01"}]}


def asked(**changes):
    with pytest.raises(InvalidAthlete) as caught:
        Athlete.parse({**BODY, **changes})
    return str(caught.value)


def results(**done):
    return {"tests": done}


@pytest.mark.parametrize(
    ("changes", "path", "question"),
    [
        ({"height_m": 72, "mass_kg": 178}, "height_m", "height 72 and mass 178: were they swapped?"),
        ({"height_m": 70, "mass_kg": 1.78}, "height_m", "were they swapped?"),
        ({"height_m": 178}, "height_m", 'were they cm? Then write "178 cm"'),
        ({"height_m": 69}, "height_m", 'were they in? Then write "69 in"'),
        ({"height_m": 5.9}, "height_m", 'were they ft? Then write "5.9 ft"'),
        ({"height_m": 2.3}, "height_m", "is that right, in metres?"),
        ({"height_m": 0.01}, "height_m", "is that right, in metres?"),
        ({"mass_kg": 154}, "mass_kg", 'was it in pounds? Then write "154 lb"'),
        ({"mass_kg": 130}, "mass_kg", "body mass index of 42: was the mass in pounds?"),
        ({"mass_kg": 30}, "mass_kg", "body mass index of 10: are both right?"),
        ({"mass_kg": 3}, "mass_kg", "is that right, in kilograms?"),
        ({"span_m": 178}, "span_m", 'were they cm? Then write "178 cm"'),
        ({"span_m": 0.03}, "span_m", "is it the difference to the height? Then give the span, 1.78 m"),
        ({"span_m": 2.1}, "span_m", "from fingertip to fingertip?"),
        ({"height_m": None, "span_m": 178}, "span_m", 'were they cm? Then write "178 cm"'),
        ({"age_years": 1995}, "age_years", "looks like the year of birth"),
        ({"age_years": 2, "years_climbing": 0}, "age_years", "is the age really 2 years?"),
        ({"age_years": 97}, "age_years", "is the age really 97 years?"),
        ({"years_climbing": 35}, "years_climbing", "35 years of climbing at the age of 30: which is wrong?"),
        ({"years_climbing": 29}, "years_climbing", "climbing since the cradle?"),
        ({"years_climbing": 2015}, "years_climbing", "looks like the year you began"),
        ({"boulder_grade": "8B", "years_climbing": 2}, "boulder_grade", "8B after 2 years of climbing"),
        ({"sport_grade": "8b", "years_climbing": 0.5}, "sport_grade", "8b after 0.5 years of climbing"),
        ({"availability": {"mon": 2}}, "availability.mon", 'were hours meant? Then write "2 h"'),
        ({"availability": {"sun": 900}}, "availability.sun", "for training, on one day?"),
        ({"goals": [{"style": "boulder", "grade": "7A", "date": "0027-05-01"}]}, "goals[0].date", "is the year right?"),
        ({"injuries": [{"site": "hip", "severity": 1, "since": "1826-01-01"}]}, "injuries[0].since", "is the year right?"),
        ({"history": [{}]}, "history[0].date", "when was this assessment?"),
        (DATES, "history[0].date", "is the order oldest first?"),
        (results(max_hang={**HANG, "edge_mm": 2}), "tests.max_hang.edge_mm", 'was it in cm? Then write "2 cm"'),
        (results(max_hang={**HANG, "edge_mm": 200}), "tests.max_hang.edge_mm", "is that its depth in millimetres?"),
        (results(max_hang={**HANG, "added_kg": 110}), "tests.max_hang.added_kg", "Then give only what was added (+40.0)"),
        (results(max_hang={**HANG, "added_kg": -75}), "tests.max_hang.added_kg", "is the sign right"),
        (results(max_hang={**HANG, "added_kg": -60}), "tests.max_hang.added_kg", "did a pulley really take that much away?"),
        (results(max_hang={**HANG, "added_kg": 200}), "tests.max_hang.added_kg", 'was it in pounds? Then write "200 lb"'),
        (results(max_hang={**HANG, "hands": 1, "added_kg": 40}), "tests.max_hang.added_kg", "is that all that was held"),
        (results(max_hang={**HANG, "duration_s": 120}), "tests.max_hang.duration_s", "is the duration in seconds right?"),
        (results(weighted_pull_up={"added_kg": 100}), "tests.weighted_pull_up.added_kg", "was it in pounds"),
        (results(weighted_pull_up={"added_kg": -69}), "tests.weighted_pull_up.added_kg", "is that right?"),
        (
            results(weighted_pull_up={"added_kg": 9}, pull_ups={"reps": 0}),
            "tests.weighted_pull_up.added_kg",
            "no pull-up without",
        ),
        (results(pull_ups={"reps": 70}), "tests.pull_ups.reps", "70 strict pull-ups in one go: is that right?"),
        (results(push_ups={"reps": 300}), "tests.push_ups.reps", "is that right?"),
        (results(repeaters={"edge_mm": 20, "seconds": 60, "reps": 20}), "tests.repeaters.seconds", "which is right?"),
        (results(repeaters={"edge_mm": 20, "seconds": 1300}), "tests.repeaters.seconds", "are they seconds?"),
        (results(repeaters={"edge_mm": 1.5, "seconds": 60}), "tests.repeaters.edge_mm", 'was it in cm? Then write "1.5 cm"'),
        (results(critical_force={**FORCE, "force_kg": 55}), "tests.critical_force.force_kg", "were they swapped?"),
        (results(critical_force={"force_kg": 170}), "tests.critical_force.force_kg", 'was it in newtons? Then write "170 N"'),
        (results(critical_force={**FORCE, "peak_kg": 480}), "tests.critical_force.peak_kg", "was it in newtons?"),
        (results(critical_force={**FORCE, "w_prime_kg_s": 11000}), "tests.critical_force.w_prime_kg_s", "newton seconds?"),
        (results(core={"front_lever_s": 90}), "tests.core.front_lever_s", "is that right?"),
        (results(core={"plank_s": 3000}), "tests.core.plank_s", "is that right?"),
        (results(core={"toes_to_bar": 90}), "tests.core.toes_to_bar", "is that right?"),
        (results(flexibility={"sit_and_reach_cm": 60}), "tests.flexibility.sit_and_reach_cm", "is that right?"),
        (results(flexibility={"foot_raise_cm": 900}), "tests.flexibility.foot_raise_cm", "more than the height"),
        (results(mass_kg=154), "tests.mass_kg", 'was it in pounds? Then write "154 lb"'),
        ({"history": [{"date": "2026-01-01", "max_hang": {**HANG, "edge_mm": 2}}]}, "history[0].max_hang.edge_mm", "in cm?"),
    ],
)
def test_hard_to_believe_entries_are_refused_with_a_question(changes, path, question):
    message = asked(**changes)
    assert message.startswith(f"{path}: ")
    assert question in message


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"mass_kg": 130}, "mass_kg"),
        ({"span_m": 2.0}, "span_m"),
        ({"boulder_grade": "8B", "years_climbing": 2}, "boulder_grade"),
        (results(max_hang={**HANG, "added_kg": 110}), "tests.max_hang.added_kg"),
        (results(pull_ups={"reps": 70}), "tests.pull_ups.reps"),
    ],
)
def test_what_is_rare_but_possible_can_be_confirmed(changes, path):
    assert f'(if it is right, add "{path}" to "confirmed")' in asked(**changes)
    assert Athlete.parse({**BODY, **changes, "confirmed": [path]}).confirmed == {path}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"height_m": 178}, "height_m"),
        ({"mass_kg": 3}, "mass_kg"),
        ({"age_years": 1995}, "age_years"),
        ({"years_climbing": 35}, "years_climbing"),
        (results(max_hang={**HANG, "added_kg": -75}), "tests.max_hang.added_kg"),
        (results(critical_force={**FORCE, "force_kg": 55}), "tests.critical_force.force_kg"),
    ],
)
def test_what_is_impossible_cannot_be_confirmed(changes, path):
    assert "confirmed" not in asked(**changes, confirmed=[path])


@pytest.mark.parametrize(
    "changes",
    [
        {"age_years": 12, "mass_kg": 36, "height_m": 1.48, "span_m": 1.47, "years_climbing": 4},
        {"age_years": 71, "mass_kg": 82, "years_climbing": 50},
        {"mass_kg": 110},
        {"mass_kg": 55, "height_m": 1.75},
        results(max_hang={"edge_mm": 6, "duration_s": 10, "added_kg": 5}),
        results(max_hang={**HANG, "added_kg": 80}),
        results(max_hang={**HANG, "added_kg": -20}),
        results(max_hang={**HANG, "hands": 1, "added_kg": 5}),
        results(weighted_pull_up={"added_kg": 65}),
        results(critical_force={"force_kg": 33, "peak_kg": 79}),
    ],
)
def test_unusual_climbers_are_not_asked(changes):
    assert Athlete.parse({**BODY, **changes})


def test_every_climber_of_the_published_table_is_believed(athletes_table):
    for row in athletes_table.itertuples():
        Athlete.parse(
            {
                "age_years": 30,
                "years_climbing": 5,
                "mass_kg": row.mass,
                "height_m": row.height / 100 if row.height == row.height else None,
                "tests": {"critical_force": {"force_kg": row.force, "peak_kg": row.peak, "w_prime_kg_s": row.w_prime}},
            }
        )


@pytest.fixture
def athletes_table():
    import os

    import pandas as pd

    folder = os.environ.get("ASCENSION_DATA")
    if not folder:
        if os.environ.get("CI"):
            pytest.fail("ASCENSION_DATA is not set")
        pytest.skip("needs the published table: set ASCENSION_DATA")
    table = pd.read_csv(Path(folder) / "athletes" / "giles-2020-critical-force.csv")
    names = {
        "BODY MASS (KG)": "mass",
        "HEIGHT (CM)": "height",
        "CF (KG)": "force",
        "PEAK FORCE (KG)": "peak",
        "W' (KG)": "w_prime",
    }
    return table[list(names)].rename(columns=names)


@given(st.floats(1.5, 2.0), st.floats(19, 28), st.sampled_from(["lb", "kg"]), st.sampled_from(["cm", "in", "m"]))
def test_the_same_person_is_believed_in_every_unit_and_asked_without(height, index, mass_unit, height_unit):
    mass = index * height**2
    masses, heights = {"kg": 1, "lb": 0.45359237}, {"m": 1, "cm": 0.01, "in": 0.0254}
    person = {"age_years": 30, "years_climbing": 5}
    said = {"mass_kg": mass / masses[mass_unit], "height_m": height / heights[height_unit]}
    with_units = {"mass_kg": f"{said['mass_kg']:.6f} {mass_unit}", "height_m": f"{said['height_m']:.6f} {height_unit}"}
    athlete = Athlete.parse({**person, **with_units})
    assert athlete.height_m == pytest.approx(height, abs=1e-4)
    assert athlete.mass_kg == pytest.approx(mass, abs=1e-4)
    if (mass_unit, height_unit) != ("kg", "m"):
        with pytest.raises(InvalidAthlete, match=r"\?"):
            Athlete.parse({**person, **json.loads(json.dumps(said))})
