"""What every queue does: wake workers. Which jobs there are, and in which state, stands in the database alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol
from uuid import UUID


class Priority(IntEnum):
    """Jobs of a higher priority (a lower number) go first."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


@dataclass(frozen=True)
class Wake:
    """That a job waits.

    Attributes
    ----------
    job_id
        Which.
    kind, priority
        The queue that it belongs to.
    delay_s
        After how many seconds to wake a worker.
    """

    job_id: UUID
    kind: str
    priority: Priority = Priority.NORMAL
    delay_s: float = 0.0


class Delivery(Protocol):
    """A worker was woken; it must answer with one of the three methods, and may do so long after."""

    @property
    def job_id(self) -> UUID | None:
        """The job to lease; None for the next in line."""

    def acknowledge(self) -> None:
        """The job is done, or is none of ours."""

    def give_back(self) -> None:
        """Wake somebody else, at once."""

    def bury(self) -> None:
        """The job has failed for good."""


class Queue(Protocol):
    """One way to wake workers. Not for several threads at a time."""

    def announce(self, wakes: Sequence[Wake]) -> list[UUID]:
        """Wake a worker for each of these jobs; returns those for which that is certain.

        Raises
        ------
        ServerUnavailable
            If the server cannot be reached.
        """

    def receive(self, kinds: Sequence[str], timeout_s: float) -> Delivery | None:
        """Wait to be woken for a job of these kinds; None when nothing came in time."""

    def heartbeat(self) -> None:
        """Keep the connection alive; to be called every few seconds by a worker that is busy."""

    def waiting(self, kinds: Sequence[str]) -> Mapping[tuple[str, Priority], int]:
        """How many jobs would wake somebody now, by queue."""

    def exhume(self, job_id: UUID) -> bool:
        """Take a job from among the dead; whether it lay there."""

    def close(self) -> None:
        """Leave the server; what was delivered and not answered wakes somebody else."""
