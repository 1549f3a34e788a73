"""``ascension migrate``: what a deployment does once before its processes start."""

from __future__ import annotations

import typer


def migrate() -> None:
    """Bring database, bucket and queues up to date. Every process does so when it starts; this one says so if it fails."""
    from contextlib import closing

    from ascension_core.platform.database import database, migrations
    from ascension_core.platform.jobs import kinds
    from ascension_core.platform.objects import object_store
    from ascension_core.platform.queue import job_queue

    with database() as opened, closing(job_queue(opened)) as queue:
        typer.echo(f"database: schema {migrations()[-1].number}")
        queue.waiting(list(kinds()))
        typer.echo(f"queues: {', '.join(kinds())}")
    with object_store() as objects:
        typer.echo(f"objects: bucket {objects.bucket}")
