"""Results that have a table of their own: analyses and programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from ascension_core.errors import InvalidResult
from ascension_core.platform.jobs import Job, Kind
from ascension_core.results import Analysis, Contract, Program

Store = Callable[[Connection[Any]], None]
_CONTRACTS: Mapping[str, type[Contract]] = {"analysis": Analysis, "program": Program}


def row_of(kind: Kind, job: Job, document: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]) -> Store | None:
    """Writes the row of a result, once for each job; None where nothing but the job's own result is kept.

    A program without an athlete belongs to nobody, and has no row.

    Parameters
    ----------
    kind, job
        What ran.
    document
        The result.
    files
        What is in object storage, by name.

    Raises
    ------
    InvalidResult
        If the document is not what the notebook promised.
    """
    if kind.stores is None:
        return None
    _check(kind, document)
    if kind.stores == "analysis":
        return lambda connection: _store_analysis(connection, job, document, files)
    return (lambda connection: _store_program(connection, job, document)) if job.athlete_id is not None else None


def _check(kind: Kind, document: Mapping[str, Any]) -> None:
    contract = _CONTRACTS[str(kind.stores)]
    try:
        contract.model_validate(document)
    except ValidationError as cause:
        first = cause.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InvalidResult(f"{kind.result} is no {contract.__name__}: {where}: {first['msg']}") from cause


def _store_analysis(
    connection: Connection[Any], job: Job, document: Mapping[str, Any], files: Mapping[str, Mapping[str, Any]]
) -> None:
    track = files.get(document["track"]["file"])
    connection.execute(
        """insert into analyses (job_id, athlete_id, video_id, schema_version, document, track_key, pipeline)
           select jobs.id, coalesce(jobs.athlete_id, videos.athlete_id), video_id, %s, %s, %s, %s
           from jobs left join videos on videos.id = video_id where jobs.id = %s""",
        [
            *(document["schema_version"], Jsonb(document), track["key"] if track else None),
            *(_answered_by(document), job.id),
        ],
    )


def _answered_by(document: Mapping[str, Any]) -> str:
    """Which version of the pipeline it was: its number in the registry, or what was installed."""
    run = document.get("pipeline") or {"name": "vision", "version": None}
    return f"{run['name']} {run['version'] if run['version'] is not None else document['software']['version']}"


def _store_program(connection: Connection[Any], job: Job, document: Mapping[str, Any]) -> None:
    connection.execute(
        """insert into programs (job_id, athlete_id, schema_version, starts_on, ends_on, document)
           select id, athlete_id, %s, %s, %s, %s from jobs where id = %s""",
        [document["schema_version"], document["start"], document["end"], Jsonb(document), job.id],
    )
