"""What goes when somebody goes: objects and runs of deleted rows, what is too old, and what belongs to nobody.

Deleting a row leaves a record in ``deletions`` (by a trigger, in the same transaction) of the objects and MLflow runs that
came from it; `carry_out` deletes those. `tidy` does all that has to be done once in a while; any process may call it every few
seconds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any, Literal, LiteralString
from uuid import UUID

from psycopg import Connection

from ascension_core.errors import AscensionError, InvalidObject, ServerUnavailable
from ascension_core.platform.database import Database
from ascension_core.platform.object_rules import LONGEST_EXPIRY_S
from ascension_core.platform.objects import ObjectStore
from ascension_core.platform.tracking import delete_runs
from ascension_core.settings import settings

SETTLED = timedelta(seconds=LONGEST_EXPIRY_S + 600)
"""So long after a deletion somebody may still store something that belongs to it: a client with a presigned address, or a
worker that has not heard yet that its job is gone."""
POSTPONED_S = 60.0
ORPHANED = timedelta(days=1)
MARK = "installation/id"
_CHORE_S = 3600.0
_BATCH = 100
_LOG = logging.getLogger(__name__)

DeleteRuns = Callable[[Sequence[str]], None]
Table = Literal["athletes", "videos", "jobs"]


@dataclass(frozen=True)
class Erased:
    """What a deletion took along.

    Attributes
    ----------
    counts
        How many videos, jobs, analyses and comparisons.
    complete
        Whether objects and MLflow runs are gone too; otherwise they go when their servers are back.
    """

    counts: Mapping[str, int]
    complete: bool


def tidy(database: Database, objects: ObjectStore) -> int:
    """Carry out deletions; once an hour, whoever asks, also delete what is too old or belongs to nobody. Returns how much.

    Raises
    ------
    ServerUnavailable
        If a server is away; the next call goes on.
    """
    done = carry_out(database, objects)
    days = settings().retention_days
    if days is not None and _is_time_for(database, "expire"):
        done += expire(database, timedelta(days=days))
    if _is_time_for(database, "sweep"):
        done += sweep_orphans(database, objects)
    return done


def carry_out(database: Database, objects: ObjectStore, delete_runs: DeleteRuns | None = None) -> int:
    """Delete the objects and MLflow runs of which rows in ``deletions`` tell; returns how many rows were looked at.

    Each row is one process's at a time. A row is emptied when nothing can follow any more (`SETTLED`); what fails is tried
    again in a minute, and does not hold up the others.

    Parameters
    ----------
    database, objects
        Open.
    delete_runs
        Deletes MLflow runs; those of the settings' tracker by default.

    Raises
    ------
    ServerUnavailable
        If the object store is away.
    """
    delete_runs = delete_runs or partial(_delete_runs, database)
    done = 0
    while _carry_out_next(database, objects, delete_runs):
        done += 1
    return done


def erase(database: Database, objects: ObjectStore, table: Table, row_id: UUID) -> Erased | None:
    """Delete a row with all that came from it, and see that it is gone; None where there is no such row."""
    with database.transaction() as connection:
        if not connection.execute(_DELETE[table], [row_id]).rowcount:
            return None
        (record,) = connection.execute(_RECORD).fetchall()
    try:
        carry_out(database, objects)
        left = [key for key in record["objects"] if _is_there(objects, key)]
    except ServerUnavailable as error:
        _LOG.warning("deleted, but not all of it yet: %s", error)
        left = record["objects"]
    row = database.row("select runs from deletions where id = %s", [record["id"]])
    return Erased(record["counts"], complete=not left and not (row and row["runs"]))


def expire(database: Database, age: timedelta) -> int:
    """Delete the rows of videos, and of jobs that have ended, that are older than `age`; returns how many.

    What came from them goes with them; a video stays while a job of it waits or runs.
    """
    done = 0
    for table, old in _OLD.items():
        while rows := database.rows(old, [age, _BATCH]):
            for row in rows:  # one by one: a row may take others along
                done += database.execute(_DELETE[table], [row["id"]])
    return done


def sweep_orphans(database: Database, objects: ObjectStore, age: timedelta = ORPHANED) -> int:
    """Delete objects of jobs and videos that no row tells of, and rows of videos that never arrived; returns how many.

    Only what is older than `age`, and only in a bucket that is marked as this database's: with the address of another database
    every object would belong to nobody.
    """
    done = database.execute("delete from videos where status = 'expected' and created_at < now() - %s", [age])
    orphans = {**_orphans(database, objects, "jobs"), **_orphans(database, objects, "videos")}
    if not _is_ours(database, objects, markable=not orphans):
        _LOG.warning("the bucket %s belongs to another database: its orphans are left alone", objects.bucket)
        return done
    old = [folder for folder, newest in orphans.items() if newest < datetime.now(UTC) - age]
    for folder in old:
        objects.delete(folder)
    return done + len(old)


def _is_there(objects: ObjectStore, key: str) -> bool:
    return bool(objects.keys(key)) if key.endswith("/") else objects.stat(key) is not None


def _carry_out_next(database: Database, objects: ObjectStore, delete_runs: DeleteRuns) -> bool:
    """Carry out one deletion; False where none is due that nobody else is at."""
    failure: AscensionError | None = None
    with database.transaction() as connection:
        row = connection.execute(_DUE).fetchone()
        if row is None:
            return False
        try:
            _delete_objects(objects, row["objects"])
        except ServerUnavailable as error:
            failure = error
        if failure is None and _runs_are_gone(row["runs"], delete_runs):
            _close(connection, row["id"])
        else:
            _look_later(connection, row["id"], timedelta(seconds=POSTPONED_S))
    if failure is not None:
        raise failure
    return True


def _delete_objects(objects: ObjectStore, keys: Sequence[str]) -> None:
    for key in keys:
        try:
            objects.delete(key)
        except InvalidObject as error:  # nothing can be stored under such a key
            _LOG.warning("not deleted: %s", error)


def _runs_are_gone(runs: Sequence[str], delete_runs: DeleteRuns) -> bool:
    """Delete the runs; a tracker that is away is nobody's failure here, for nothing else needs it."""
    try:
        delete_runs(runs)
    except ServerUnavailable as error:
        _LOG.warning("%d MLflow runs are not deleted yet: %s", len(runs), error)
        return False
    return True


def _look_later(connection: Connection[Any], record: UUID, pause: timedelta) -> None:
    connection.execute("update deletions set look_at = now() + %s where id = %s", [pause, record])


def _close(connection: Connection[Any], record: UUID) -> None:
    """Runs are done with; objects may follow until the record is settled."""
    connection.execute(
        """update deletions set runs = '{}', look_at = at + %(settled)s,
               objects = case when at + %(settled)s <= now() then '{}' else objects end where id = %(id)s""",
        {"settled": SETTLED, "id": record},
    )


def _delete_runs(database: Database, runs: Sequence[str]) -> None:
    delete_runs(runs, beside=database.url)


def _is_time_for(database: Database, chore: str) -> bool:
    """Whether the chore has not been done for an hour; it counts as done from now on."""
    return bool(database.execute(_CLAIM, [chore, timedelta(seconds=_CHORE_S)]))


def _orphans(database: Database, objects: ObjectStore, table: str) -> dict[str, datetime]:
    """Folders of which the table has no row, and when the newest object in each was stored.

    Rows are written before objects, so listing the objects first leaves no gap.
    """
    folders = {folder.split("/")[1]: folder for folder in objects.folders(f"{table}/")}
    known = {row["id"] for row in database.rows(_KNOWN[table], [list(folders)])}
    newest = {folder: objects.newest(folder) for name, folder in folders.items() if name not in known}
    return {folder: moment for folder, moment in newest.items() if moment is not None}  # some servers keep empty folders


def _is_ours(database: Database, objects: ObjectStore, *, markable: bool) -> bool:
    """Whether the bucket bears the mark of this database; the first database that knows all that is in it leaves its mark."""
    row = database.row("select id::text from installation")
    ours = str(row and row["id"]).encode()
    if markable and objects.stat(MARK) is None:
        objects.upload_stream(MARK, BytesIO(ours), "text/plain")
    return objects.stat(MARK) is not None and objects.read(MARK) == ours


_DUE: LiteralString = """select * from deletions where (objects <> '{}' or runs <> '{}') and look_at <= now()
    order by look_at limit 1 for update skip locked"""
_CLAIM: LiteralString = "update chores set done_at = now() where name = %s and done_at < now() - %s"
_RECORD: LiteralString = "select * from deletions where xmin = pg_current_xact_id()::xid"
_OLD: dict[Literal["videos", "jobs"], LiteralString] = {
    "videos": """select id from videos where created_at < now() - %s and not exists
        (select from jobs where video_id = videos.id and status in ('queued', 'running')) limit %s""",
    "jobs": "select id from jobs where finished_at < now() - %s limit %s",
}
_DELETE: dict[Table, LiteralString] = {
    "athletes": "delete from athletes where id = %s",
    "videos": "delete from videos where id = %s",
    "jobs": "delete from jobs where id = %s",
}
_KNOWN: dict[str, LiteralString] = {
    "videos": "select id::text from videos where id::text = any (%s)",
    "jobs": "select id::text from jobs where id::text = any (%s)",
}
