"""Which pipelines there are: their options, and the weights that they run with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

from ascension_core.errors import InvalidOption
from ascension_core.pipelines.versions.manifest import Name, PipelineVersion

NAMES: tuple[str, ...] = get_args(Name)


@dataclass(frozen=True)
class Pipeline:
    """One kind of thing that has versions.

    Attributes
    ----------
    name
        What it is called.
    options
        Frozen options class, whose defaults make an instance.
    weight_names
        What its files of weights are called.
    weights
        From options to the files that this installation runs with, by these names.
    per_request
        Options that belong to a single request and not to a version.
    """

    name: str
    options: type[Any]
    weight_names: tuple[str, ...]
    weights: Callable[[Any], Mapping[str, Path]]
    per_request: frozenset[str] = frozenset()

    def to_document(self, options: Any) -> dict[str, Any]:
        """The options that make a version, as JSON takes them."""
        from pydantic import TypeAdapter

        plain = TypeAdapter(self.options).dump_python(options, mode="json", exclude=set(self.per_request))
        return dict(plain)

    def from_document(self, document: Mapping[str, Any]) -> Any:
        """Options from a document; what it leaves out has its default.

        Raises
        ------
        InvalidOption
            If it names an option that there is not, or one of a single request, or gives one a value that it cannot have.
        """
        from pydantic import TypeAdapter, ValidationError

        known = _without(asdict(self.options()), self.per_request)
        if unknown := sorted(_unknown(document, known)):
            raise InvalidOption(f"{self.name} has no option {', '.join(unknown)}")
        try:
            return TypeAdapter(self.options).validate_json(json.dumps(document, allow_nan=False), strict=True)
        except ValidationError as cause:
            first = cause.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise InvalidOption(f"option {where} of {self.name}: {first['msg'].lower()}") from cause
        except (TypeError, ValueError) as cause:
            raise InvalidOption(f"the options of {self.name} are no JSON: {cause}") from cause


def find(name: str) -> Pipeline:
    """The pipeline of that name.

    Raises
    ------
    InvalidOption
        If there is none.
    """
    if name not in _PIPELINES:
        raise InvalidOption(f"there is no pipeline {name!r}; there are {', '.join(NAMES)}")
    return _PIPELINES[name]()


def options(version: PipelineVersion, **request: Any) -> Any:
    """What the pipeline of a version runs with: the version's options, weights and name, and what a request adds.

    Parameters
    ----------
    version
        Which.
    request
        Further fields of the options class. One that departs from the version's own is named in the result.
    """
    pipeline = find(version.pipeline)
    own = pipeline.from_document(version.options)
    return replace(own, version=version, **request) if "version" in pipeline.per_request else replace(own, **request)


# Options are imported when they are asked for: they name the version that they belong to, and nobody shall load those of
# another pipeline.


@cache
def _vision() -> Pipeline:
    from ascension_core.pipelines.options import VisionOptions

    networks = ("pose_detector", "pose_landmarks", "confidence", "holds")
    per_request = frozenset({"climber", "overlay", "report", "height_m", "version"})
    return Pipeline("vision", VisionOptions, networks, _vision_weights, per_request)


@cache
def _hold_detector() -> Pipeline:
    from ascension_core.wall.detector import DetectorOptions

    return Pipeline("hold_detector", DetectorOptions, ("holds",), _detector_weights)


@cache
def _strength() -> Pipeline:
    from ascension_core.training.strength import Options

    return Pipeline("strength", Options, ("strength",), _strength_weights)


@cache
def _training() -> Pipeline:
    from ascension_core.pipelines.training import ProgramOptions

    per_request = frozenset({"today", "adapt", "starts_at", "version"})
    return Pipeline("training", ProgramOptions, ("strength",), _strength_weights, per_request)


_PIPELINES: Mapping[str, Callable[[], Pipeline]] = {
    "vision": _vision,
    "hold_detector": _hold_detector,
    "strength": _strength,
    "training": _training,
}


def _vision_weights(options: Any) -> dict[str, Path]:
    from ascension_core.pose.confidence import WEIGHTS
    from ascension_core.pose.models import model_path

    networks = {"pose_detector": model_path("detector"), "pose_landmarks": model_path(options.model)}
    return {**networks, "confidence": WEIGHTS, **_detector_weights(options)}


def _detector_weights(_options: Any) -> dict[str, Path]:
    from ascension_core.wall.detector import WEIGHTS

    return {"holds": WEIGHTS}


def _strength_weights(_options: Any) -> dict[str, Path]:
    from ascension_core.training.strength import WEIGHTS

    return {"strength": WEIGHTS}


def _without(document: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


def _unknown(given: Mapping[str, Any], known: Mapping[str, Any], path: str = "") -> list[str]:
    """Dotted names of what stands in one document and not in the other."""
    found = [f"{path}{name}" for name in given if name not in known]
    for name in given.keys() & known.keys():
        if isinstance(known[name], Mapping) and isinstance(given[name], Mapping):
            found += _unknown(given[name], known[name], f"{path}{name}.")
    return found
