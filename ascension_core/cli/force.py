"""``ascension force``: a force-gauge recording, from the file to strength, fatigue and critical force."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascension_core.cli.console import print_json

if TYPE_CHECKING:
    from ascension_core.training.force import CriticalForce, ForceAnalysis, ForceRecording

RESULT_FILE = "force.json"
FIGURE_FILE = "force.png"
MOST_ROWS = 8


def force(  # noqa: PLR0917
    recordings: Annotated[
        list[Path],
        typer.Argument(help="A recording (CSV); several are efforts to exhaustion at different forces.", show_default=False),
    ],
    protocol: Annotated[
        str, typer.Option(help="auto, max, repeaters or critical (24 all-out pulls of 7 s, 3 s rest).")
    ] = "auto",
    body_mass: Annotated[float | None, typer.Option(help="Body mass in kilograms.", show_default=False)] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of force: kg, n, kn or lb.", show_default="as the header says")] = None,
    time_unit: Annotated[str | None, typer.Option(help="Unit of time: s, ms or us.", show_default="as the header says")] = None,
    column: Annotated[str | None, typer.Option(help="Name or number of the force column.", show_default=False)] = None,
    tare: Annotated[float | None, typer.Option(help="Reading at rest, kg.", show_default="found in the recording")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for force.json and force.png.", show_default=False)] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object, for machines.")] = False,
) -> None:
    """Analyse force-gauge recordings: efforts, rate of force development, fatigue, critical force and W'."""
    from ascension_core.training.force import analyze_force, combine_exhaustions, read_recording

    read = [read_recording(path, unit=unit, time_unit=time_unit, column=column) for path in recordings]
    analyses = [analyze_force(one, protocol=protocol, body_mass_kg=body_mass, tare_kg=tare) for one in read]
    combined = combine_exhaustions(analyses, body_mass_kg=body_mass) if len(analyses) > 1 else None
    document = _document(analyses, combined)
    if out is not None:
        _save(out, document, read, analyses, combined)
    if json:
        print_json(document)
        return
    for analysis in analyses:
        _tell(analysis)
    if combined is not None:
        typer.echo(f"{len(analyses)} efforts to exhaustion together:")
        _tell_critical(combined)
        _tell_notes(combined.notes)
    if out is not None:
        typer.echo(f"  {out / FIGURE_FILE}\n  {out / RESULT_FILE}")


def _document(analyses: list[ForceAnalysis], combined: CriticalForce | None) -> dict[str, Any]:
    """The analysis of one recording, or those of several with what they say together."""
    if combined is None:
        return analyses[0].model_dump(mode="json")
    parts = [analysis.model_dump(mode="json") for analysis in analyses]
    together = combined.model_dump(mode="json")
    return {"kind": "exhaustions", "schema_version": "1.0", "recordings": parts, "critical_force": together}


def _save(
    out: Path,
    document: dict[str, Any],
    read: list[ForceRecording],
    analyses: list[ForceAnalysis],
    combined: CriticalForce | None,
) -> None:
    from json import dumps

    from ascension_core.pipelines.outputs import staged
    from ascension_core.report.force import exhaustions_figure, force_figure
    from ascension_core.training.force.exhaustions import exhaustion

    if combined is None:
        figure = force_figure(read[0], analyses[0])
    else:
        figure = exhaustions_figure([exhaustion(a.efforts, a.recording) for a in analyses], combined)
    with staged(out) as folder:
        (folder / RESULT_FILE).write_text(dumps(document, allow_nan=False, indent=1) + "\n", encoding="utf-8")
        figure.savefig(folder / FIGURE_FILE, dpi=110)


def _tell(analysis: ForceAnalysis) -> None:
    """A few lines for a person."""
    efforts = analysis.efforts
    count = "1 effort" if len(efforts) == 1 else f"{len(efforts)} efforts"
    best = ", ".join(f"{mean:.1f} kg over {window} s" for window, mean in analysis.best_means_kg.items())
    typer.echo(
        f"{analysis.recording}: {count} ({analysis.protocol}), peak {analysis.peak_kg:.1f} kg; best {best or 'none held'}."
    )
    for number, effort in enumerate(efforts[:MOST_ROWS], start=1):
        rate = effort.development.rate_200_ms_kg_s
        typer.echo(
            f"  {number:>2}  {effort.start_s:7.1f} s  {effort.duration_s:5.1f} s  peak {effort.peak_kg:5.1f}  "
            f"mean {effort.mean_kg:5.1f} kg" + (f"  {rate:5.0f} kg/s in 200 ms" if rate is not None else "")
        )
    if len(efforts) > MOST_ROWS:
        typer.echo(f"  ... and {len(efforts) - MOST_ROWS} more (see --json or --out)")
    if analysis.fatigue is not None:
        typer.echo(f"Fatigue: the last three efforts are {analysis.fatigue.index:.0%} below the strongest.")
    if analysis.critical_force is not None:
        _tell_critical(analysis.critical_force)
    _tell_notes(analysis.notes)


def _tell_critical(result: CriticalForce) -> None:
    f, w = result.force_kg, result.w_prime_kg_s
    share = f", {result.share_of_body_mass:.0%} of body mass" if result.share_of_body_mass else ""
    typer.echo(f"Critical force {f.value:.1f} kg (95 % interval {f.low:.1f} to {f.high:.1f}{share}).")
    typer.echo(f"W' {w.value:.0f} kg s ({w.low:.0f} to {w.high:.0f}).")
    typer.echo(
        f"Another day may show less or more: a change below {result.smallest_change_kg:.1f} kg is within measurement error."
    )


def _tell_notes(notes: list[Any]) -> None:
    for note in notes:
        typer.echo(f"Note: {note.message}")
