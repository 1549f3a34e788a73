"""Who really held what and when in a clip: labels made by looking, or the truth of a synthetic clip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import numpy as np
from pydantic import BaseModel, Field, FiniteFloat, ValidationError, model_validator

from ascension_core.errors import InvalidDataset
from ascension_core.movement.contacts import Contact, Limb
from experiments.datasets import read_json

Seconds = FiniteFloat
Pixels = Annotated[int, Field(gt=0)]
FrameIndex = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Hidden:
    """A stretch in which a limb cannot be seen well enough to tell what it does.

    Attributes
    ----------
    limb
        Which of `movement.contacts.LIMBS`.
    start, end
        Seconds.
    """

    limb: Limb
    start: float
    end: float


@dataclass(frozen=True)
class ContactTruth:
    """The contacts of a clip. Times are seconds of a clock that counts frames: frame / fps.

    Attributes
    ----------
    fps
        Frames per second.
    size
        (width, height) of the upright frame in pixels.
    labelled
        First and last labelled frame: what lies outside is not known.
    contacts
        In the order of their starts; `place` is in pixels of the frame in which the contact starts.
    hidden
        Where limbs are out of sight.
    climb
        Start and end of the climb in seconds; None where the file does not say.
    """

    fps: float
    size: tuple[int, int]
    labelled: tuple[int, int]
    contacts: tuple[Contact, ...]
    hidden: tuple[Hidden, ...]
    climb: tuple[float, float] | None

    @property
    def window(self) -> tuple[float, float]:
        """Seconds: start of the first labelled frame and end of the last."""
        first, last = self.labelled
        return first / self.fps, (last + 1) / self.fps


def load_contact_truth(path: Path) -> ContactTruth:
    """Read a truth file (`docs/evaluation.md`), or that of a synthetic clip, which has the same object under `contacts`.

    Raises
    ------
    InvalidDataset
        Saying which field is missing or wrong.
    """
    document = read_json(path)
    if isinstance(document.get("contacts"), dict):
        document = document["contacts"]
    try:
        return _File.model_validate(document).truth()
    except ValidationError as cause:
        first = cause.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the whole"
        raise InvalidDataset(f"{path} is not a truth file of contacts: {field}: {first['msg']}") from cause


class _Span(BaseModel):
    """A stretch of one limb's time."""

    limb: Limb
    start_s: Seconds
    end_s: Seconds

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end_s < self.start_s:
            raise ValueError(f"end_s {self.end_s} comes before start_s {self.start_s}")
        return self


class _Touch(_Span):
    """A contact as the file has it."""

    hold: Annotated[str, Field(min_length=1)]
    xy_start: tuple[FiniteFloat, FiniteFloat]
    start_open: bool = False
    end_open: bool = False

    def contact(self) -> Contact:
        return Contact(
            limb=self.limb,
            hold=self.hold,
            start=self.start_s,
            end=self.end_s,
            place=np.array(self.xy_start),
            confidence=1.0,
            start_open=self.start_open,
            end_open=self.end_open,
        )


class _File(BaseModel):
    """The file; keys that it does not name are left alone."""

    fps: Annotated[FiniteFloat, Field(gt=0)]
    size: tuple[Pixels, Pixels]
    labelled_frames: tuple[FrameIndex, FrameIndex]
    contacts: list[_Touch]
    hidden: list[_Span] = []
    climb: tuple[Seconds, Seconds] | None = None

    @model_validator(mode="after")
    def _labels_some_frames(self) -> Self:
        first, last = self.labelled_frames
        if last < first:
            raise ValueError(f"labelled_frames end at {last}, before they start at {first}")
        return self

    def truth(self) -> ContactTruth:
        return ContactTruth(
            fps=self.fps,
            size=self.size,
            labelled=self.labelled_frames,
            contacts=tuple(sorted((touch.contact() for touch in self.contacts), key=lambda c: c.start)),
            hidden=tuple(Hidden(span.limb, span.start_s, span.end_s) for span in self.hidden),
            climb=self.climb,
        )
