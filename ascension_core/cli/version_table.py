"""Versions of pipelines, and how two of them compare, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from ascension_core.cli.console import print_json

if TYPE_CHECKING:
    from ascension_core.platform.registry import Change, Entry
    from experiments.registry.comparison import Comparison, Row
    from experiments.registry.samples import Estimate

_COLOURS = {"better": "green", "worse": "red", "missing": "red"}
_NARROWEST = 160  # a table that is cut off is of no use in a log


def show_comparison(comparison: Comparison, as_json: bool = False) -> None:
    """Print how a candidate compares with the champion."""
    if as_json:
        print_json(comparison.to_document())
        return
    console = Console()
    console.width = max(console.width, _NARROWEST)
    champion = "no champion" if comparison.champion is None else f"version {comparison.champion}"
    table = Table(title=f"{comparison.pipeline}: {comparison.suite} suite")
    for title in ("", champion, f"version {comparison.candidate}", "difference", "tolerated", "guards", "verdict"):
        table.add_column(title, justify="left" if title in {"", "guards", "verdict"} else "right", no_wrap=True)
    for row in comparison.rows:
        table.add_row(*_cells(row))
    console.print(table)
    for line in comparison.to_document()["not_measured"]:
        console.print(f"Not measured: {line}")


def entry_document(entry: Entry) -> dict[str, Any]:
    """A registered version as JSON takes it."""
    tags = {name: value for name, value in entry.tags.items() if not name.startswith("mlflow.")}
    return {
        "pipeline": entry.name,
        "version": entry.number,
        "aliases": list(entry.aliases),
        "registered": entry.created_at.isoformat(timespec="seconds"),
        "tags": tags,
    }


def entry_line(entry: Entry) -> str:
    """A registered version on one line."""
    commit = entry.tags.get("commit", "")[:10] + ("+" if entry.tags.get("dirty") == "true" else "")
    aliases, note = ", ".join(entry.aliases), entry.tags.get("note", "")
    return f"{entry.number:>4}  {entry.created_at:%Y-%m-%d %H:%M}  {commit:<12}{aliases:<22}{note}".rstrip()


def change_document(change: Change) -> dict[str, Any]:
    """A move of an alias as JSON takes it."""
    return asdict(change)


def history_line(change: Change) -> str:
    """A move of an alias on one line."""
    moved = f"{change.alias}: {_number(change.before)} -> {_number(change.after)}"
    why = f"  because {change.because}" if change.because else ""
    despite = f"  despite {change.despite}" if change.despite else ""
    return f"{change.at}  {change.who}  {change.action}  {moved}{why}{despite}"


def _number(version: int | None) -> str:
    return "none" if version is None else str(version)


def _cells(row: Row) -> list[str]:
    metric = row.metric
    timed = metric.kind == "seconds"
    colour = _COLOURS.get(row.verdict)
    verdict = {"same": "no worse", "first": "first"}.get(row.verdict, row.verdict)
    return [
        metric.title,
        _estimate(row.champion, metric.unit),
        _estimate(row.candidate, metric.unit),
        _estimate(row.difference, "%" if timed else metric.unit, sign="+"),
        f"{metric.tolerance:g} {'%' if timed else metric.unit}".strip(),
        metric.guard or "",
        f"[{colour}]{verdict}[/]" if colour else verdict,
    ]


def _estimate(found: Estimate | None, unit: str, sign: str = "") -> str:
    if found is None:
        return ""
    digits = 3 if unit in {"s", "V"} else 1
    number = f"{found.value:{sign}.{digits}f} {unit}".strip()
    if found.low == found.high:
        return number
    return f"{number} ({found.low:{sign}.{digits}f} to {found.high:{sign}.{digits}f})"
