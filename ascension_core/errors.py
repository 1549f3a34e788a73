"""Every exception that Ascension raises on purpose.

    AscensionError
    ├── InputError                  what was given cannot be used; the command line exits with 2, a service answers 4xx
    │   ├── VideoError              a file that is not a usable video
    │   │   ├── VideoNotFound
    │   │   ├── UnreadableVideo     empty, corrupt, an image, no video stream, audio only, unknown codec
    │   │   └── VideoTooLarge       over the configured size, length or resolution
    │   ├── ImageError              a file that is not a usable picture
    │   │   ├── UnreadableImage     missing, empty, corrupt, of an unknown kind
    │   │   └── ImageTooLarge       more pixels than configured
    │   ├── NoClimberFound
    │   ├── InvalidOption           a parameter out of its range, an unknown name
    │   ├── InvalidDataset          an evaluation folder or truth file that is not in the documented form
    │   ├── InvalidRecording        a force-gauge file that cannot be read, or holds no test of the kind asked for
    │   ├── InvalidAthlete          a field of an athlete's document is wrong, missing or hard to believe
    │   ├── InvalidProgram          a program's document that cannot be carried on
    │   ├── InvalidGrade            a text that is no climbing grade, or a grade that another scale does not reach
    │   ├── InvalidVersion          no such pipeline version or alias, or one that may not be moved as asked
    │   │   └── PromotionRefused    a candidate that is worse than the champion beyond noise
    │   ├── InvalidJob              a job's kind, parameters or wish that cannot be carried out; an unknown job
    │   ├── InvalidSchedule         a schedule's cron expression, time zone or name that cannot be used; an unknown schedule
    │   ├── InvalidSweep            a sweep's file that is not in the documented form, or does not fit what was begun
    │   ├── InvalidObject           an object's key, type or size that is not allowed; no such object
    │   ├── InvalidKey              an API key that cannot be made, or does not exist
    │   ├── InvalidResult           what a job's notebook left cannot be stored: a file missing, too much, of another form
    │   └── OutputNotWritable
    ├── ModelError                  weights are missing, damaged or cannot be fetched
    └── ServerUnavailable           a database, object store, broker or tracker cannot be started or reached; may pass

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


class ImageError(InputError):
    """A file that is not a usable picture."""


class UnreadableImage(ImageError):
    """There is no picture at that path that can be decoded."""


class ImageTooLarge(ImageError):
    """The picture has more pixels than the configured limit."""


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


class InvalidVersion(InputError):
    """There is no such version or alias of a pipeline, or it may not be moved as asked."""


class PromotionRefused(InvalidVersion):
    """The candidate is worse than the champion on something guarded, by more than noise explains."""


class InvalidJob(InputError):
    """A job's kind, parameters or wish cannot be carried out, or there is no such job."""


class InvalidSchedule(InputError):
    """A schedule's cron expression, time zone or name cannot be used, or there is no such schedule."""


class InvalidSweep(InputError):
    """A sweep's file is not in the documented form, or is not the one with which the study of its name was begun."""


class InvalidObject(InputError):
    """An object's key, type or size is not allowed, or there is no such object."""


class InvalidResult(InputError):
    """What a job's notebook left in its folder for results is missing, too much, or not in the form that it promised."""


class InvalidKey(InputError):
    """An API key cannot be made as asked for, or there is no such key."""


class ServerUnavailable(AscensionError):
    """A server cannot be started or reached; the same may work later."""
