"""Read a still picture: upright, 8-bit RGB, whatever kind of file it comes in."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ascension_core.errors import ImageTooLarge, UnreadableImage
from ascension_core.settings import settings

_BACKDROP = (128, 128, 128)  # behind transparent parts: neither a hold nor a hole
_DEEP = {"I", "F", "I;16", "I;16B", "I;16L", "I;16N"}


def is_still(path: Path) -> bool:
    """Whether the file says of itself that it is a picture of a kind that can be read."""
    try:
        with Image.open(path):
            return True
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return False


def read_still(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a picture, turned upright as its camera noted (EXIF); the first one of an animation.

    Raises
    ------
    UnreadableImage
        There is no such file, or it is not a picture that can be decoded to its end.
    ImageTooLarge
        It has more pixels than `Settings.max_image_pixels`.
    """
    try:
        with warnings.catch_warnings(), Image.open(path) as picture:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is checked next
            _check_size(path, picture)
            return np.array(_to_rgb(ImageOps.exif_transpose(picture)), np.uint8)
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(f"{path.name!r} is too large a picture: shrink it.") from error
    except UnidentifiedImageError as error:
        raise UnreadableImage(f"{path.name!r} is not a picture that can be read. Convert it to JPEG or PNG.") from error
    except OSError as error:
        why = error.strerror or "it is damaged"
        raise UnreadableImage(f"The picture {path.name!r} cannot be read: {why}. Check the path, or copy it again.") from error
    except (ValueError, SyntaxError, EOFError, MemoryError) as error:  # Pillow's readers raise these for broken files
        raise UnreadableImage(f"The picture {path.name!r} is damaged. Copy or export it again.") from error


def _check_size(path: Path, picture: Image.Image) -> None:
    pixels, limit = picture.width * picture.height, settings().max_image_pixels
    if pixels > limit:
        raise ImageTooLarge(
            f"{path.name!r} has {pixels} pixels, more than the {limit} allowed. Shrink it, or raise ASCENSION_MAX_IMAGE_PIXELS."
        )


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode in _DEEP:
        return Image.fromarray(_eight_bits(np.asarray(picture))).convert("RGB")
    if picture.has_transparency_data:
        full = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", full.size, (*_BACKDROP, 255)), full).convert("RGB")
    return picture.convert("RGB")


def _eight_bits(grey: NDArray[np.generic]) -> NDArray[np.uint8]:
    """16-bit grey by its upper half; floating point, which has no agreed range, stretched from its least to its greatest."""
    if np.issubdtype(grey.dtype, np.integer):
        return np.asarray(np.clip(np.asarray(grey, np.int64), 0, 65535) >> 8, np.uint8)
    values = np.nan_to_num(np.asarray(grey, np.float64))
    low, span = values.min(), max(float(np.ptp(values)), 1e-9)
    return np.asarray((values - low) / span * 255, np.uint8)
