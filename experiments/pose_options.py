"""All options of the pose step, from a document: what a sweep varies and an evaluation judges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ascension_core.errors import InvalidOption
from ascension_core.pipelines.choices import Model
from ascension_core.pipelines.options import VisionOptions
from ascension_core.pose.estimate import Effort
from ascension_core.pose.follow import FollowOptions
from ascension_core.pose.scan import ScanOptions
from ascension_core.pose.smoothing import CleanOptions

Options = TypeVar("Options")


@dataclass(frozen=True)
class PoseOptions:
    """How people are found and followed.

    Attributes
    ----------
    model
        Landmark network: lite, full or heavy.
    every, fast, scan, follow, clean
        Of videos; see `VisionOptions`.
    effort
        Of single images.
    """

    model: Model = "full"
    every: int = 1
    fast: bool = False
    scan: ScanOptions = field(default_factory=ScanOptions)
    follow: FollowOptions = field(default_factory=FollowOptions)
    clean: CleanOptions = field(default_factory=CleanOptions)
    effort: Effort = field(default_factory=Effort)

    @property
    def of_videos(self) -> VisionOptions:
        """Those that the pipeline takes."""
        return VisionOptions(
            model=self.model, every=self.every, fast=self.fast, scan=self.scan, follow=self.follow, clean=self.clean
        )


def pose_options(document: Mapping[str, Any]) -> PoseOptions:
    """The options that a document gives, the others as they are by default: ``{"model": "lite", "clean": {"cutoff_hz": 6}}``.

    Raises
    ------
    InvalidOption
        Naming the one that is unknown, or of another type.
    """
    return _changed(PoseOptions(), document, "options")


def _changed(options: Options, document: Any, where: str) -> Options:
    """A frozen options object with the fields of a document in place of its own."""
    if not isinstance(document, Mapping):
        raise InvalidOption(f"{where} must be an object, got {document!r}")
    known = {f.name: getattr(options, f.name) for f in fields(options)}  # type: ignore[arg-type]  # a dataclass
    for name in document.keys() - known.keys():
        raise InvalidOption(f"{where}/{name} is unknown; there are {', '.join(known)}")
    types = get_type_hints(type(options))
    changes = {
        name: _changed(known[name], value, f"{where}/{name}")
        if is_dataclass(known[name])
        else _typed(types[name], value, f"{where}/{name}")
        for name, value in document.items()
    }
    try:
        return replace(options, **changes)  # type: ignore[type-var]  # a dataclass
    except InvalidOption as cause:
        raise InvalidOption(f"{where}: {cause}") from cause


def _typed(kind: Any, value: Any, where: str) -> Any:
    try:
        return TypeAdapter(kind, config=ConfigDict(strict=True, allow_inf_nan=False)).validate_python(value)
    except ValidationError as cause:
        raise InvalidOption(f"{where}: {cause.errors()[0]['msg'].lower()}, got {value!r}") from cause
