"""The table inside an exported file: its encoding, delimiter, header, and the two columns that matter."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import TextIO

from ascension_core.errors import InvalidOption, InvalidRecording
from ascension_core.training.force.units import force_unit, is_unit, names_force, names_time, time_unit

DELIMITERS = (";", "\t", ",", " ")
SAMPLE_LINES = 200
LONGEST_PREAMBLE = 60
_HEAD_BYTES = 1 << 16
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)")
MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "--"})


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read one file.

    Attributes
    ----------
    delimiter, encoding
        Of the text.
    first
        Index, from 0, of the first row of data among the rows that are not empty.
    time, force
        Index of the two columns, from 0.
    time_name, force_name
        Their headers, for messages; empty where the file has none.
    time_unit, force_unit
        What the header says, or None.
    guessed
        The columns were taken by position, for no header names them.
    """

    delimiter: str
    encoding: str
    first: int
    time: int
    force: int
    time_name: str = ""
    force_name: str = ""
    time_unit: str | None = None
    force_unit: str | None = None
    guessed: bool = False


def detect_layout(path: Path, column: str | None = None) -> Layout:
    """Find the table in a file; `column` names the force column (or gives its number, from 1) where several could be it.

    Raises
    ------
    InvalidRecording
        If the file is not text, is empty, holds no two columns of numbers, or leaves open which column is which.
    InvalidOption
        If there is no such column.
    """
    encoding = _encoding(path)
    lines = _first_lines(path, encoding)
    delimiter = max(DELIMITERS, key=lambda d: _suitability(lines, d))
    rows = [row for row in split(lines, delimiter) if any(cell.strip() for cell in row[1])]
    header = next((i for i, (_, row) in enumerate(rows[:LONGEST_PREAMBLE]) if _is_header(row)), None)
    if header is not None:
        return _named(rows, header, delimiter, encoding, column)
    return _unnamed(rows, delimiter, encoding, column, path.name)


def open_rows(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Every row of data with its line number, one at a time, whatever the size of the file."""
    with open_text(path, layout.encoding) as stream:
        seen = 0
        for line, row in split(_lines(stream), layout.delimiter):
            if not any(cell.strip() for cell in row):
                continue
            if seen >= layout.first:
                yield line, row
            seen += 1


def split(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each line; runs of blanks are one delimiter, and a line beginning with ``#`` is a comment."""
    for number_of_line, line in enumerate(lines, start=1):
        if line.lstrip().startswith("#"):
            continue
        yield number_of_line, _fields(line.rstrip("\n"), delimiter)


def _fields(line: str, delimiter: str) -> list[str]:
    """Fields of one line; a quoted field ends with its line, so that an open quote spoils that line only."""
    if delimiter == " ":
        return line.split()
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:  # a field of more than 128 kB, which is no number
        return line.split(delimiter)


def number(text: str) -> float | None:
    """The value of a cell that is a plain finite number, with decimal point or decimal comma; otherwise None."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if isfinite(value) and "_" not in text else None


def stamp(text: str) -> float | None:
    """Seconds of a cell that is a date with time (ISO 8601) or a clock time (``[h:]m:s``); otherwise None."""
    bare = text.strip()
    if clock := _CLOCK.fullmatch(bare):
        hours, minutes, seconds = clock.groups()
        return 3600 * int(hours or 0) + 60 * int(minutes) + float(seconds.replace(",", "."))
    try:
        moment = datetime.fromisoformat(bare)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return text.strip().casefold() in MISSING


def open_text(path: Path, encoding: str) -> TextIO:
    """The file as text; a byte that is no character becomes one that no number holds, and so names its line later."""
    return path.open(encoding=encoding, errors="replace")


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip():
        raise InvalidRecording(f"{path.name} is empty: export the recording again")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in head:
        raise InvalidRecording(f"{path.name} is not a text file: export the recording as CSV")
    return "utf-8-sig"


def _first_lines(path: Path, encoding: str) -> list[str]:
    with open_text(path, encoding) as stream:
        return list(islice(_lines(stream), SAMPLE_LINES))


def _lines(stream: TextIO) -> Iterator[str]:
    """Lines of at most `_HEAD_BYTES` characters, so that a file without line ends does not fill the memory."""
    return iter(lambda: stream.readline(_HEAD_BYTES), "")


def _suitability(lines: Sequence[str], delimiter: str) -> tuple[float, bool]:
    """How well a delimiter takes the lines apart: mean share of values in lines with two; then whether it shows a header."""
    rows = [row for _, row in split(lines, delimiter) if any(row)]
    shares = [_values(row) / len(row) for row in rows if _values(row) >= 2]
    return sum(shares) / max(1, len(rows)), any(map(_is_header, rows[:LONGEST_PREAMBLE]))


def _values(row: Sequence[str]) -> int:
    return sum(number(cell) is not None or stamp(cell) is not None for cell in row)


def _is_header(row: Sequence[str]) -> bool:
    return _values(row) == 0 and any(map(names_time, row)) and any(map(names_force, row))


def _named(rows: list[tuple[int, list[str]]], header: int, delimiter: str, encoding: str, column: str | None) -> Layout:
    """Columns by their names; units may stand in a line of their own below the names."""
    line, names = rows[header]
    below = rows[header + 1][1] if header + 1 < len(rows) else []
    has_units = len(below) == len(names) and _values(below) == 0 and any(map(is_unit, below))
    units = below if has_units else [""] * len(names)
    full = [f"{name} {unit}".strip() for name, unit in zip(names, units, strict=True)]
    time = next(i for i, name in enumerate(names) if names_time(name))
    force = _force_column(full, [i for i, name in enumerate(names) if names_force(name)], column, line)
    return Layout(
        delimiter,
        encoding,
        header + 1 + has_units,
        time,
        force,
        names[time].strip(),
        names[force].strip(),
        time_unit(full[time]),
        force_unit(full[force]),
    )


def _force_column(names: Sequence[str], candidates: Sequence[int], column: str | None, line: int) -> int:
    if column is not None:
        return _chosen(names, column)
    if len(candidates) > 1:
        listed = ", ".join(f"{i + 1} ({names[i].strip()})" for i in candidates)
        raise InvalidRecording(f"line {line}: columns {listed} all look like force: which one? Say so with --column")
    return candidates[0]


def _chosen(names: Sequence[str], column: str) -> int:
    wanted = column.strip().casefold()
    matches = [i for i, name in enumerate(names) if name.strip().casefold() == wanted or wanted == str(i + 1)]
    if not matches:
        listed = ", ".join(f"{i + 1} ({name.strip()})" if name.strip() else str(i + 1) for i, name in enumerate(names))
        raise InvalidOption(f"--column {column}: there is no such column; the file has {listed}")
    return matches[0]


def _unnamed(rows: list[tuple[int, list[str]]], delimiter: str, encoding: str, column: str | None, name: str) -> Layout:
    """The first column is time and the second is force, if there are just two."""
    first = next((i for i, (_, row) in enumerate(rows) if _values(row) >= 2), None)
    if first is None:
        raise InvalidRecording(f"{name}: no line holds a time and a force: is it a force-gauge recording exported as CSV?")
    line, row = rows[first]
    if len(row) != 2 and column is None:
        hint = " (decimal commas between commas cannot be told apart: export with semicolons)" if delimiter == "," else ""
        raise InvalidRecording(
            f"line {line}: {len(row)} columns, and no header says which is force{hint}: say so with --column NUMBER"
        )
    above = rows[first - 1][1] if first else []
    names = above if len(above) == len(row) and not _values(above) else [""] * len(row)
    force = 1 if column is None else _chosen(names, column)
    if force == 0:
        raise InvalidOption("--column 1: the first column must be the time where no header names the columns")
    return Layout(delimiter, encoding, first, 0, force, names[0].strip(), names[force].strip(), guessed=bool(any(names)))


def time_reader(cell: str) -> Callable[[str], float | None] | None:
    """What reads times that look like this one: `number` or `stamp`; None if it is no time."""
    if number(cell) is not None:
        return number
    return stamp if stamp(cell) is not None else None
