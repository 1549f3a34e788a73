"""How the body hung between its holds: arms, hips, centre of mass."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.metrics.timing import weights

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def straight_arm_share(time: Floats, elbows: Floats, holding: Bools, straight_deg: float) -> float:
    """Share of the time of holding in which the arm that holds is straight, 0 to 1; both arms count alike.

    Parameters
    ----------
    elbows
        (T, 2) angles of the left and the right elbow in degrees, ``nan`` where unknown.
    holding
        (T, 2) whether that hand holds.
    straight_deg
        Angle from which an arm counts as straight.

    Notes
    -----
    An arm that stays below 150 degrees while the feet are set, or after the grip, is a mistake of technique in R. Beltrán
    Beltrán, J. Richter, G. Köstermeyer, U. Heinkel, "Climbing technique evaluation by means of skeleton video stream analysis",
    Sensors 23(19):8216, 2023 ("decoupling", "shoulder relaxing").
    """
    seconds = np.where(holding & np.isfinite(elbows), weights(time)[:, None], 0.0)
    total = float(seconds.sum())
    return float(seconds[elbows >= straight_deg].sum()) / total if total > 0 else np.nan


def beside_line(points: Floats, hands: Floats, feet: Floats) -> Floats:
    """Distance from the line through the middle of the hands' holds and the middle of the feet's.

    Parameters
    ----------
    points
        (T, 2) the hips, in any unit of length.
    hands, feet
        (T, 2, 2) where the left and the right one hold; ``nan`` for a limb that does not.

    Returns
    -------
    (T,) distances, at right angles to the line; ``nan`` where no hand or no foot holds, or both do in one place.

    Notes
    -----
    Our definition. From behind, the camera sees the plane of the wall: this is how far the hips swing out to the side of
    what holds them, not how far they hang away from the wall, which cannot be seen.
    """
    top, bottom = _middle(hands), _middle(feet)
    line = top - bottom
    length = np.linalg.norm(line, axis=1)
    away = points - bottom
    cross = line[:, 0] * away[:, 1] - line[:, 1] * away[:, 0]
    return np.asarray(np.divide(np.abs(cross), length, out=np.full(len(points), np.nan), where=length > 0))


def outside_support(across: Floats, places: Floats) -> Floats:
    """Horizontal distance of the centre of mass from the base of support; 0 where it hangs above or below it.

    Parameters
    ----------
    across
        (T,) horizontal place of the centre of mass.
    places
        (T, N) horizontal places of the limbs that hold; ``nan`` for one that does not.

    Returns
    -------
    (T,) ``nan`` where no limb holds.

    Notes
    -----
    The base is the width between the outermost holds: only above or below it does gravity, which acts along the wall, turn a
    body at rest to neither side. Our definition; that the turning effect of body weight about the supports decides the forces
    at the holds: F. Quaine, L. Martin, J.-P. Blanchi, "The effect of body position and number of supports on wall reaction
    forces in rock climbing", Journal of Applied Biomechanics 13(1), 1997.
    """
    held = np.isfinite(places)
    left = np.where(held, places, np.inf).min(1)
    right = np.where(held, places, -np.inf).max(1)
    distance = np.maximum(0.0, np.maximum(left - across, across - right))
    return np.where(held.any(1) & np.isfinite(across), distance, np.nan)


def _middle(places: Floats) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a limb pair that does not hold has no middle
        return np.asarray(np.nanmean(places, axis=1))
