"""Grades: reading, the comparative table, and conversions both ways."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from ascension_core.errors import InvalidGrade
from ascension_core.training import grades
from ascension_core.training.grades import (
    Grade,
    GradeSystem,
    convert,
    from_ircra,
    from_v_index,
    ircra_of_v,
    parse,
    parse_grade,
    v_index_of,
)

CHART = {system: tuple(names) for system, names in grades._scales().items()}
EVERY = [Grade(system, name) for system in GradeSystem for name in grades._known_names(system)]
ROUTES = [system for system in GradeSystem if system.discipline == "route"]
BOULDERS = [system for system in GradeSystem if system.discipline == "boulder"]
PAIRS = [(a, b) for group in (ROUTES, BOULDERS) for a in group for b in group]


@pytest.mark.parametrize(
    ("written", "system", "text"),
    [
        ("7a+", "french", "7a+"),
        ("6A+", "font", "6A+"),
        ("V5", "v", "V5"),
        ("v 10", "v", "V10"),
        ("VB", "v", "VB"),
        ("v-easy", "v", "VB"),
        ("V5-6", "v", "V5/V6"),
        ("V5/6", "v", "V5/V6"),
        ("V5/V6", "v", "V5/V6"),
        ("5.12a", "yds", "5.12a"),
        ("5.10c/d", "yds", "5.10c/5.10d"),
        ("5.9", "yds", "5.9"),
        ("5.11", "yds", "5.11"),
        ("5.11+", "yds", "5.11+"),
        ("VIII-", "uiaa", "VIII-"),
        ("VIII–", "uiaa", "VIII-"),
        ("ix+/x-", "uiaa", "IX+/X-"),
        ("24", "ewbank", "24"),
        ("7A/7A+", "font", "7A/7A+"),
        ("7A/+", "font", "7A/7A+"),
        ("7a/b", "french", "7a/7b"),
        ("fb 7a", "font", "7A"),
        ("f7a", "french", "7a"),
        ("IRCRA 18", "ircra", "18"),
        ("ircra 21.5", "ircra", "21.5"),
        ("  7a + ", "french", "7a+"),
    ],
)
def test_reads_grades_as_people_write_them(written, system, text):
    assert parse(written) == Grade(system, text)


def test_the_discipline_decides_between_french_and_font():
    assert parse("7A", discipline="route") == Grade("french", "7a")
    assert parse("7a", discipline="boulder") == Grade("font", "7A")
    assert parse("5", discipline="boulder") == Grade("font", "5")
    assert parse("5+", discipline="route") == Grade("french", "5+")


def test_a_named_system_decides():
    assert parse("8-", system="uiaa") == Grade("uiaa", "VIII-")
    assert parse("12a", system="yds") == Grade("yds", "5.12a")
    assert parse("5", system="v") == Grade("v", "V5")
    assert parse("17", system="ircra") == Grade("ircra", "17")


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("7d", "7c"),
        ("V18", "V17"),
        ("5.16a", "5.15a"),
        ("V5+", "V5"),
        ("XIII", "XII"),
        ("99", "did you mean|runs from 4 to 39"),
        ("6", "could be several"),
        ("hard", "is not a grade of any scale"),
        ("", "is not a grade; write one"),
        ("8c/8b", "runs backwards"),
        ("7a/7b/7c", "not a grade"),
        ("7" * 99, "is not a grade"),
    ],
)
def test_a_wrong_grade_gets_advice(written, advice):
    with pytest.raises(InvalidGrade, match=advice):
        parse(written)


@pytest.mark.parametrize(
    ("a", "system", "b"),
    [
        ("7a", "yds", "5.11d"),
        ("9a", "yds", "5.14d"),
        ("5.12a", "french", "7a+"),
        ("7a", "uiaa", "VIII"),
        ("8a", "ewbank", "29"),
        ("V6", "font", "6C+ to 7A"),
        ("7A", "v", "V6"),
        ("8A", "v", "V11"),
        ("V3", "font", "6A to 6B"),
        ("V8", "ircra", "22 to 23"),
        ("IX-", "ircra", "19 to 20"),
        ("V10", "v", "V10"),
        ("VI", "v", "VB to V0-"),
        ("9A", "v", "V17"),
    ],
)
def test_conversions_of_the_published_chart(a, system, b):
    assert str(parse(a).to(system)) == b


def test_conversion_beyond_a_scale_is_an_error_that_names_its_end():
    with pytest.raises(InvalidGrade, match=r"the V scale has no grade for IRCRA 5: it begins at VB \(IRCRA 9\)"):
        convert(Grade("french", "3"), "v")


@pytest.mark.parametrize("grade", EVERY, ids=str)
def test_every_grade_reads_back_and_has_its_level(grade):
    assert parse(grade.text, system=grade.system) == grade
    assert 1 <= grade.ircra.low <= grade.ircra.high <= 33


@pytest.mark.parametrize("grade", EVERY, ids=lambda grade: f"{grade.system}-{grade}")
def test_every_grade_comes_home_from_every_scale_of_its_discipline(grade):
    for source, target in PAIRS:
        if source != grade.system or grade.text not in CHART[source]:
            continue
        there = convert(grade, target)
        names = CHART[target][CHART[target].index(there.low.text) : CHART[target].index(there.high.text) + 1]
        back = [convert(Grade(target, name), source) for name in names]
        order = CHART[source]
        assert order.index(back[0].low.text) <= order.index(grade.text) <= order.index(back[-1].high.text)


@pytest.mark.parametrize("system", list(GradeSystem))
def test_a_harder_grade_is_never_easier_elsewhere(system):
    for target in GradeSystem:
        ends = []
        for name in CHART[system]:
            try:
                there = convert(Grade(system, name), target)
            except InvalidGrade:
                continue
            ends.append((CHART[target].index(there.low.text), CHART[target].index(there.high.text)))
        assert len(ends) > 10
        assert ends == sorted(ends)
        assert all(low <= high for low, high in ends)


def test_v_index_counts_the_v_scale():
    assert [Grade("v", name).v_index for name in ("VB", "V0", "V5", "V17", "V5/V6")] == [-1, 0, 5, 17, 5.5]
    assert Grade("font", "7A").v_index == 6
    assert Grade("font", "7C+").v_index == 10
    assert str(from_v_index(4.6)) == "V5"
    assert str(from_v_index(-7)) == "VB"
    assert str(from_v_index(99)) == "V17"


@given(st.floats(1, 33), st.floats(1, 33))
def test_v_index_rises_with_the_level(a, b):
    low, high = sorted((a, b))
    assert v_index_of(low) <= v_index_of(high)


@given(st.floats(-1, 17))
def test_v_index_and_level_undo_each_other(index):
    assert v_index_of(ircra_of_v(index)) == pytest.approx(index)


@given(st.integers(18, 66), st.sampled_from(["font", "v", "french", "yds", "uiaa", "ewbank"]))
def test_levels_and_halves_give_grades_that_lie_around_them(halves, system):
    level = halves / 2
    found = from_ircra(level, system)
    assert found.low.ircra.low <= level <= found.high.ircra.high


@given(
    st.one_of(
        st.text(max_size=60), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.text(max_size=3), max_size=2)
    )
)
def test_hostile_grades_give_a_grade_or_an_error_of_ours(value):
    with suppress(InvalidGrade):
        assert isinstance(grades._read(value, None, None), Grade)


@given(st.sampled_from(EVERY), st.sampled_from(EVERY))
def test_slash_grades_span_both_ends_or_run_backwards(a, b):
    if a.system != b.system:
        return
    try:
        both = Grade(a.system, f"{a}/{b}")
    except InvalidGrade:
        assert a.ircra.low > b.ircra.low or a.ircra.high > b.ircra.high
    else:
        assert (both.ircra.low, both.ircra.high) == (a.ircra.low, b.ircra.high)


class Model(BaseModel):
    grade: Grade


def test_a_grade_in_a_model_reads_text_and_writes_its_system():
    model = Model.model_validate({"grade": "7a+"})
    document = json.loads(model.model_dump_json())
    assert document == {"grade": {"system": "french", "text": "7a+"}}
    assert Model.model_validate(document) == model


def test_a_boulder_grade_is_refused_where_a_route_is_asked_for():
    with pytest.raises(Exception, match="V5 is a grade of the V scale, and a route grade such as 7b"):
        parse_grade("V5", discipline="route")


def test_an_unknown_system_names_the_known_ones():
    with pytest.raises(InvalidGrade, match="use one of font, v, french, yds, uiaa, ewbank, ircra"):
        parse("5", system="british")
