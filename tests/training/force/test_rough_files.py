"""Whatever is in a file, reading and analysing it ends with a result or an error of ours."""

from contextlib import suppress

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ascension_core.errors import InputError
from ascension_core.training.force import analyze_force, read_recording

ROUGH = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
CELL = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(str),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        ["", "nan", "time (s)", "force (N)", "12:30:01.5", "2026-01-01T10:00:00", '"1,5"', "1,5", "kg", "--", "9e999", '"']
    ),
    st.text(max_size=6),
)


def read_and_analyse(path):
    with suppress(InputError):
        analyze_force(read_recording(path, unit="kg", time_unit="s"))


@ROUGH
@given(rows=st.lists(st.lists(CELL, max_size=4), max_size=30), delimiter=st.sampled_from([",", ";", "\t", " "]))
def test_tables_of_anything(rows, delimiter, tmp_path):
    path = tmp_path / "anything.csv"
    path.write_text("\n".join(delimiter.join(row) for row in rows), encoding="utf-8", errors="replace")
    read_and_analyse(path)


@ROUGH
@given(content=st.binary(max_size=400))
def test_bytes_of_anything(content, tmp_path):
    path = tmp_path / "anything.bin"
    path.write_bytes(content)
    read_and_analyse(path)


@ROUGH
@given(
    forces=st.lists(
        st.one_of(st.floats(-200, 200), st.floats(allow_nan=False, allow_infinity=False)), min_size=10, max_size=120
    ),
    steps=st.lists(st.floats(1e-4, 5), min_size=10, max_size=120),
    repeat=st.integers(1, 5),
)
def test_numbers_of_any_size(forces, steps, repeat, tmp_path):
    path = tmp_path / "numbers.csv"
    force = np.repeat(forces, repeat)
    time = np.cumsum(np.resize(steps, force.size))
    path.write_text(
        "time (s),force (kg)\n" + "\n".join(f"{t!r},{f!r}" for t, f in zip(time.tolist(), force.tolist(), strict=True))
    )
    read_and_analyse(path)


@ROUGH
@given(place=st.integers(0, 4000), junk=st.binary(min_size=1, max_size=4))
def test_good_file_with_a_few_bytes_changed(place, junk, tmp_path):
    path = tmp_path / "changed.csv"
    time = np.arange(0, 15, 0.05)
    rows = [f"{t:.2f},{30 if 5 < t < 10 else 0}" for t in time]
    good = "\n".join(["time (s),force (kg)", *rows]).encode()
    path.write_bytes(good[:place] + junk + good[place + len(junk) :])
    read_and_analyse(path)
