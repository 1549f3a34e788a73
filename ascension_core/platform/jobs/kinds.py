"""Kinds of jobs: each notebook with a cell tagged ``parameters`` is one, and says itself which parameters it takes.

A parameter's type is that of its default value (``every = 1`` takes whole numbers; ``= None`` takes any JSON). A JSON Schema
in the notebook's metadata says more: ``{"ascension": {"parameters": {"model": {"enum": ["lite", "full"]}}}}``. Two formats have
a meaning of their own: ``input`` is an object's key, in whose place the notebook gets a file; ``output`` is the folder for
results, which the worker sets. ``"personal": true`` keeps a parameter out of MLflow.

The metadata also say what comes out: ``"result"``, a JSON file in the folder for results that becomes the job's result;
``"stores"``, the table that its document goes to; ``"experiment"``, under which MLflow keeps a run of each job; and
``"pipeline"``, the registered model with whose champion its jobs run.
"""

from __future__ import annotations

import ast
import json
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascension_core.errors import InputError, InvalidJob, InvalidObject
from ascension_core.platform.object_rules import valid_key, valid_name
from ascension_core.platform.plain import check_plain
from ascension_core.settings import settings

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

LARGEST_PARAMETERS = 64 * 1024
"""Bytes of JSON; what is larger belongs into object storage."""
LARGEST_NOTEBOOK = 20 * 1024 * 1024
"""Bytes; a kind's notebook holds no outputs."""
STORES = frozenset({"analysis", "program"})
"""Documents that have a table of their own."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_EXPERIMENT = re.compile(r"\w[\w .-]{0,99}")
_TYPES: Mapping[type, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    list: {"type": "array"},
    tuple: {"type": "array"},
    dict: {"type": "object"},
}
_REFERENCES = frozenset({"$ref", "$dynamicRef"})
"""Words of JSON Schema that lead elsewhere, even to other machines."""
_MISUNDERSTOOD = (
    OSError,
    ValueError,
    SyntaxError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    MemoryError,
    InputError,
)
"""What goes wrong when a file is no notebook of ours."""


@dataclass(frozen=True)
class Kind:
    """One kind of job.

    Attributes
    ----------
    name
        The notebook's file name without its end.
    notebook
        The notebook.
    defaults
        Value of each parameter that is not given.
    schema
        JSON Schema of all parameters.
    result
        Name of the JSON file, in the folder for results, that becomes the job's result.
    stores
        What the result is: ``analysis`` or ``program``, which have a table; None for anything else.
    experiment
        Name of the experiment in MLflow that gets a run of each job; None where nobody compares them.
    pipeline
        Name of the registered model with whose champion its jobs run; None where that is nothing to them.
    """

    name: str
    notebook: Path
    defaults: Mapping[str, Any]
    schema: Mapping[str, Any]
    result: str | None = None
    stores: str | None = None
    experiment: str | None = None
    pipeline: str | None = None

    def check(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters, if this kind takes them.

        Raises
        ------
        InvalidJob
            Otherwise; the message names the parameter.
        """
        from jsonschema.exceptions import best_match  # takes a second to load: not for those who submit nothing

        plain = _plain(parameters)
        error = best_match(_validator(self.schema).iter_errors(plain))
        if error is not None:
            where = "".join(f"{part}: " for part in error.absolute_path)
            raise InvalidJob(f"{self.name}: {where}{error.message[:200]}")
        for name in plain.keys() & self.named("output"):
            raise InvalidJob(f"{self.name}: {name}: the worker sets this folder; leave it out")
        for name, key in self.inputs(plain).items():
            self._check_input(name, key)
        return plain

    def parse(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """Parameters that were typed by a person, as a command line or a form gives them; not yet checked.

        A text that is JSON of the parameter's type is taken for that, any other as it stands.
        """
        return {name: self._parse(name, text) for name, text in texts.items()}

    def named(self, form: str) -> set[str]:
        """Names of the parameters of a format, ``input`` or ``output``."""
        return {name for name, rule in self.schema["properties"].items() if rule.get("format") == form}

    def inputs(self, parameters: Mapping[str, Any]) -> dict[str, str]:
        """Keys of the objects that parameters name; one of format ``input`` may also hold null, or the document itself."""
        given = {name: parameters[name] for name in parameters.keys() & self.named("input")}
        return {name: key for name, key in given.items() if isinstance(key, str)}

    def _parse(self, name: str, text: str) -> Any:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
        rule = self.schema["properties"].get(name, {})
        return value if _validator(rule).is_valid(value) else text

    def _check_input(self, name: str, key: str) -> None:
        try:
            valid_key(key)
        except InvalidObject as cause:
            raise InvalidJob(f"{self.name}: {name}: {cause}") from cause


def kinds(folder: Path | None = None) -> dict[str, Kind]:
    """All kinds of jobs, by name.

    Parameters
    ----------
    folder
        Of the notebooks; the one of the settings by default.

    Raises
    ------
    InvalidJob
        If there is no such folder, or a notebook's parameters cannot be understood.
    """
    read = (_kind(file) for file in _notebooks(folder).values())
    return {kind.name: kind for kind in read if kind is not None}


def find_kind(name: str, folder: Path | None = None) -> Kind:
    """The kind of that name.

    Raises
    ------
    InvalidJob
        If there is none.
    """
    known = _notebooks(folder)
    kind = _kind(known[name]) if name in known else None
    if kind is None:
        raise InvalidJob(f"no kind of job is called {name[:80]!r}; there are {', '.join(known) or 'none'}")
    return kind


def _notebooks(folder: Path | None) -> dict[str, Path]:
    """The notebooks of a folder by name; a name from outside is only ever looked up here, and makes no path."""
    folder = (folder or settings().notebooks).absolute()
    if not folder.is_dir():
        raise InvalidJob(f"no folder of notebooks at {folder}: set ASCENSION_NOTEBOOKS")
    return {file.stem: file for file in sorted(folder.glob("*.ipynb")) if _NAME.fullmatch(file.stem)}


def _kind(file: Path) -> Kind | None:
    """What the notebook says of itself, if it is a file of this folder that may be read."""
    try:
        real, state = file.resolve(strict=True), file.stat()
    except (OSError, RuntimeError) as cause:  # gone, forbidden, or links that lead in a circle
        raise InvalidJob(f"{file} cannot be read: {cause}") from cause
    if not stat.S_ISREG(state.st_mode) or not real.is_relative_to(file.parent.resolve()):
        raise InvalidJob(f"{file} is no plain file, or lies elsewhere")
    if state.st_size > LARGEST_NOTEBOOK:
        raise InvalidJob(f"{file} has {state.st_size} bytes; a notebook may have {LARGEST_NOTEBOOK}")
    return _read(file, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=256)
def _read(file: Path, _written: int, _bytes: int) -> Kind | None:
    """What a notebook says of itself; None where it takes no parameters."""
    try:
        notebook = json.loads(file.read_text("utf-8"))
        cells = [cell for cell in notebook["cells"] if "parameters" in cell.get("metadata", {}).get("tags", ())]
        said = notebook["metadata"].get("ascension", {})
        if not cells:
            return None
        defaults = _plain(dict(_assignments("".join(cells[0]["source"]))))
        schema = _schema(defaults, said.get("parameters", {}))
        outcome = _outcome(said)
    except (*_MISUNDERSTOOD, InputError) as cause:
        raise InvalidJob(f"the parameters of {file} cannot be understood: {str(cause)[:500]}") from cause
    return Kind(file.stem, file, defaults, schema, **outcome)


def _assignments(source: str) -> Iterator[tuple[str, Any]]:
    """Names and literal values of ``name = value`` and ``name: type = value``."""
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, ast.literal_eval(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, ast.literal_eval(value)


def _schema(defaults: Mapping[str, Any], rules: Mapping[str, Any]) -> dict[str, Any]:
    unknown = rules.keys() - defaults.keys()
    if unknown:
        raise ValueError(f"its metadata speak of {', '.join(sorted(unknown))}, which its parameters cell does not set")
    properties = {name: dict(rules.get(name, _TYPES.get(type(value), {}))) for name, value in defaults.items()}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    _check_schema(schema)
    if _REFERENCES & set(_keys(properties)):
        raise ValueError("its metadata refer to other schemas, which is not supported")
    return schema


def _keys(value: Any) -> Iterator[str]:
    """All keys of a document and of what is in it."""
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _keys(inner)
    if isinstance(value, Mapping):
        yield from value


def _check_schema(schema: Mapping[str, Any]) -> None:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as cause:
        raise ValueError(str(cause)) from cause


def _validator(schema: Mapping[str, Any]) -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _outcome(said: Mapping[str, Any]) -> dict[str, str | None]:
    """What a notebook says of its result."""
    result, stores, experiment, pipeline = (said.get(name) for name in ("result", "stores", "experiment", "pipeline"))
    if result is not None:
        valid_name(result)
    if stores is not None and (stores not in STORES or result is None):
        raise ValueError(f'"stores" is one of {", ".join(sorted(STORES))}, and needs a "result"')
    if experiment is not None and not _EXPERIMENT.fullmatch(experiment):
        raise ValueError('"experiment" is a name of up to 100 letters, digits, spaces, "-", "_" and "."')
    if pipeline is not None and not _NAME.fullmatch(pipeline):
        raise ValueError('"pipeline" is a name of up to 63 small letters, digits and "_"')
    return {"result": result, "stores": stores, "experiment": experiment, "pipeline": pipeline}


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as they come back from the database."""
    try:
        check_plain(parameters, LARGEST_PARAMETERS)
        text = json.dumps(parameters, allow_nan=False)
    except (ValueError, TypeError) as cause:
        raise InvalidJob(f"the parameters cannot be stored: {cause}") from cause
    if len(text) > LARGEST_PARAMETERS:
        raise InvalidJob(f"the parameters have {len(text)} bytes; at most {LARGEST_PARAMETERS} are allowed")
    plain: dict[str, Any] = json.loads(text)
    return plain
