"""What everything that is typed in has in common: a strict base model, questions, and errors that name the field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from ascension_core.errors import InvalidAthlete

MAX_FILE_BYTES: Final = 4 * 1024**2
"""A decade of daily sessions is under 2 MB; larger files are refused before they are read."""

_MOST_PROBLEMS = 8
_LONGEST = 80

Model = TypeVar("Model", bound=BaseModel)


class Entry(BaseModel):
    """Base of everything an athlete enters: immutable, strict about names, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_max_length=2000)

    @model_validator(mode="before")
    @classmethod
    def _known_names(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        for name in values:
            if name not in cls.model_fields:
                advice = suggestion(str(name), cls.model_fields)
                raise PydanticCustomError("unknown_name", "{why}", {"field": _short(str(name)), "why": f"unknown name{advice}"})
        return values


@dataclass(frozen=True, slots=True)
class Question:
    """Something that was read but is hard to believe.

    Attributes
    ----------
    path
        The field asked about, as in ``tests.max_hang.edge_mm``.
    text
        The question to the athlete.
    possible
        True where a rare person may answer "yes, that is right" by naming `path` in ``confirmed``.
    """

    path: str
    text: str
    possible: bool = True


def ask(questions: Iterable[Question]) -> None:
    """Refuse the entry with its questions, if there are any."""
    asked = tuple(questions)
    if asked:
        raise PydanticCustomError("implausible", "implausible", {"questions": [(q.path, _asked(q)) for q in asked]})


def _asked(question: Question) -> str:
    way_out = f' (if it is right, add "{question.path}" to "confirmed")' if question.possible else ""
    return f"{question.text}{way_out}"


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """``; did you mean "height_m"?`` or, where nothing is near, what may be written."""
    names = list(known)
    near = get_close_matches(wrong.lower(), names, n=1, cutoff=0.55)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; known are {', '.join(names)}"


def read_json(path: Path) -> Any:
    """The JSON document at `path`.

    Raises
    ------
    InvalidAthlete
        If it is missing, too large, not text, not JSON, nested too deeply, or says one thing twice.
    """
    try:
        if not path.is_file():
            raise InvalidAthlete(f"{path}: there is no such file")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InvalidAthlete(f"{path}: larger than {MAX_FILE_BYTES // 1024**2} MB, so it cannot be an athlete's file")
        return json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except RecursionError as cause:
        raise InvalidAthlete(f"{path}: nested too deeply to be an athlete's file") from cause
    except UnicodeDecodeError as cause:
        raise InvalidAthlete(f"{path}: is not a text file in UTF-8") from cause
    except json.JSONDecodeError as cause:
        raise InvalidAthlete(f"{path}: is not JSON (line {cause.lineno}, column {cause.colno}: {cause.msg})") from cause
    except (ValueError, OSError) as cause:
        raise InvalidAthlete(f"{path}: cannot be read: {_short(str(cause))}") from cause


def validated(model: type[Model], document: Any) -> Model:
    """Build `model` from a JSON document.

    Raises
    ------
    InvalidAthlete
        One line for each field that is wrong, each beginning with the field's path.
    """
    try:
        return model.model_validate(document)
    except ValidationError as cause:
        raise InvalidAthlete(explain(cause.errors(include_url=False))) from cause
    except RecursionError as cause:
        raise InvalidAthlete("nested too deeply to be an athlete's entry") from cause
    except UnicodeError as cause:
        raise InvalidAthlete("the document holds text that is not Unicode") from cause


def explain(errors: Sequence[ErrorDetails]) -> str:
    """One line a problem, each beginning with the path of its field and all but the last ending with a semicolon."""
    wrong = {error["loc"][:-1] for error in errors}
    told = [error for error in errors if error["type"] != "too_short" or error["loc"] not in wrong]
    lines = list(dict.fromkeys(line for error in told for line in _lines(error)))
    hidden = len(lines) - _MOST_PROBLEMS
    return ";\n".join([*lines[:_MOST_PROBLEMS], *([f"and {hidden} more"] if hidden > 0 else [])])


def _lines(error: ErrorDetails) -> list[str]:
    where, context = error["loc"], error.get("ctx", {})
    if error["type"] == "implausible":
        return [f"{_path((*where, path))}: {text}" for path, text in context["questions"]]
    if "field" in context:
        return [f"{_path((*where, context['field']))}: {error['msg']}"]
    return [f"{_path(where) or 'the document'}: {_message(error, context)}"]


def _message(error: ErrorDetails, context: Mapping[str, Any]) -> str:
    given, kind = _short(repr(error["input"])), error["type"]
    if kind in {"enum", "literal_error"}:
        known = re.findall(r"'([^']+)'", str(context["expected"]))
        return f"{given} is unknown{suggestion(str(error['input']), known)}"
    if kind == "value_error":
        return str(context["error"])
    if kind in _PLAIN_MESSAGES:
        return _PLAIN_MESSAGES[kind].format(given=given)
    message = error["msg"].removeprefix("Input ").replace("Value ", "")
    return message if kind in {"quantity", "grade"} else f"{message}, not {given}"


_OBJECT = 'must be an object in braces such as {{"name": value}}, not {given}'
_LIST = "must be a list in brackets such as [...], not {given}"
_PLAIN_MESSAGES: Final = {
    "missing": "is missing, and needed",
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), _OBJECT),
    **dict.fromkeys(("tuple_type", "list_type", "frozen_set_type", "set_type"), _LIST),
}


def _path(parts: Iterable[int | str]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return path.removeprefix(".")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidAthlete(f"{_short(twice)}: stands twice in the same object; keep one")
    return document


def _no_constant(name: str) -> Any:
    raise InvalidAthlete(f"the file holds {name}, which is not a number; leave unknown values out")


def _short(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
