"""Files as gauges and their apps write them, and as people spoil them."""

from time import process_time

import numpy as np
import pytest

from ascension_core.errors import InvalidOption, InvalidRecording
from ascension_core.training.force import read_recording, reading

TIME = np.arange(0, 20, 0.0125)
FORCE = np.where((TIME > 5) & (TIME < 12), 30.5, 0.25)


def lines(time=TIME, force=FORCE, delimiter=",", decimal=".", digits=4):
    return [delimiter.join(f"{v:.{digits}f}".replace(".", decimal) for v in row) for row in zip(time, force, strict=True)]


@pytest.fixture
def write(tmp_path):
    def write(text, name="pull.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(
            text if isinstance(text, bytes) else ("\n".join(text) if isinstance(text, list) else text).encode(encoding)
        )
        return path

    return write


def codes(recording):
    return {note.code for note in recording.notes}


def assert_is_the_pull(recording, tolerance=1e-3):
    assert recording.time_s.size == TIME.size
    np.testing.assert_allclose(recording.time_s, TIME, atol=tolerance)
    np.testing.assert_allclose(recording.force_kg, FORCE, atol=tolerance)


@pytest.mark.parametrize(
    ("header", "delimiter", "decimal", "time_factor", "force_factor"),
    [
        ("Time (s),Force (kg)", ",", ".", 1, 1),
        ("time,weight_kg", ",", ".", 1, 1),
        ("Zeit [ms];Kraft [N]", ";", ",", 1000, 9.80665),
        ("elapsedMs\tLoad (lbs)", "\t", ".", 1000, 1 / 0.45359237),
        ("t (µs);kg", ";", ".", 1e6, 1),
        ("time force_kg", " ", ",", 1, 1),
    ],
)
def test_delimiters_decimals_and_units(write, header, delimiter, decimal, time_factor, force_factor):
    path = write([header, *lines(TIME * time_factor, FORCE * force_factor, delimiter, decimal)])
    assert_is_the_pull(read_recording(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_and_line_ends(write, encoding, end):
    text = end.join(["Temps é (s);Force (kg)", *lines(delimiter=";", decimal=",")])
    assert_is_the_pull(read_recording(write(text, encoding=encoding)))


def test_quoted_decimal_commas_between_commas(write):
    rows = [",".join(f'"{cell}"' for cell in line.split(";")) for line in lines(delimiter=";", decimal=",")]
    assert_is_the_pull(read_recording(write(["time (s),force (kg)", *rows])))


def test_without_header_the_unit_is_asked_for_and_then_believed(write):
    path = write(lines())
    with pytest.raises(
        InvalidRecording, match=r"pull.csv: column 2 does not say its unit.*30.5 kg if kg, 3.11 kg if n.*--unit"
    ):
        read_recording(path)
    assert_is_the_pull(read_recording(path, unit="KG"))


def test_header_without_unit_is_a_question(write):
    with pytest.raises(InvalidRecording, match=r"column 2 \(weight\) does not say its unit"):
        read_recording(write(["time,weight", *lines()]))


def test_option_overrides_the_header_and_says_so(write):
    recording = read_recording(write(["time (s),force (kg)", *lines(force=FORCE * 9.80665)]), unit="n")
    assert_is_the_pull(recording)
    assert "unit_overridden" in codes(recording)


def test_preamble_comments_units_line_and_blank_lines(write):
    head = ["# made by a gauge", "Athlete: Ada", "", "Session 3, left hand", "time;force;battery", "s;kg;%"]
    rows = [line + ";87" for line in lines(delimiter=";")]
    assert_is_the_pull(read_recording(write([*head, *rows[:50], "", *rows[50:], "", ""])))


def test_two_force_columns_are_a_question_that_column_answers(write):
    rows = [f"{t:.4f},0.0,{f:.4f}" for t, f in zip(TIME, FORCE, strict=True)]
    path = write(["time (s),left (kg),right (kg)", *rows])
    with pytest.raises(InvalidRecording, match=r"columns 2 \(left \(kg\)\), 3 \(right \(kg\)\) all look like force"):
        read_recording(path)
    assert_is_the_pull(read_recording(path, column="right (kg)"))
    assert_is_the_pull(read_recording(path, column="3"))
    with pytest.raises(InvalidOption, match="--column 9"):
        read_recording(path, column="9")


def test_unknown_names_of_two_columns_are_taken_by_place_and_said(write):
    recording = read_recording(write(["x,y", *lines()]), unit="kg")
    assert_is_the_pull(recording)
    assert "columns_guessed" in codes(recording)


@pytest.mark.parametrize(
    "form",
    [
        lambda t: f"2026-03-01T23:59:{50 + t:09.6f}" if t < 10 else f"2026-03-02T00:00:{t - 10:09.6f}",
        lambda t: f"23:59:{50 + t:09.6f}" if t < 10 else f"00:00:{t - 10:09.6f}",
        lambda t: f"{int(t // 60):02}:{t % 60:09.6f}",
        lambda t: f"{1_760_000_000 + t:.4f}",
        lambda t: f"{(1_760_000_000 + t) * 1000:.1f}",
    ],
    ids=["iso over midnight", "clock over midnight", "minutes", "epoch s", "epoch ms"],
)
def test_timestamps(write, form):
    rows = [f"{form(t)},{f:.4f}" for t, f in zip(TIME, FORCE, strict=True)]
    assert_is_the_pull(read_recording(write(["timestamp,force (kg)", *rows])))


def test_lost_values_are_left_out_counted_and_said(write):
    rows = lines()
    for i, hole in zip((10, 11, 500), ("", "NaN", "--"), strict=True):
        rows[i] = f"{TIME[i]:.4f},{hole}"
    recording = read_recording(write(["time (s),force (kg)", *rows]))
    assert recording.time_s.size == TIME.size - 3
    assert "3 lines without a force were left out, the first of them line 12." in [note.message for note in recording.notes]


def test_duplicates_and_late_packets_are_put_right_and_said(write):
    rows = lines()
    rows[100:104] = [rows[102], rows[103], rows[100], rows[101]]
    rows.insert(200, rows[200])
    recording = read_recording(write(["time (s),force (kg)", *rows]))
    assert_is_the_pull(recording)
    assert {"reordered", "duplicates"} <= codes(recording)


def test_cut_last_line_is_left_out_and_said(write):
    recording = read_recording(write(["time (s),force (kg)", *lines(), "20.0"]))
    assert_is_the_pull(recording)
    assert "cut_off" in codes(recording)


GOOD = ["time (s),force (kg)", *lines()]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("  \n\n", "is empty"),
        (b"PK\x03\x04\0\0", "not a text file"),
        ("hello\nworld\n", "no line holds a time and a force"),
        ("time (s),force (kg)\n", "holds no samples"),
        (GOOD[:5], "4 samples: that is too few"),
        ([*GOOD[:50], "0.6,heavy", *GOOD[51:]], r"line 51, column 2 \(force \(kg\)\): 'heavy' is not a number"),
        ([*GOOD[:50], "soon,1.0", *GOOD[51:]], r"line 51, column 1 \(time \(s\)\): 'soon' is not a time"),
        ([*GOOD[:50], "nan,1.0", *GOOD[51:]], "line 51, column 1.*'nan' is not a time"),
        ([*GOOD[:50], "0.6,inf", *GOOD[51:]], "line 51, column 2.*'inf' is not a number"),
        ([*GOOD[:50], "0.6,1_0", *GOOD[51:]], "line 51, column 2.*'1_0' is not a number"),
        ([*GOOD[:50], "0.6,12 kg", *GOOD[51:]], "line 51, column 2.*'12 kg' is not a number"),
        ([*GOOD[:50], "0.6,9e999", *GOOD[51:]], "line 51, column 2.*'9e999' is not a number"),
        ([*GOOD[:50], "0.6,7e6", *GOOD[51:]], "line 51: 7e.06 kg is beyond every gauge"),
        ([*GOOD, "9e30,1.0"], "a time of 9e.30 is none"),
        ([*GOOD, "99999,1.0"], "spans 27.78 hours"),
        ([*GOOD[:50], "0.6", *GOOD[51:]], "line 51 ends before column 2"),
        ([*GOOD[:50], '0.6,"heavy', *GOOD[51:]], "line 51, column 2.*'heavy' is not a number"),
        ([*GOOD, *GOOD[1:]], "line 1602: the time runs 19.99 s backwards"),
        ([GOOD[0], *["1.0,2.0"] * 100], "1 samples of different times"),
        ([GOOD[0], *[line.split(",")[0] + "," for line in GOOD[1:]]], "holds no samples"),
        (
            [GOOD[0], *[line.split(",")[0] + "," for line in GOOD[1:400]], *GOOD[400:]],
            "line 2, column 2: no force.*399 of 1600",
        ),
        (["time (s);force (kg)", *lines(delimiter=";")[:50], "0,7;1,5"], "line 52, column 1: '0,7' has a decimal comma"),
        (lines(decimal=","), "line 1: 4 columns, and no header.*export with semicolons"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(write, text, message):
    with pytest.raises(InvalidRecording, match=message) as error:
        read_recording(write(text))
    assert "pull.csv" in str(error.value)


def test_missing_file_and_folder_are_errors_of_ours(tmp_path):
    with pytest.raises(InvalidRecording, match="cannot be read"):
        read_recording(tmp_path / "nothing.csv")
    with pytest.raises(InvalidRecording, match="cannot be read"):
        read_recording(tmp_path)


def test_endless_file_is_refused_while_reading(write, monkeypatch):
    monkeypatch.setattr(reading, "MOST_SAMPLES", 1000)
    with pytest.raises(InvalidRecording, match="more than 1,000 samples"):
        read_recording(write(GOOD))


def test_file_without_line_ends_is_refused_without_filling_the_memory(write):
    with pytest.raises(InvalidRecording, match=r"line 1602, column 2.*is not a number"):
        read_recording(write([*GOOD, "1," + "9x" * 1_000_000]))


def test_reading_takes_no_more_than_a_few_seconds_a_million_lines(write):
    time = np.arange(0, 200, 0.001)
    path = write(["time (s),force (kg)", *lines(time, np.full(time.size, 12.5))])
    begin = process_time()
    assert read_recording(path).time_s.size == time.size
    assert process_time() - begin < 4
