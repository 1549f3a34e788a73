"""Force-gauge files: from what gauges and their apps export to a `ForceRecording`.

The file is read line by line into two growing arrays, so that its size does not matter until `MOST_SAMPLES`; whatever is
wrong with it is said with line and column.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ascension_core.errors import InvalidRecording
from ascension_core.results import Note
from ascension_core.training.force.recording import FloatArray, ForceRecording
from ascension_core.training.force.repair import repaired
from ascension_core.training.force.table import Layout, detect_layout, is_missing, number, open_rows, time_reader
from ascension_core.training.force.units import KG_PER, SECONDS_PER, infer_time_unit, known_unit

# Nearly three hours at 1000 samples a second: enough for any session on a gauge, and 80 MB an array.
MOST_SAMPLES = 10_000_000
# Nanoseconds since 1970 are about 1.8e18.
LATEST_TIME = 1e19
# More than every tenth value missing is not a gauge that lost packets but a file that is something else.
MOST_MISSING = 0.1


def read_recording(
    path: Path, *, unit: str | None = None, time_unit: str | None = None, column: str | None = None
) -> ForceRecording:
    """Read one file: comma, semicolon, tab or blanks between columns, decimal point or comma, with header or without.

    Parameters
    ----------
    path
        The file: text in UTF-8, UTF-16 or any superset of ASCII, with or without byte-order mark.
    unit
        ``kg``, ``n``, ``kn`` or ``lb``; overrides what the header says, and is needed where it says nothing.
    time_unit
        ``s``, ``ms`` or ``us``; where neither this nor the header says, the only plausible one is taken.
    column
        Name or number (from 1) of the force column, where several could be meant.

    Raises
    ------
    InvalidRecording
        If the file cannot be read as a recording; the message names line and column.
    InvalidOption
        If a unit or the column does not exist.
    """
    unit = unit and known_unit(unit, KG_PER, "--unit")
    time_unit = time_unit and known_unit(time_unit, SECONDS_PER, "--time-unit")
    try:
        layout = detect_layout(path, column)
        samples = _collect(open_rows(path, layout), layout, path.name)
    except OSError as error:
        raise InvalidRecording(f"{path} cannot be read: {error.strerror or error}") from error
    except InvalidRecording as error:
        message = str(error)
        raise InvalidRecording(message if message.startswith(path.name) else f"{path.name}, {message}") from error
    return _recording(samples, layout, path.name, unit, time_unit)


@dataclass(slots=True)
class _Samples:
    """The columns of the file as they grow, in its own units."""

    time: array[float] = field(default_factory=lambda: array("d"))
    force: array[float] = field(default_factory=lambda: array("d"))
    line: array[int] = field(default_factory=lambda: array("q"))
    missing: int = 0
    first_missing: int = 0
    cut_line: int = 0
    stamped: bool = False
    marks: set[str] = field(default_factory=set)


def _collect(rows: Iterable[tuple[int, list[str]]], layout: Layout, name: str) -> _Samples:
    samples = _Samples()
    read_time = None
    for line, row in rows:
        if samples.cut_line:
            raise InvalidRecording(f"line {samples.cut_line} ends before column {max(layout.time, layout.force) + 1}")
        if len(row) <= max(layout.time, layout.force):
            samples.cut_line = line
            continue
        if read_time is None:
            read_time = time_reader(row[layout.time])
        _take(samples, line, row, layout, read_time or number)
        if len(samples.time) > MOST_SAMPLES:
            raise InvalidRecording(f"{name} holds more than {MOST_SAMPLES:,} samples: cut it to the test itself")
    samples.stamped = read_time is not None and read_time is not number
    _check_amount(samples, layout, name)
    return samples


def _take(samples: _Samples, line: int, row: list[str], layout: Layout, read_time: object) -> None:
    time_cell, force_cell = row[layout.time], row[layout.force]
    time = read_time(time_cell)  # type: ignore[operator]
    if time is None:
        raise _not_a(("time", time_cell), line, layout.time, layout.time_name)
    force = number(force_cell)
    if force is None and is_missing(force_cell):
        samples.first_missing = samples.first_missing or line
        samples.missing += 1
        return
    if force is None:
        raise _not_a(("force", force_cell), line, layout.force, layout.force_name)
    if layout.delimiter != " ":
        _check_marks(samples, line, layout, (time_cell if read_time is number else "", force_cell))
    samples.time.append(time)
    samples.force.append(force)
    samples.line.append(line)


def _not_a(what: tuple[str, str], line: int, column: int, header: str) -> InvalidRecording:
    kind, cell = what
    where = f"line {line}, column {column + 1}" + (f" ({header})" if header else "")
    if kind == "time":
        return InvalidRecording(
            f"{where}: {cell.strip()[:40]!r} is not a time (a number, h:m:s, or an ISO date and time, the same in every line)"
        )
    return InvalidRecording(f"{where}: {cell.strip()[:40]!r} is not a number")


def _check_marks(samples: _Samples, line: int, layout: Layout, cells: tuple[str, str]) -> None:
    """Refuse files that mix decimal points and decimal commas, for then one of the two separates thousands."""
    for column, cell in zip((layout.time, layout.force), cells, strict=True):
        mark = "comma" if "," in cell else "point" if "." in cell else ""
        if mark and mark not in samples.marks:
            samples.marks.add(mark)
            if len(samples.marks) == 2:
                raise InvalidRecording(
                    f"line {line}, column {column + 1}: {cell.strip()!r} has a decimal {mark}, unlike the numbers before it"
                )


def _check_amount(samples: _Samples, layout: Layout, name: str) -> None:
    total = len(samples.force) + samples.missing
    if not samples.force:
        raise InvalidRecording(f"{name} holds no samples below its header: export the recording again")
    if samples.missing > MOST_MISSING * total:
        raise InvalidRecording(
            f"line {samples.first_missing}, column {layout.force + 1}: no force, and so in {samples.missing} of {total} lines: "
            "is this the right column? Say which with --column"
        )


def _recording(samples: _Samples, layout: Layout, name: str, unit: str | None, time_unit: str | None) -> ForceRecording:
    notes: list[Note] = []
    time, force = np.array(samples.time), np.array(samples.force)
    force_in = unit or layout.force_unit or _ask_unit(force, layout, name)
    if unit and layout.force_unit and unit != layout.force_unit:
        notes.append(Note(code="unit_overridden", message=f"The header says {layout.force_unit}; read as {unit}, as asked."))
    time_in = "s" if samples.stamped else time_unit or layout.time_unit
    if time_in is None:
        time_in = _inferred(_since_first(time, name), name)
        notes.append(Note(code="time_unit_inferred", message=f"The file gives no unit of time; {time_in} fits."))
    if layout.guessed:
        notes.append(Note(code="columns_guessed", message="Column 1 was taken as time and column 2 as force."))
    notes += _loss_notes(samples)
    seconds = _since_first(time, name) * SECONDS_PER[time_in]
    lines = np.array(samples.line)
    return repaired(seconds, force * KG_PER[force_in], lines, name, notes, clock=samples.stamped)


def _since_first(time: FloatArray, name: str) -> FloatArray:
    if np.max(np.abs(time)) > LATEST_TIME:
        raise InvalidRecording(f"{name}: a time of {np.max(np.abs(time)):.4g} is none: is the first column the time?")
    since: FloatArray = time - time[0]
    return since


def _inferred(time: FloatArray, name: str) -> str:
    try:
        return infer_time_unit(time)
    except InvalidRecording as error:
        raise InvalidRecording(f"{name}: {error}") from error


def _ask_unit(force: FloatArray, layout: Layout, name: str) -> str:
    top = float(np.max(np.abs(force)))
    column = f"column {layout.force + 1}" + (f" ({layout.force_name})" if layout.force_name else "")
    would = ", ".join(f"{top * kg:.3g} kg if {unit}" for unit, kg in KG_PER.items() if unit != "kn")
    raise InvalidRecording(
        f"{name}: {column} does not say its unit; its largest value {top:g} would be {would}: which is it? Say so with --unit"
    )


def _loss_notes(samples: _Samples) -> list[Note]:
    notes = []
    if samples.missing:
        said = f"{samples.missing} lines without a force were left out, the first of them line {samples.first_missing}."
        notes.append(Note(code="missing_values", message=said))
    if samples.cut_line:
        notes.append(Note(code="cut_off", message=f"The last line ({samples.cut_line}) is cut off and was left out."))
    return notes
