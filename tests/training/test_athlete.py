"""The athlete's document: what is read, what is refused, and how errors name their field."""

import json
import math
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.errors import InvalidAthlete
from ascension_core.training.athlete import Athlete, Equipment, Site, Weekday
from ascension_core.training.entry import MAX_FILE_BYTES

ATHLETES = Path(__file__).parent / "athletes"
FULL = json.loads((ATHLETES / "full.json").read_text())
SMALL = {"age_years": 30, "mass_kg": 70, "years_climbing": 5}


def leaves(document, path=""):
    """Path and setter of every value in a document, objects and lists included."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in items:
        here = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".removeprefix(".")
        yield here, key
        if isinstance(value, dict | list):
            yield from ((p, (key, *(rest if isinstance(rest, tuple) else (rest,)))) for p, rest in leaves(value, here))


PATHS = [(path, keys if isinstance(keys, tuple) else (keys,)) for path, keys in leaves(FULL)]
WRONG = {
    "an object": {"wrong": 1},
    "nested lists": [[[]]],
    "truth": True,
    "nan": math.nan,
    "text": "not at all",
    "huge": 10**400,
    "infinite": math.inf,
}
TEXTS = ("id", "name", "notes", "evidence", "session_id")


def changed(document, keys, value):
    copy = json.loads(json.dumps(document))
    inner = copy
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return copy


def refusal(document):
    with pytest.raises(InvalidAthlete) as caught:
        Athlete.parse(document)
    return str(caught.value)


@pytest.mark.parametrize("path", sorted(ATHLETES.glob("*.json")), ids=lambda path: path.stem)
def test_written_out_athletes_are_read_and_written_back(path):
    athlete = Athlete.load(path)
    assert Athlete.parse(athlete.to_document()) == athlete
    assert Athlete.parse(json.loads(json.dumps(athlete.to_document()))) == athlete


def test_everything_is_in_the_units_of_its_name():
    athlete = Athlete.parse(FULL)
    assert athlete.mass_kg == pytest.approx(58.967, abs=1e-3)
    assert athlete.height_m == pytest.approx(1.6764)
    assert athlete.span_m == pytest.approx(1.71)
    assert athlete.availability == {Weekday.MON: 120, Weekday.WED: 120, Weekday.SAT: 240}
    assert athlete.tests.weighted_pull_up.added_kg == pytest.approx(24.948, abs=1e-3)
    assert athlete.tests.critical_force.force_kg == pytest.approx(18.355, abs=1e-3)
    assert athlete.equipment == {
        Equipment.GYM_BOULDER,
        Equipment.HANGBOARD,
        Equipment.PULL_UP_BAR,
        Equipment.FORCE_GAUGE,
    }
    assert athlete.log[0].pain == (Site.FINGER,)
    assert str(athlete.boulder_grade) == "7A+/7B"
    assert athlete.goals[0].grade.v_index == 9


def test_little_is_needed():
    athlete = Athlete.parse(SMALL)
    assert athlete.tests.done == ()
    assert athlete.sex is None
    assert athlete.height_m is None


@pytest.mark.parametrize("name", sorted(SMALL))
def test_what_is_needed_is_missed(name):
    document = {key: value for key, value in SMALL.items() if key != name}
    assert refusal(document) == f"{name}: is missing, and needed"


@pytest.mark.parametrize("kind", sorted(WRONG))
@pytest.mark.parametrize(("path", "keys"), PATHS, ids=[path for path, _ in PATHS])
def test_each_field_wrong_in_turn_is_named(path, keys, kind):
    if kind == "text" and (keys[-1] in TEXTS or path.startswith("confirmed")):
        assert Athlete.parse(changed(FULL, keys, WRONG[kind] if path != "confirmed" else [])) is not None
        return
    if kind == "huge" and keys[-1] in TEXTS:
        return
    message = refusal(changed(FULL, keys, WRONG[kind]))
    assert all(line.startswith((path, keys[0] if path.startswith("confirmed") else path)) for line in message.splitlines())
    assert len(message) < 3000


@pytest.mark.parametrize(("path", "keys"), [(p, k) for p, k in PATHS if p not in SMALL], ids=str)
def test_an_unknown_name_beside_any_field_is_named_with_the_nearest(path, keys):
    wrong = f"{keys[-1]}x"
    if isinstance(keys[-1], int) or "availability." in path:
        return
    document = changed(FULL, (*keys[:-1], wrong), 1)
    assert f'{path}x: unknown name; did you mean "{keys[-1]}"?' in refusal(document)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"equipment": ["hangbord"]}, "equipment[0]: 'hangbord' is unknown; did you mean \"hangboard\"?"),
        ({"equipment": "hangboard"}, "equipment: must be a list in brackets"),
        ({"availability": {"mondy": 60}}, "availability.mondy"),
        ({"boulder_grade": "7d"}, "boulder_grade: '7d' is not a grade"),
        ({"boulder_grade": "7b+", "sport_grade": "V5"}, "sport_grade: V5 is a grade of the V scale, and a route grade"),
        ({"goals": [{"style": "boulder"}]}, "goals[0].grade: is missing: which grade is the goal?"),
        ({"goals": [{"style": "speed"}]}, "goals[0].time_s: a speed goal needs its time"),
        ({"goals": [{"style": "sport", "grade": "13a", "system": "ydx"}]}, "goals[0]."),
        ({"tests": {"repeaters": {"edge_mm": 20}}}, "tests.repeaters.seconds: give seconds or reps"),
        ({"tests": {"pull_ups": {"reps": 7.5}}}, "tests.pull_ups.reps: 7.5 is not a whole number"),
        ({"tests": {"pull_ups": {"reps": -1}}}, "tests.pull_ups.reps: "),
        ({"log": [{"date": "2026-01-01", "status": "dne"}]}, "log[0].status: 'dne' is unknown; did you mean \"done\"?"),
        ({"log": [{"date": "yesterday", "status": "done"}]}, "log[0].date: "),
        ({"injuries": [{"site": "fingr", "severity": 1}]}, "injuries[0].site: 'fingr' is unknown; did you mean \"finger\"?"),
        ({"injuries": [{"site": "finger", "severity": 5}]}, "injuries[0].severity: should be less than or equal to 3"),
        ({"name": "x" * 5000}, "name: String should have at most 2000"),
        ({"\ud800": 1}, "\\ud800: unknown name"),
        ({"name": "\ud800"}, "name: "),
        ({"hight_m": 1.7}, 'hight_m: unknown name; did you mean "height_m"?'),
    ],
)
def test_errors_name_the_field_and_what_to_do(change, expected):
    assert refusal({**SMALL, **change}).startswith(expected)


@pytest.mark.parametrize("document", [[], None, 3, "athlete", [[]]])
def test_what_is_no_object_is_refused(document):
    assert "must be an object in braces" in refusal(document)


def test_a_long_list_of_problems_is_cut():
    message = refusal({**SMALL, "equipment": [f"thing-{k}" for k in range(50)]})
    assert message.splitlines()[-1] == "and 42 more"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe\x00", "is not a text file"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"age_years": NaN}', "holds NaN"),
        (b'{"age_years": Infinity}', "holds Infinity"),
        (b'{"mass_kg": 70, "mass_kg": 71}', "mass_kg: stands twice"),
        (b'{"age_years": ' + b"9" * 5000 + b"}", "cannot be read"),
        (b" " * (MAX_FILE_BYTES + 1), "larger than 4 MB"),
    ],
)
def test_hostile_files_give_an_error_of_ours(tmp_path, content, expected):
    path = tmp_path / "athlete.json"
    path.write_bytes(content)
    with pytest.raises(InvalidAthlete, match=expected):
        Athlete.load(path)


def test_a_missing_file_and_a_folder_are_errors_of_ours(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(InvalidAthlete, match="there is no such file"):
            Athlete.load(path)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "athlete.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(SMALL).encode())
    assert Athlete.load(path) == Athlete.parse(SMALL)


def test_deep_nesting_inside_a_document_is_refused():
    document = {}
    for _ in range(3000):
        document = {"tests": document}
    assert refusal({**SMALL, **document})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200)
@given(st.sampled_from(PATHS), JSON)
def test_anything_anywhere_is_read_or_refused_by_us(place, value):
    try:
        athlete = Athlete.parse(changed(FULL, place[1], value))
    except InvalidAthlete as error:
        message = str(error)
        message.encode()
    else:
        assert Athlete.parse(athlete.to_document()) == athlete


def test_athletes_are_immutable_and_travel_between_processes():
    athlete = Athlete.parse(FULL)
    with pytest.raises(Exception, match="frozen"):
        athlete.mass_kg = 3
    assert pickle.loads(pickle.dumps(athlete)) == athlete
