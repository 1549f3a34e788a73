"""An upload is over: see what came."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore

from psycopg.rows import DictRow

from ascension_core.errors import InputError, InvalidObject
from ascension_core.platform import uploads
from ascension_core.platform.database import Database
from ascension_core.platform.objects import ObjectStore
from services.api.probing import check_video
from services.api.problems import Refusal

_AT_A_TIME, _IN_LINE = 2, 8
_PAUSE_S = 10
_LOG = logging.getLogger("ascension.api")


class Reception:
    """Looks at what was uploaded, some files at a time: each takes disk, a process and bandwidth.

    Parameters
    ----------
    database, objects
        Open.
    folder
        Where files lie meanwhile; None takes the system's folder.
    """

    def __init__(self, database: Database, objects: ObjectStore, folder: Path | None) -> None:
        self._database = database
        self._objects = objects
        self._folder = folder
        self._desks = BoundedSemaphore(_AT_A_TIME)
        self._room = BoundedSemaphore(_AT_A_TIME + _IN_LINE)  # those who wait hold threads that others need

    def complete(self, video: DictRow) -> DictRow:
        """Note that the video is there, if it is one; what cannot be used is deleted.

        Raises
        ------
        InputError
            If it is not what was announced, or no video.
        Refusal
            409 if nothing came; 503 while too many others are looked at.
        """
        if video["status"] == "stored":
            return video
        if self._objects.stat(video["object_key"]) is None:
            raise Refusal(409, "nothing has been uploaded yet", code="not-uploaded")
        uploads.check_arrived(self._objects, video)
        sha256 = self._looked_at(video)
        row = uploads.arrived(self._database, video["id"], sha256)
        if row is None:
            self._objects.delete(video["object_key"])
            raise Refusal(404, "the video was deleted meanwhile")
        return row

    def _looked_at(self, video: DictRow) -> str:
        """The file's sha256; what cannot be used is deleted."""
        if not self._room.acquire(blocking=False):
            raise Refusal(503, "too many uploads are being looked at", retry_after_s=_PAUSE_S)
        try:
            with self._desks:
                return self._look_at(video)
        except InputError:
            self._objects.delete(video["object_key"])
            raise
        except OSError as cause:
            _LOG.error("no upload can be looked at: %s", cause)
            raise Refusal(503, "there is no room for the file here", retry_after_s=_PAUSE_S) from cause
        finally:
            self._room.release()

    def _look_at(self, video: DictRow) -> str:
        """The file's sha256, if it is the video that was announced."""
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="ascension-upload-", dir=self._folder) as folder:
            file = Path(folder) / video["object_key"].rpartition("/")[2]
            self._objects.download(video["object_key"], file)
            sha256 = check_video(file)
        if video["sha256"] not in {None, sha256}:
            raise InvalidObject(f"the file's sha256 is {sha256}, {video['sha256']} was announced")
        return sha256
