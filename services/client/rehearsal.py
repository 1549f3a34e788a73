"""Plays a mobile backend from the first request to the last: ``python -m services.client.rehearsal CLIP``.

Somebody signs up, uploads a clip by its presigned address, has it analysed and watches, reads the results, gets a program, is
not seen by somebody else, and leaves; then nothing of them may be left, neither row nor object nor run. It runs beside
``ascension up`` on the same data folder, and takes the keys that it needs from there.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from websockets.sync.client import connect

from ascension_core.errors import AscensionError, ServerUnavailable
from ascension_core.platform import athletes, local
from ascension_core.platform.database import Database, database
from ascension_core.platform.deletion import erase
from ascension_core.platform.keys import Keys
from ascension_core.platform.objects import ObjectStore, object_store
from ascension_core.platform.tracking import runs_of
from ascension_core.settings import settings
from ascension_core.training.example import example_athlete
from services.api.models import Job, JobEvent
from services.client.client import Client
from services.client.errors import ApiError

_ENDS = frozenset({"succeeded", "failed", "cancelled"})
_SETTLE_S = 60.0
_ROWS = {
    "athletes": "select count(*) as n from athletes where id = %(athlete)s",
    "videos": "select count(*) as n from videos where athlete_id = %(athlete)s or id = any(%(videos)s)",
    "jobs": "select count(*) as n from jobs where athlete_id = %(athlete)s or id = any(%(jobs)s)",
    "job_events": "select count(*) as n from job_events where job_id = any(%(jobs)s)",
    "analyses": "select count(*) as n from analyses where job_id = any(%(jobs)s)",
    "programs": "select count(*) as n from programs where athlete_id = %(athlete)s or job_id = any(%(jobs)s)",
    "api_keys": "select count(*) as n from api_keys where athlete_id = %(athlete)s",
}


class RehearsalFailed(AscensionError):
    """Something was not as a backend may expect."""


class Rehearsal:
    """One run through.

    Parameters
    ----------
    url
        Of the API, with ``/v1``.
    database, objects
        Behind it: where keys are made, and where nothing may be left.
    say
        Told each step when it is done, and how long it took in seconds.
    """

    def __init__(self, url: str, database: Database, objects: ObjectStore, say: Callable[[str, float], None]) -> None:
        self._url, self._database, self._objects, self._say = url, database, objects, say
        self._keys = Keys(database)
        self._made: dict[str, Any] = {"videos": [], "jobs": []}

    def play(self, clip: Path, folder: Path) -> dict[str, Any]:
        """All steps; what was found.

        Parameters
        ----------
        clip
            A video with a climber.
        folder
            For what is downloaded.

        Raises
        ------
        RehearsalFailed, ApiError
            If anything is not as it should be.
        """
        key, token = self._keys.create("rehearsal", ["read", "write"])
        try:
            with Client(self._url, token) as client:
                return self._play(client, token, clip, folder)
        finally:
            self._keys.revoke(key.id)

    def _play(self, client: Client, token: str, clip: Path, folder: Path) -> dict[str, Any]:
        with self._step("sign up"):
            athlete = client.athletes.create("Ida Rehearsal", example_athlete(date.today()))
            self._made["athlete"] = athlete.id
        with self._step("upload by presigned address"):
            video = client.videos.upload(athlete.id, clip)
            self._made["videos"].append(video.id)
        with self._step("analysis, watched by WebSocket"):
            job = client.jobs.submit("vision", video_id=video.id, athlete_id=athlete.id, once=f"analysis-of-{video.id}")
            self._made["jobs"].append(job.id)
            delays = self._watch(job.id, token)
            self._expect(client.jobs.get(job.id).status == "succeeded", f"the analysis failed: {client.jobs.get(job.id).error}")
        with self._step("results"):
            answered = self._read(client, job, folder)
        with self._step("program"):
            planned = client.jobs.submit("training_program", athlete_id=athlete.id)
            self._made["jobs"].append(planned.id)
            client.jobs.wait(planned.id)
            weeks = client.results.get(planned.id).document["weeks"]
        with self._step("somebody else sees nothing"):
            self._look_as_somebody_else(job.id, video.id)
        with self._step("export"):
            client.athletes.export(athlete.id, folder / "export.zip")
        with self._step("delete"):
            deleted = client.athletes.delete(athlete.id)
            self._expect(deleted.complete, "the deletion was not complete at once")
        with self._step("nothing is left"):
            self._expect_nothing_left()
        return {
            "pipeline": answered,
            "weeks": len(weeks) if isinstance(weeks, list) else 0,
            "events": len(delays),
            "event_delay_ms_median": round(1000 * median(delays), 1),
            "deleted": deleted.model_dump(),
        }

    def _watch(self, job: UUID, token: str) -> list[float]:
        """Follow a job to its end; how late each event came that happened meanwhile, in seconds."""
        delays, opened = [], datetime.now(UTC)
        address = f"{self._url.replace('http', 'ws', 1)}/jobs/{job}/live"
        with connect(address, additional_headers={"Authorization": f"Bearer {token}"}, proxy=None) as socket:
            for text in socket:
                event = JobEvent.model_validate_json(text)
                if event.at > opened:
                    delays.append((datetime.now(UTC) - event.at).total_seconds())
                if event.kind in _ENDS:
                    return delays
        raise RehearsalFailed("the WebSocket ended before the job")

    def _read(self, client: Client, job: Job, folder: Path) -> Any:
        """Everything that a phone shows of an analysis; which version answered."""
        result = client.results.get(job.id)
        self._expect(result.document["kind"] == "analysis", "the result is no analysis")
        self._expect(bool(client.results.track(job.id)), "the track is empty")
        for name in ("report.html", "overlay.mp4"):
            client.results.download(job.id, name, folder / name)
            self._expect((folder / name).stat().st_size > 1000, f"{name} is empty")
        return result.document["pipeline"]

    def _look_as_somebody_else(self, job: UUID, video: UUID) -> None:
        stranger = athletes.add(self._database, "Somebody Else", {})["id"]
        _, token = self._keys.create("somebody else", ["read", "write"], athlete_id=stranger)
        try:
            with Client(self._url, token) as client:
                asked: list[Callable[[], Any]] = [
                    lambda: client.jobs.get(job),
                    lambda: client.results.get(job),
                    lambda: client.videos.playback(video),
                    lambda: client.videos.delete(video),
                    lambda: client.athletes.delete(self._made["athlete"]),
                ]
                for ask in asked:
                    self._expect_not_found(ask)
        finally:
            erase(self._database, self._objects, "athletes", stranger)

    def _expect_not_found(self, ask: Callable[[], Any]) -> None:
        try:
            ask()
        except ApiError as error:
            self._expect(error.status == 404, f"somebody else was answered {error.status}, not 404")
        else:
            raise RehearsalFailed("somebody else was let in")

    def _expect_nothing_left(self) -> None:
        rows = {table: self._database.row(query, self._made) for table, query in _ROWS.items()}
        left = {table: row["n"] for table, row in rows.items() if row and row["n"]}
        self._expect(not left, f"rows are left: {left}")
        folders = [f"videos/{video}/" for video in self._made["videos"]] + [f"jobs/{job}/" for job in self._made["jobs"]]
        keys = [key for folder in folders for key in self._objects.keys(folder)]
        self._expect(not keys, f"objects are left: {keys}")
        end = time.monotonic() + _SETTLE_S  # a run that was about to be written is deleted by whoever wrote it
        while (runs := runs_of(self._made["jobs"])) and time.monotonic() < end:
            time.sleep(0.5)
        self._expect(not runs, f"runs are left: {runs}")

    def _expect(self, true: bool, otherwise: str) -> None:
        if not true:
            raise RehearsalFailed(otherwise)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        self._say(name, time.monotonic() - start)


def _say(step: str, seconds: float) -> None:
    print(f"{seconds:7.2f} s  {step}", file=sys.stderr, flush=True)


def main() -> int:
    """Program: CLIP; each step on stderr, what was found as JSON on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path, help="a video with a climber")
    parser.add_argument("--url", help="of the API, with /v1; that of `ascension up` on this data folder by default")
    chosen = parser.parse_args()
    try:
        url = chosen.url or (local.parts(settings().home) or {}).get("api")
        if url is None:
            raise ServerUnavailable("`ascension up` does not run on this data folder: start it, or give --url")
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="ascension-rehearsal-")))
            doors = stack.enter_context(database()), stack.enter_context(object_store())
            found = Rehearsal(url, *doors, say=_say).play(chosen.clip, folder)
    except AscensionError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
