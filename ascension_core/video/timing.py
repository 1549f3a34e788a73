"""From the time stamps that files carry to times that can be computed with: the first is 0 and they strictly increase."""

from __future__ import annotations

# A clock that jumps back further than this was restarted (joined recordings, a camera's stream); a smaller step back is a
# repeated or misplaced frame. Seconds.
RESTART_S = 1.0


class Clock:
    """Turn the time stamps of one stream, in the order in which frames are shown, into times.

    - The first frame is at 0, whatever its stamp (edit lists and cut broadcasts start anywhere, also below zero).
    - A frame without a stamp follows the one before by the nominal interval.
    - A frame stamped no later than the one before is refused, except where the clock was restarted: from there on,
      stamps are shifted so that the frame follows the one before by the nominal interval.

    Parameters
    ----------
    interval_s
        Nominal time from frame to frame in seconds, used only where stamps fail; must be positive.

    Attributes
    ----------
    refused
        Number of frames refused so far.
    """

    def __init__(self, interval_s: float) -> None:
        if not interval_s > 0:
            raise ValueError(f"interval_s must be positive, got {interval_s}")
        self.refused = 0
        self._interval_s = interval_s
        self._offset_s: float | None = None
        self._last_s: float | None = None

    def time(self, stamp_s: float | None) -> float | None:
        """Time of the next frame in seconds, or None if the frame is refused."""
        if self._last_s is None:
            if stamp_s is not None:
                self._offset_s = -stamp_s
            self._last_s = 0.0
            return self._last_s
        time_s = self._placed(stamp_s, self._last_s)
        if time_s <= self._last_s:
            self.refused += 1
            return None
        self._last_s = time_s
        return time_s

    def _placed(self, stamp_s: float | None, last_s: float) -> float:
        follows_s = last_s + self._interval_s
        if stamp_s is None:
            return follows_s
        if self._offset_s is None or stamp_s + self._offset_s < last_s - RESTART_S:
            self._offset_s = follows_s - stamp_s
        return max(stamp_s + self._offset_s, 0.0)
