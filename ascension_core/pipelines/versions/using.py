"""Running with a version: which one this process was told to run, its weights, and what its results say of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascension_core.errors import ModelError
from ascension_core.pipelines.versions import code
from ascension_core.pipelines.versions.bundle import load
from ascension_core.pipelines.versions.catalogue import find, options
from ascension_core.pipelines.versions.manifest import PipelineVersion
from ascension_core.results import PipelineRun
from ascension_core.settings import settings

if TYPE_CHECKING:
    from ascension_core.pipelines.options import VisionOptions


BESIDE = "pipelines"
"""Folder beside the code in which versions may lie."""


@dataclass(frozen=True)
class VisionWeights:
    """The files that an analysis runs with."""

    pose_detector: Path
    pose_landmarks: Path
    confidence: Path
    holds: Path


def current(pipeline: str) -> PipelineVersion | None:
    """The version that this process was told to run; None for what is installed.

    Told by ``ASCENSION_PIPELINE_VISION=FOLDER`` and its like, or by a version that lies as ``vision`` in the folder
    ``ASCENSION_PIPELINES``; or, as in a Bento, in ``pipelines`` beside the code.

    Raises
    ------
    InvalidOption
        There is no such pipeline.
    ModelError
        The folder holds no such version, or one that was tampered with.
    """
    among = (settings().pipelines or code.ROOT / BESIDE) / find(pipeline).name
    folder = getattr(settings(), f"pipeline_{pipeline}") or (among if among.is_dir() else None)
    if folder is None:
        return None
    version = _loaded(folder.resolve())  # it may be a link that leads to another version the next time
    if version.pipeline != pipeline:
        raise ModelError(f"{folder} holds a version of {version.pipeline}, not of {pipeline}")
    return version


def current_options(pipeline: str, **request: Any) -> Any:
    """What a pipeline runs with here: the options of `current`, or the defaults, and what a request adds.

    Parameters
    ----------
    pipeline
        Its name.
    request
        Fields of the options class. One that departs from the version's own is named in the result.

    Raises
    ------
    InvalidOption, ModelError
        See `current`; or an option cannot have that value.
    """
    version = current(pipeline)
    return find(pipeline).options(**request) if version is None else options(version, **request)


def vision_weights(options: VisionOptions) -> VisionWeights:
    """The weights of the version that the options belong to, or of this installation.

    Raises
    ------
    ModelError
        A network is missing.
    """
    installed = find("vision").weights
    version = options.version
    if version is None:
        return VisionWeights(**installed(options))
    if options.model == version.options["model"]:
        return VisionWeights(**{weight.name: version.path(weight.name) for weight in version.weights})
    landmarks = installed(options)["pose_landmarks"]
    own = {weight.name: version.path(weight.name) for weight in version.weights}
    return VisionWeights(**own | {"pose_landmarks": landmarks})


def answered_by(pipeline: str, version: PipelineVersion | None, options: Any = None) -> PipelineRun:
    """What a result says of the version that answered.

    Parameters
    ----------
    pipeline
        Its name, where no version was asked for.
    version
        Which one was.
    options
        Those of the request, of the pipeline's own class; None where it has none.
    """
    if version is None:
        return PipelineRun(name=pipeline)
    asked = {} if options is None else find(version.pipeline).to_document(options)
    departs = [name for name, value in asked.items() if value != version.options[name]]
    if code.digest() != version.code.sources_sha256:
        departs.append("code")
    return PipelineRun(name=version.pipeline, version=version.version, commit=version.code.commit, departs=departs)


@cache
def _loaded(folder: Path) -> PipelineVersion:
    return load(folder)
