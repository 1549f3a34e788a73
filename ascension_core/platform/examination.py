"""Looking whether things work: many checks at once, each with a time limit, each with what to do when it fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, Queue
from threading import Thread

TIMEOUT_S = 30.0
"""A private server may have to be started for the look."""


@dataclass(frozen=True)
class Check:
    """One thing to look at.

    Attributes
    ----------
    name
        What it is.
    look
        Returns what is there, in a few words, and raises where something is wrong.
    advice
        What to do then.
    """

    name: str
    look: Callable[[], str]
    advice: str


@dataclass(frozen=True)
class Finding:
    """What came out of a check.

    Attributes
    ----------
    name
        Of the check.
    ok
        Whether all is well.
    said
        What is there, or what is wrong.
    advice
        What to do; empty where all is well.
    seconds
        How long the look took.
    """

    name: str
    ok: bool
    said: str
    advice: str
    seconds: float


def examine(checks: Sequence[Check], timeout_s: float = TIMEOUT_S) -> list[Finding]:
    """Carry out all checks at the same time; one that takes too long is wrong."""
    answers: dict[str, Queue[Finding]] = {check.name: Queue() for check in checks}
    for check in checks:
        Thread(target=_look, args=(check, answers[check.name]), daemon=True).start()  # one that hangs does not keep us
    end = time.monotonic() + timeout_s
    return [_await(check, answers[check.name], end, timeout_s) for check in checks]


def _look(check: Check, answer: Queue[Finding]) -> None:
    began = time.monotonic()
    try:
        ok, said, advice = True, check.look(), ""
    except Exception as error:  # whatever it is, it is what is wrong
        ok, said, advice = False, " ".join(str(error).split()) or type(error).__name__, check.advice
    answer.put(Finding(check.name, ok, said, advice, time.monotonic() - began))


def _await(check: Check, answer: Queue[Finding], end: float, timeout_s: float) -> Finding:
    try:
        return answer.get(timeout=max(end - time.monotonic(), 0.0))
    except Empty:
        return Finding(check.name, ok=False, said=f"no answer in {timeout_s:g} s", advice=check.advice, seconds=timeout_s)
