"""What a worker says: one line for each thing that happened, with the job that it happened to."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

Format = Literal["text", "json"]
_LIBRARIES = ("pika", "urllib3", "psycopg", "papermill", "nbclient", "mlflow", "alembic", "asyncio", "traitlets")
"""They speak up about every lost connection, which the worker reports once."""
_job: UUID | None = None  # a worker has one at a time


@contextmanager
def about(job_id: UUID) -> Iterator[None]:
    """Everything said during the block, in any thread, is about a job."""
    global _job  # noqa: PLW0603
    _job = job_id
    try:
        yield
    finally:
        _job = None


def set_up(form: Format) -> None:
    """Write log lines to stderr, and what libraries warn of too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMATS[form])
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(logging.CRITICAL)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        job = f" job {_job}:" if _job else ""
        return f"{_time(record)} {record.levelname.lower():<7}{job} {_one_line(record, ' | ')}"


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _one_line(record, "\n"),
        }
        return json.dumps(line | ({"job": str(_job)} if _job else {}))


FORMATS: Mapping[Format, logging.Formatter] = {"text": _Text(), "json": _Json()}


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _one_line(record: logging.LogRecord, joint: str) -> str:
    text = record.getMessage()
    if record.exc_info:
        text += "\n" + logging.Formatter().formatException(record.exc_info)
    return joint.join(text.splitlines())
