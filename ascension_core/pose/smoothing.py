"""From what the network measured to a finished track: sides, spikes, gaps, smoothing, in this order."""

from __future__ import annotations

from dataclasses import dataclass

from ascension_core.errors import InvalidOption
from ascension_core.pose.filters import finite, zero_phase
from ascension_core.pose.gaps import fill_gaps
from ascension_core.pose.outliers import remove_overlong, remove_spikes
from ascension_core.pose.swaps import undo_swaps
from ascension_core.pose.track import PoseTrack


@dataclass(frozen=True, slots=True)
class CleanOptions:
    """What `clean` does.

    Attributes
    ----------
    swaps, outliers
        Whether to undo left/right exchanges and to forget implausible points.
    max_gap_s
        Longest gap that is bridged, in seconds from the last measurement to the next; 0 bridges none.
    cutoff_hz
        -3 dB frequency of the low-pass, in Hz. Winter (2009) finds 4 to 8 Hz for human movement; 7 keeps 97 % of a 3 Hz
        movement, faster than limbs oscillate in climbing. 0 does not smooth.
    median_s
        Span of the median that precedes it, in seconds; 2/15 s is 5 frames at 30 per second.
    """

    swaps: bool = True
    outliers: bool = True
    max_gap_s: float = 0.3
    cutoff_hz: float = 7.0
    median_s: float = 2 / 15

    def __post_init__(self) -> None:
        if min(self.max_gap_s, self.cutoff_hz, self.median_s) < 0:
            raise InvalidOption("max_gap_s, cutoff_hz and median_s must not be negative")


def clean(track: PoseTrack, options: CleanOptions | None = None) -> PoseTrack:
    """Finish a raw track.

    Parameters
    ----------
    track
        All frames as measured, ``nan`` where nothing was.
    options
        Defaults if not given.

    Returns
    -------
    Track of the same frames. `observed` marks what was measured and kept; what is known but not observed is interpolated,
    with a visibility reduced by the gap's length (`gaps.fill_gaps`). Smoothing changes positions, never visibility.
    """
    options = options or CleanOptions()
    if options.swaps:
        track = undo_swaps(track)
    if options.outliers:
        track = remove_overlong(remove_spikes(track))
    if options.max_gap_s > 0:
        track = fill_gaps(track, max_gap_s=options.max_gap_s)
    return smooth(track, options) if options.cutoff_hz > 0 else track


def smooth(track: PoseTrack, options: CleanOptions) -> PoseTrack:
    """Zero-lag smoothing of image and world positions, each unbroken run of each keypoint by itself (see `filters`)."""
    filters = {"cutoff_hz": options.cutoff_hz, "median_s": options.median_s}
    return track.with_(
        image=zero_phase(track.time, track.image, track.known, **filters),
        world=zero_phase(track.time, track.world, finite(track.world), **filters),
    )
