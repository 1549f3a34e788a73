"""Every exception that Ascension raises on purpose.

    AscensionError
    ├── InputError                  what was given cannot be used; the command line exits with 2, a service answers 4xx
    │   ├── VideoError              a file that is not a usable video
    │   │   ├── VideoNotFound
    │   │   ├── UnreadableVideo     empty, corrupt, an image, no video stream, audio only, unknown codec
    │   │   └── VideoTooLarge       over the configured size, length or resolution
    │   ├── NoClimberFound
    │   ├── InvalidOption           a parameter out of its range, an unknown name
    │   ├── InvalidDataset          an evaluation folder or truth file that is not in the documented form
    │   ├── InvalidRecording        a force-gauge file that cannot be read, or holds no test of the kind asked for
    │   ├── InvalidAthlete          a field of an athlete's document is wrong, missing or hard to believe
    │   ├── InvalidProgram          a program's document that cannot be carried on
    │   ├── InvalidGrade            a text that is no climbing grade, or a grade that another scale does not reach
    │   └── OutputNotWritable
    └── ModelError                  weights are missing, damaged or cannot be fetched

Each message says what is wrong and what to do about it, and never holds a secret.
"""

from __future__ import annotations


class AscensionError(Exception):
    """Base of every error raised on purpose."""


class InputError(AscensionError):
    """What the caller gave cannot be used."""


class VideoError(InputError):
    """A file that is not a usable video."""


class VideoNotFound(VideoError):
    """There is no file at that path."""


class UnreadableVideo(VideoError):
    """The file is there but holds no video that can be decoded."""


class VideoTooLarge(VideoError):
    """The video exceeds a configured limit."""


class NoClimberFound(InputError):
    """No person could be followed in the video, or not the one asked for."""


class InvalidOption(InputError):
    """An option is out of its range or unknown."""


class InvalidDataset(InputError):
    """An evaluation data set or a truth file is not in the documented form."""


class InvalidAthlete(InputError):
    """A field of an athlete's document is wrong, missing or hard to believe; each line names its field by path."""


class InvalidProgram(InputError):
    """A program's document is missing, of another version, or of another athlete."""


class InvalidGrade(InputError):
    """A text that is no climbing grade, or a grade beyond the end of the scale it should be converted to."""


class InvalidRecording(InputError):
    """A force-gauge recording cannot be read, or holds no test of the kind asked for."""


class OutputNotWritable(InputError):
    """The results cannot be written where they were asked for."""


class ModelError(AscensionError):
    """Model weights are missing, damaged or cannot be fetched."""
