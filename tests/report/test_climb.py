from __future__ import annotations

from collections.abc import Callable

import pytest

from ascension_core.report.climb import angle_sentence, climb_sentence, holds_used, measure_rows, move_rows
from ascension_core.results import Analysis, Climb, ClimbMove, ContactSpan, Estimate, MovementMeasure, Wall

AnalysisOf = Callable[..., Analysis]


def move(limb: str, source: str | None, target: str | None, **changes: object) -> ClimbMove:
    plain = {"start_ms": 1000, "end_ms": 1400, "reach_torsos": 0.84, "style": "static", "readjustment": False}
    return ClimbMove(limb=limb, source=source, target=target, **(plain | changes))  # type: ignore[arg-type]


def climb(*moves: ClimbMove, ending: str = "top") -> Climb:
    return Climb(start_ms=1000, end_ms=9500, ending=ending, start_holds=["h1"], top_hold="h9", moves=list(moves), spans=[])  # type: ignore[arg-type]


def contact(limb: str, hold: str, start_ms: float, end_ms: float) -> ContactSpan:
    return ContactSpan(
        limb=limb, hold=hold, start_ms=start_ms, end_ms=end_ms, place=(0.5, 0.5), confidence=1, start_open=False, end_open=False
    )  # type: ignore[arg-type]


def test_hand_moves_are_numbered_and_readjustments_and_feet_are_not() -> None:
    rows = move_rows(
        climb(
            move("left_hand", "h1", "h2"),
            move("left_foot", "ground", "smear"),
            move("right_hand", "h3", "h3", readjustment=True),
            move("right_hand", "h3", None),
        )
    )
    assert [row.number for row in rows] == [1, None, None, 2]
    assert [row.way for row in rows] == ["h1 → h2", "the ground → the wall", "h3, readjusted", "h3 → out of sight"]
    assert [row.style for row in rows] == ["static", "static", "", "static"]
    assert rows[0].reach == "0.8"
    assert rows[0].duration == "0.40 s"


def test_what_is_not_known_of_a_move_is_left_out() -> None:
    (row,) = move_rows(climb(move("left_hand", "h1", "h2", style=None, reach_torsos=None)))
    assert (row.style, row.reach) == ("", "")


def test_holds_are_in_the_order_of_their_first_use_during_the_climb(analysis_of: AnalysisOf) -> None:
    contacts = [
        contact("left_hand", "before", 0, 900),
        contact("left_hand", "h4", 800, 3000),
        contact("left_foot", "h2", 1500, 2000),
        contact("right_hand", "h4", 2000, 3000),
        contact("right_foot", "smear", 2100, 2500),
        contact("left_hand", "h2", 3000, 4000),
        contact("left_hand", "after", 9500, 9900),
    ]
    analysis = analysis_of("a.mp4").model_copy(update={"climb": climb(), "contacts": contacts})
    assert holds_used(analysis) == {"h4": ["left_hand", "right_hand"], "h2": ["left_foot", "left_hand"]}


@pytest.mark.parametrize(
    ("ending", "said"), [("top", "ended at the top"), ("fall", "ended in a fall"), ("unknown", "cannot be told")]
)
def test_the_sentence_says_how_it_ended(analysis_of: AnalysisOf, ending: str, said: str) -> None:
    contacts = [contact("left_hand", "h4", 1000, 3000)]
    told = climb(move("left_hand", "h1", "h2"), ending=ending)
    sentence = climb_sentence(analysis_of("a.mp4").model_copy(update={"climb": told, "contacts": contacts}))
    assert sentence is not None
    assert sentence.startswith("The climb took 8.5 s, from 1.0 to 9.5 s, with 1 hand move on 1 hold, ")
    assert said in sentence


def test_nothing_is_said_of_a_climb_that_was_not_seen(analysis_of: AnalysisOf) -> None:
    assert climb_sentence(analysis_of("a.mp4")) is None


def test_measures_are_told_with_three_digits_and_what_is_not_known_without_a_number() -> None:
    unknown = MovementMeasure(name="a", title="A", value=None, unit="m", coverage=0.1, meaning="", source="")
    known = MovementMeasure(
        name="b", title="B", value=12.3456, unit="m", low=10, high=20, coverage=0.987, meaning="", source=""
    )
    last, first = measure_rows([unknown, known])
    assert (first["title"], first["value"], first["usual"], first["coverage"]) == ("B", "12.3", "10 – 20", "99 %")
    assert (last["title"], last["value"], last["usual"]) == ("A", "", "")


@pytest.mark.parametrize(
    ("deg", "said"),
    [
        (None, ""),
        (22, "The wall is very roughly 22° overhanging, give or take 19°."),
        (-8, "The wall is very roughly 8° leaning back, give or take 19°."),
    ],
)
def test_the_angle_is_told_with_its_uncertainty(deg: float | None, said: str) -> None:
    angle = None if deg is None else Estimate(value=deg, uncertainty=19)
    wall = Wall(
        reference_ms=0, camera="static", cuts_ms=[], placed_fraction=1, camera_file="c", picture=None, overhang_deg=angle,
        holds=[], routes=[],
    )  # fmt: skip
    assert angle_sentence(wall) == said
