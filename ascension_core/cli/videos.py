"""``ascension videos``: store videos, look at them, delete them with all that came from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from ascension_core.cli.athletes import find_athlete, report_erased, row_document
from ascension_core.cli.console import print_json, progress_bar
from ascension_core.errors import InvalidOption

if TYPE_CHECKING:
    from ascension_core.platform.uploads import Expected

app = typer.Typer(help="Store videos and delete them.", no_args_is_help=True)

KIND = "vision"
LONGEST_NAME = 255
TYPES: Mapping[str, str] = {
    "mov,mp4,m4a,3gp,3g2,mj2": "video/mp4",
    "matroska,webm": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "mpeg": "video/mpeg",
    "ogg": "video/ogg",
    "asf": "video/x-ms-wmv",
}
"""By FFmpeg's name of the container, which is found in the file; of its family, the file's name says which one it is."""
MEMBERS: Mapping[tuple[str, str], str] = {
    ("video/mp4", ".mov"): "video/quicktime",
    ("video/mp4", ".3gp"): "video/3gpp",
    ("video/x-matroska", ".webm"): "video/webm",
}

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]
VideoId = Annotated[UUID, typer.Argument(help="The video's id.", show_default=False)]
Athlete = Annotated[str | None, typer.Option(help="Id or name of the athlete.", show_default=False)]


@app.command()
def add(
    files: Annotated[list[Path], typer.Argument(help="Video files.", show_default=False)],
    athlete: Athlete = None,
    analyze: Annotated[bool, typer.Option("--analyze", help=f"Submit a `{KIND}` job for each.")] = False,
    as_json: AsJson = False,
) -> None:
    """Store videos; prints the id of each (and of its job). Nothing is stored unless every file is a video."""
    from ascension_core.platform.database import database
    from ascension_core.platform.objects import object_store
    from ascension_core.platform.videos import store

    videos = {file: _look_at(file) for file in files}
    rows = []
    with database() as opened, object_store() as objects:
        athlete_id = find_athlete(opened, athlete) if athlete is not None else None
        for file, video in videos.items():
            with progress_bar(quiet=as_json) as progress:
                rows.append(store(opened, objects, file, replace(video, athlete_id=athlete_id), progress))
    stored = [_known(row) | ({"job": _submit(row)} if analyze else {}) for row in rows]
    if as_json:
        print_json({"videos": stored})
        return
    for row in stored:
        typer.echo(f"{row['id']}  {row['file_name']}" + (f"  job {row['job']}" if analyze else ""))


@app.command("list")
def list_(
    athlete: Athlete = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List videos, the newest first."""
    from ascension_core.platform.database import database
    from ascension_core.platform.listing import Reach, page

    with database() as opened:
        reach = Reach(find_athlete(opened, athlete)) if athlete is not None else Reach(unowned=True)
        rows = page(opened, "videos", reach, {}, limit=limit).rows
    if as_json:
        print_json({"videos": [_known(row) for row in rows]})
        return
    for row in rows:
        size = f"{row['bytes'] / 1e6:.1f} MB"
        typer.echo(f"{row['id']}  {row['created_at']:%Y-%m-%d %H:%M}  {size:>11}  {row['status']:<9}{row['file_name']}")


@app.command()
def show(video_id: VideoId, as_json: AsJson = False) -> None:
    """Show all that is known of a video, with its jobs."""
    from ascension_core.platform.database import database

    with database() as opened:
        row = opened.row("select * from videos where id = %s", [video_id])
        jobs = opened.rows("select id, kind, status from jobs where video_id = %s order by created_at", [video_id])
    if row is None:
        raise InvalidOption(f"there is no video {video_id}")
    if as_json:
        print_json({**_known(row), "jobs": [row_document(job) for job in jobs]})
        return
    for name, value in _known(row).items():
        if value is not None:
            typer.echo(f"{name:<16}{value}")
    for job in jobs:
        typer.echo(f"{'job':<16}{job['id']}  {job['kind']}  {job['status']}")


@app.command()
def rm(video_id: VideoId, as_json: AsJson = False) -> None:
    """Delete a video for good, with all that came from it: jobs, results, notebooks, MLflow runs."""
    from ascension_core.platform.database import database
    from ascension_core.platform.deletion import erase
    from ascension_core.platform.objects import object_store

    with database() as opened, object_store() as objects:
        report_erased("video", erase(opened, objects, "videos", video_id), as_json)


def _look_at(file: Path) -> Expected:
    """What the file is, if it is a video that can be used."""
    from ascension_core.platform.plain import as_storable
    from ascension_core.platform.uploads import Expected
    from ascension_core.video import Limits, probe
    from ascension_core.video.probe import open_container

    info = probe(file)
    with open_container(file, Limits.from_settings()) as (container, _):
        family = container.format.name
    content_type = TYPES.get(family, f"video/x-{family.partition(',')[0]}")
    content_type = MEMBERS.get((content_type, file.suffix.lower()), content_type)
    name = "".join(letter if letter.isprintable() else "\ufffd" for letter in as_storable(file.name))
    return Expected(None, name[-LONGEST_NAME:], content_type, info.bytes)


def _submit(row: Mapping[str, Any]) -> str:
    from ascension_core.platform.jobs import Wish, open_jobs

    wish = Wish(KIND, {"video": row["object_key"]}, athlete_id=row["athlete_id"], video_id=row["id"])
    with open_jobs() as jobs:
        return str(jobs.submit(wish).id)


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row_document(dict(row)).items() if name != "idempotency_key"}
