"""The data that versions are measured on: the same files for both, whatever code they bring."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self, get_args

from ascension_core.errors import InvalidOption
from experiments.datasets import data_folder

Suite = Literal["quick", "full"]

_HERE = Path(__file__).parent
_CLIP = _HERE.parent / "synthetic" / "clip"


@dataclass(frozen=True)
class Data:
    """Files and folders of an evaluation.

    Attributes
    ----------
    clip, truth
        The synthetic climb.
    athletes
        Documents of athletes to plan for.
    images
        Folder of labelled people; None in the quick suite.
    walls
        Folder of labelled walls; None in the quick suite.
    surveys
        Folder of the strength tables; None where a pipeline does not need them.
    cut
        The first seconds of the clip, for timing; not part of the hash.
    """

    clip: Path
    truth: Path
    athletes: Path
    images: Path | None = None
    walls: Path | None = None
    surveys: Path | None = None
    cut: Path | None = None

    @classmethod
    def of(cls, pipeline: str, suite: str) -> Self:
        """What a suite of a pipeline needs.

        Raises
        ------
        InvalidOption
            If there is no such suite.
        InvalidDataset
            If evaluation data are needed that are not on this machine.
        """
        if suite not in get_args(Suite):
            raise InvalidOption(f"there is no suite {suite!r}; there are {', '.join(get_args(Suite))}")
        more: dict[str, Path] = {}
        if pipeline == "vision" and suite == "full":
            more["images"] = data_folder() / "pose" / "lsp"
        if pipeline == "hold_detector" and suite == "full":
            more["walls"] = data_folder() / "holds" / "valid"
        if pipeline == "strength":
            more["surveys"] = data_folder() / "athletes"
        return cls(_CLIP / "climb.mp4", _CLIP / "truth.json.gz", _HERE / "athletes.json", **more)

    @classmethod
    def from_document(cls, document: dict[str, str]) -> Self:
        """From what `to_document` made."""
        return cls(**{name: Path(path) for name, path in document.items()})

    def to_document(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {name: str(path) for name, path in asdict(self).items() if path is not None}

    def sha256(self) -> str:
        """Of all files."""
        total = hashlib.sha256()
        for name, file in self._files():
            total.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
        return total.hexdigest()

    def _files(self) -> Iterator[tuple[str, Path]]:
        for name, path in asdict(self).items():
            if path is not None and name != "cut":
                files = sorted(path.rglob("*")) if path.is_dir() else [path]
                yield from ((f"{name}/{file.relative_to(path)}", file) for file in files if file.is_file())
