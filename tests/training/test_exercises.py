import pytest
import yaml

from ascension_core.errors import InvalidDataset
from ascension_core.training.athlete import FindingCode, Site, Style
from ascension_core.training.exercises import Exercise, Quality, library, read_library
from ascension_core.training.sessions import session_kinds

EXERCISES = library().exercises

SOUND = {
    "sources": {"book": "A book"},
    "equipment_groups": {},
    "exercises": [
        {
            "id": "plank",
            "name": "Plank",
            "about": "Straight body on forearms and toes.",
            "cues": ["breathe", "straight"],
            "quality": "core",
            "part": "supplement",
            "dose": {"default": {"sets": [2, 3], "duration_s": 30, "rest_s": 30, "effort": 4}},
            "sources": ["book"],
        }
    ],
}


def test_there_are_at_least_eighty() -> None:
    assert len(EXERCISES) >= 80


@pytest.mark.parametrize("quality", Quality)
def test_every_quality_has_exercises(quality: Quality) -> None:
    assert sum(e.quality is quality for e in EXERCISES) >= 3


@pytest.mark.parametrize("code", FindingCode)
def test_every_finding_has_technique_work(code: FindingCode) -> None:
    assert any(code in e.fixes and e.quality is Quality.TECHNIQUE for e in EXERCISES)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_exercise_is_complete(exercise: Exercise) -> None:
    assert exercise.energy_system
    assert all(len(cue) > 3 for cue in exercise.cues)
    for dose in exercise.dose.values():
        assert dose.sets[1] <= 40
        assert dose.percent is None or dose.percent[1] <= 100
    assert set(exercise.styles) <= set(Style)


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.tags & {"max_hang", "campus"}], ids=lambda e: e.id)
def test_maximal_finger_work_asks_for_age_experience_and_healthy_fingers(exercise: Exercise) -> None:
    assert exercise.requires.age >= (18 if "campus" in exercise.tags else 16)
    assert exercise.requires.years >= 2
    assert exercise.avoid[Site.FINGER] == 1


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if e.load_at(Site.FINGER) == 3], ids=lambda e: e.id)
def test_maximal_finger_load_is_for_adults_and_has_a_substitute_with_less(exercise: Exercise) -> None:
    assert exercise.requires.age >= 16
    assert any(other.load_at(Site.FINGER) < 3 for other in library().substitutes(exercise.id))


def test_every_exercise_can_be_used_in_a_session_or_as_a_substitute() -> None:
    pooled = {name for kind in session_kinds().values() for slot in kind.slots for name in slot.pool}
    drilled = {e.id for e in EXERCISES if e.fixes and e.quality is Quality.TECHNIQUE}
    replacing = {other for e in EXERCISES for other in (*e.instead, *e.next)}
    assert {e.id for e in EXERCISES} <= pooled | drilled | replacing


def test_sites_that_are_not_listed_share_the_load_of_their_neighbours() -> None:
    hang = library()["max_hang_added_weight"]
    assert hang.load_at(Site.FOREARM) == 3
    assert hang.load_at(Site.KNEE) == 0


def test_substitutes_come_nearest_first_and_never_hold_the_exercise() -> None:
    names = [e.id for e in library().substitutes("campus_ladders")]
    assert names[:2] == ["limit_bouldering", "explosive_pull_ups"]
    assert "campus_ladders" not in names
    assert len(names) == len(set(names))


def _with(**changes: object) -> str:
    entry = {**SOUND["exercises"][0], **changes}  # type: ignore[index,dict-item]
    return yaml.safe_dump({**SOUND, "exercises": [entry]})


def test_sound_library_is_read() -> None:
    assert read_library(_with())["plank"].dose_in("taper").sets == (2, 3)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"instead": ["nothing"]}, "nothing"),
        ({"next": ["plank"]}, "plank"),
        ({"sources": ["unknown"]}, "unknown"),
        ({"dose": {"strength": {"sets": 1, "reps": 5, "rest_s": 0, "effort": 1}}}, "default"),
        ({"dose": {"default": {"sets": [3, 1], "reps": 5, "rest_s": 0, "effort": 1}}}, "sets"),
        ({"dose": {"default": {"sets": 1, "rest_s": 0, "effort": 1}}}, "reps"),
        ({"dose": {"default": {"sets": 1, "reps": 5, "rest_s": 0, "effort": 1, "percent": 80}}}, "percent"),
        ({"load": {"finger": 4}}, "finger"),
        ({"load": {"tail": 1}}, "tail"),
        ({"needs": [["sofa"]]}, "sofa"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_damaged_library_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidDataset, match=words):
        read_library(_with(**wrong))


def test_doubled_exercise_is_refused() -> None:
    text = yaml.safe_dump({**SOUND, "exercises": [SOUND["exercises"][0]] * 2})  # type: ignore[index]
    with pytest.raises(InvalidDataset, match="twice"):
        read_library(text)


def test_no_yaml_is_refused() -> None:
    with pytest.raises(InvalidDataset):
        read_library("{")
