"""`PoseTrack`: where the body of one person was in every frame of one video."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidDataset
from ascension_core.pose.keypoints import KEYPOINTS, NAMES, Keypoint

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "ascension.track"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class PoseTrack:
    """One person's 33 keypoints over T frames.

    Attributes
    ----------
    time
        (T,) seconds since the first frame's timestamp, strictly increasing.
    image
        (T, 33, 2) x and y in pixels of the upright frame, origin at its top left corner; ``nan`` where unknown.
    world
        (T, 33, 3) metres, origin between the hips, x to the right of the image, y down, z away from the camera,
        as MediaPipe defines them (for a body of average size); ``nan`` where unknown.
    visibility
        (T, 33) probability, 0 to 1, that the keypoint lies within 0.2 torso lengths of the truth; 0 where unknown.
    observed
        (T, 33) true where the keypoint was measured in that very frame, false where it is interpolated or unknown.
    size
        (width, height) of the upright frame in pixels.

    Raises
    ------
    ValueError
        If an array has another shape than stated, or times do not increase.
    """

    time: NDArray[np.float64]
    image: NDArray[np.float64]
    world: NDArray[np.float64]
    visibility: NDArray[np.float64]
    observed: NDArray[np.bool_]
    size: tuple[int, int]
    _known: NDArray[np.bool_] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        frames = len(self.time)
        expected = {
            "time": (frames,),
            "image": (frames, KEYPOINTS, 2),
            "world": (frames, KEYPOINTS, 3),
            "visibility": (frames, KEYPOINTS),
            "observed": (frames, KEYPOINTS),
        }
        for name, shape in expected.items():
            got = np.shape(getattr(self, name))
            if got != shape:
                raise ValueError(f"PoseTrack.{name} must have shape {shape}, got {got}")
        if frames > 1 and not np.all(np.diff(self.time) > 0):
            raise ValueError("PoseTrack.time must increase strictly")
        object.__setattr__(self, "_known", np.isfinite(self.image).all(-1))

    def __len__(self) -> int:
        return len(self.time)

    @property
    def known(self) -> NDArray[np.bool_]:
        """(T, 33) true where the keypoint has a position, measured or interpolated."""
        return self._known

    @property
    def frames_observed(self) -> int:
        """Number of frames in which the person was measured (any keypoint)."""
        return int(self.observed.any(1).sum())

    def with_(self, **changes: Any) -> Self:
        """A copy with some arrays replaced."""
        return replace(self, **changes)

    def torso_px(self) -> NDArray[np.float64]:
        """(T,) distance from the middle of the shoulders to the middle of the hips in pixels, ``nan`` where unknown."""
        shoulders = self.image[:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]].mean(1)
        hips = self.image[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(1)
        length: NDArray[np.float64] = np.linalg.norm(shoulders - hips, axis=-1)
        return length

    def to_dataframe(self) -> pd.DataFrame:
        """One row per frame and keypoint: frame, time_s, keypoint, x_px, y_px, x_m, y_m, z_m, visibility, observed."""
        import pandas as pd

        frames = len(self)
        return pd.DataFrame(
            {
                "frame": np.repeat(np.arange(frames), KEYPOINTS),
                "time_s": np.repeat(self.time, KEYPOINTS),
                "keypoint": pd.Categorical(NAMES * frames, categories=NAMES),
                "x_px": self.image[..., 0].ravel(),
                "y_px": self.image[..., 1].ravel(),
                "x_m": self.world[..., 0].ravel(),
                "y_m": self.world[..., 1].ravel(),
                "z_m": self.world[..., 2].ravel(),
                "visibility": self.visibility.ravel(),
                "observed": self.observed.ravel(),
            }
        )

    def save(self, path: Path, *, world: bool = True) -> None:
        """Write the track as gzip-compressed JSON, the format every client reads (see `docs/track.md`)."""
        document = self.to_document(world=world)
        text = json.dumps(document, separators=(",", ":"), allow_nan=False)
        with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
            packed.write(text.encode())

    def to_document(self, *, world: bool = True) -> dict[str, Any]:
        """The track as a JSON-ready dictionary: normalised coordinates, times in milliseconds, null where unknown."""
        width, height = self.size
        points = np.concatenate([self.image / (width, height), self.visibility[..., None]], axis=-1)
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "size": [width, height],
            "keypoints": list(NAMES),
            "times_ms": np.round(self.time * 1000, 3).tolist(),
            "points": _rows(points, self.known, (5, 5, 3)),
            "observed": [int("".join("1" if o else "0" for o in row), 2) for row in self.observed],
        }
        if world:
            document["world"] = _rows(self.world, np.asarray(np.isfinite(self.world).all(-1)), (3, 3, 3))
        return document

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a track that `save` wrote.

        Raises
        ------
        InvalidDataset
            If the file is not a track in the documented form.
        """
        try:
            with gzip.open(path, "rt") as packed:
                return cls.from_document(json.load(packed))
        except (OSError, ValueError, KeyError, TypeError, EOFError) as cause:
            raise InvalidDataset(f"{path} is not a readable track file: {cause}") from cause

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Build a track from the dictionary that `to_document` made."""
        if document.get("format") != FORMAT or document.get("version") != FORMAT_VERSION:
            raise ValueError(f"expected {FORMAT} version {FORMAT_VERSION}")
        frames = len(document["times_ms"])
        width, height = document["size"]
        points = _unrows(document["points"], frames)
        world = _unrows(document["world"], frames) if "world" in document else np.full((frames, KEYPOINTS, 3), np.nan)
        observed = np.array([[c == "1" for c in f"{bits:033b}"] for bits in document["observed"]], bool)
        return cls(
            time=np.array(document["times_ms"], float) / 1000,
            image=points[..., :2] * (width, height),
            world=world,
            visibility=np.nan_to_num(points[..., 2]),
            observed=observed.reshape(frames, KEYPOINTS),
            size=(int(width), int(height)),
        )


def _rows(
    values: NDArray[np.float64], known: NDArray[np.bool_], digits: tuple[int, int, int]
) -> list[list[float | None] | None]:
    """Each frame as one flat list of 33 x 3 numbers, null where a keypoint is unknown; a frame without any is null."""
    rows: list[list[float | None] | None] = []
    rounded = np.stack([np.round(values[..., k], d) for k, d in enumerate(digits)], -1)
    for frame, seen in zip(rounded, known, strict=True):
        if not seen.any():
            rows.append(None)
        elif seen.all():
            rows.append(frame.ravel().tolist())
        else:
            rows.append(
                [v for point, ok in zip(frame.tolist(), seen, strict=True) for v in (point if ok else (None, None, None))]
            )
    return rows


def _unrows(rows: list[list[float | None] | None], frames: int) -> NDArray[np.float64]:
    blank = [np.nan] * (3 * KEYPOINTS)
    flat = [blank if row is None else [np.nan if v is None else v for v in row] for row in rows]
    return np.array(flat, float).reshape(frames, KEYPOINTS, 3)
