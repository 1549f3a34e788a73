"""Pipeline versions: options, weights and code under one number, as a folder that travels whole.

    version = versions.load(folder)                    # checked: every byte, every option
    options = versions.options(version, height_m=1.8)  # what a pipeline runs with; its result names the version

See `docs/registry.md`.
"""

from ascension_core.pipelines.versions.bundle import CODE_FILE, VERSION_FILE, load, number, write
from ascension_core.pipelines.versions.catalogue import NAMES, Pipeline, find, options
from ascension_core.pipelines.versions.manifest import Code, PipelineVersion, WeightFile
from ascension_core.pipelines.versions.using import answered_by, current, current_options, vision_weights

__all__ = [
    "CODE_FILE",
    "NAMES",
    "VERSION_FILE",
    "Code",
    "Pipeline",
    "PipelineVersion",
    "WeightFile",
    "answered_by",
    "current",
    "current_options",
    "find",
    "load",
    "number",
    "options",
    "vision_weights",
    "write",
]
