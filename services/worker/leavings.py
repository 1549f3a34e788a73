"""Objects of attempts that were not the last: of workers that died, or were believed dead, and of failures that passed."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from ascension_core.platform.database import Database
from ascension_core.platform.objects import ObjectStore

_TROUBLED = """select id from jobs where finished_at > now() - %s and exists
    (select from job_events where job_id = jobs.id and kind in ('lost', 'retry'))"""


def discard(database: Database, objects: ObjectStore, job_id: UUID, prefix: str) -> int:
    """Delete what one attempt stored, unless it is what the job's row speaks of; returns how many objects.

    Parameters
    ----------
    database, objects
        Where the job and its objects are.
    job_id, prefix
        Which attempt, as `attempt.prefix_of` names it.

    Notes
    -----
    An attempt whose lease is lost may have won: the database may have died between writing the end and saying so.
    """
    keys = objects.keys(prefix)
    row = database.row("select notebook_key from jobs where id = %s", [job_id])
    if row is not None and (row["notebook_key"] or "").startswith(prefix):
        return 0
    return _delete(objects, keys)


def sweep(database: Database, objects: ObjectStore, since: timedelta) -> int:
    """Delete what losing attempts left at jobs that ended lately; returns how many objects.

    Workers discard their own; this is for those that were killed before they could.
    """
    troubled = database.rows(_TROUBLED, [since])
    return sum(_sweep(database, objects, row["id"]) for row in troubled)


def _sweep(database: Database, objects: ObjectStore, job_id: UUID) -> int:
    """Keys first, then the row: what was there before a job was seen to have ended is not of an attempt still to come."""
    keys = objects.keys(f"jobs/{job_id}/")
    row = database.row("select notebook_key from jobs where id = %s and finished_at is not null", [job_id])
    if row is None:  # tried again meanwhile, or gone: then `platform.deletion` looks after its objects
        return 0
    kept = (row["notebook_key"] or "").rpartition("/")[0]
    return _delete(objects, [key for key in keys if not kept or not key.startswith(f"{kept}/")])


def _delete(objects: ObjectStore, keys: list[str]) -> int:
    for key in keys:
        objects.delete(key)
    return len(keys)
