"""What is known of a pipeline version: the document ``version.json``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ascension_core.errors import ModelError

Name = Literal["vision", "hold_detector", "strength", "training"]

WEIGHTS_FOLDER = "weights"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class WeightFile(_Part):
    """One file of weights, under ``weights/``."""

    name: str = Field(description="what the pipeline calls it")
    file: str = Field(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$")
    sha256: str
    bytes: int
    source: str = Field(description="where it was taken from")


class Code(_Part):
    """The code that the version was made with."""

    package: str = Field(description="version of the package")
    commit: str | None = Field(description="null outside of a checkout")
    dirty: bool | None = Field(description="whether the checkout held changes that no commit knows")
    sources_sha256: str = Field(description="of the sources that an answer depends on, see `code.digest`")
    archive_sha256: str = Field(description="of code.zip")


class PipelineVersion(_Part):
    """Options, weights and code of a pipeline.

    Attributes
    ----------
    folder
        Where it lies; not part of the document.
    """

    pipeline: Name
    version: int | None = Field(None, description="number in the registry; null before it is registered")
    options: dict[str, Any]
    weights: tuple[WeightFile, ...]
    code: Code
    metrics: dict[str, float] = Field(default_factory=dict, description="as measured by the registry's evaluation suite")
    created: datetime
    folder: Path = Field(default=Path(), exclude=True)

    def path(self, name: str) -> Path:
        """Where one of its files of weights lies.

        Raises
        ------
        ModelError
            If it has none of that name.
        """
        for weight in self.weights:
            if weight.name == name:
                return self.folder / WEIGHTS_FOLDER / weight.file
        raise ModelError(f"{self} holds no weights called {name!r}")

    def __str__(self) -> str:
        return f"{self.pipeline} {self.version if self.version is not None else '(not registered)'}"
