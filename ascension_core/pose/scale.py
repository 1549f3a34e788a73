"""How big the body is in the image: the one place that defines a torso length in pixels.

Every threshold of the pose and movement packages is a multiple of this length.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from ascension_core.pose.track import PoseTrack

WINDOW_S = 3.0
KNOT_S = 1.0
PERCENTILE = 80.0
SMOOTHING_S = 1.0


def body_scale(track: PoseTrack) -> NDArray[np.float64]:
    """Length of the torso in every frame, as it would look if it were parallel to the image plane.

    Parameters
    ----------
    track
        Raw or finished track.

    Returns
    -------
    (T,) pixels per torso length (middle of the shoulders to middle of the hips). It is known in every frame as
    soon as the trunk was seen in one; all ``nan`` otherwise.

    Notes
    -----
    Leaning towards or away from the camera only ever shortens the torso in the image, so the true length is near the
    upper end of what is seen: the 80th percentile within 3 s on either side (robust against one frame in five being
    wrong), once a second, then smoothed over 1 s. The result follows a climber who comes nearer or goes farther, and
    ignores a crouch. A trunk that leans by the same angle through the whole window is measured short by its cosine.
    """
    length = track.torso_px()
    seen = np.isfinite(length) & (length > 0)
    if not seen.any():
        return np.full(len(track), np.nan)
    time, length = track.time[seen], length[seen]
    knots = np.arange(track.time[0], track.time[-1] + KNOT_S, KNOT_S)
    first = np.searchsorted(time, knots - WINDOW_S)
    last = np.searchsorted(time, knots + WINDOW_S, side="right")
    upper = np.array([np.percentile(length[a:b], PERCENTILE) if b > a else np.nan for a, b in zip(first, last, strict=True)])
    measured = np.isfinite(upper)
    if not measured.any():  # the trunk was seen once, between two distant knots
        return np.full(len(track), float(np.median(length)))
    filled = np.interp(knots, knots[measured], upper[measured])
    smooth = gaussian_filter1d(filled, SMOOTHING_S / KNOT_S, mode="nearest")
    return np.interp(track.time, knots, smooth)
