"""What can be started: doors to servers, and programs."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field


def _nothing() -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class Door:
    """A server that is entered by this process itself, and so kept running until it leaves.

    Attributes
    ----------
    name
        What it is called in the log.
    enter
        Starts the server where that is ours to do, and returns where it is, for people. What it enters on the stack is left
        when everything else has stopped.
    needs
        Names of what must be ready before.
    """

    name: str
    enter: Callable[[ExitStack], str]
    needs: Sequence[str] = ()


@dataclass(frozen=True)
class Program:
    """A program that is run, and run again when it ends.

    Attributes
    ----------
    name
        What it is called in the log.
    command
        What to execute.
    ready
        Whether it does its work, asked again and again in a thread while it starts; or the end of the line in which it says so.
    needs, uses
        Names of what must be ready before, and of what it can do without for a while; both are stopped after it.
    environment
        Gives its variables beside ours, at each start.
    url
        Where people find it.
    stop_s
        How long it may take to stop after SIGTERM.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] | str
    needs: Sequence[str] = ()
    uses: Sequence[str] = ()
    environment: Callable[[], Mapping[str, str]] = field(default=_nothing)
    url: str = ""
    stop_s: float = 10.0
    stop: signal.Signals = signal.SIGTERM


Part = Door | Program


def depths(parts: Sequence[Part]) -> dict[str, int]:
    """How many others each part stands on, at most; what is deeper is stopped first.

    Raises
    ------
    KeyError
        If a part needs one that is not there, or that comes after it.
    """
    found: dict[str, int] = {}
    for part in parts:
        others = part.needs if isinstance(part, Door) else (*part.needs, *part.uses)
        found[part.name] = 1 + max((found[name] for name in others), default=0)
    return found
