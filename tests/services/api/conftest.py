"""The API as it runs: over HTTP on loopback, with real servers behind it."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from ascension_core.platform.database import Database
from ascension_core.platform.jobs import Jobs, Lease, Worksheet
from ascension_core.platform.keys import Keys
from ascension_core.platform.objects import ObjectStore
from ascension_core.platform.queue.postgres import PostgresQueue
from ascension_core.settings import Settings
from services.api.app import create_server
from services.api.backend import Doors
from services.api.listening import configured

INPUT = {"type": ["string", "null"], "format": "input"}
OUTPUT = {"type": "string", "format": "output"}


@pytest.fixture(scope="session")
def client_notebooks(tmp_path_factory: pytest.TempPathFactory, write_notebook: Callable[..., None]) -> Path:
    """Kinds as the real ones are, without their work: two for clients, one for admins."""
    folder = tmp_path_factory.mktemp("client-notebooks")

    def write(name: str, cell: str, rules: dict[str, Any], **said: str) -> None:
        file = folder / f"{name}.ipynb"
        write_notebook(file, cell, rules)
        document = json.loads(file.read_text())
        document["metadata"]["ascension"] |= said
        file.write_text(json.dumps(document))

    model = {"enum": ["lite", "full"]}
    vision = {"video": {"type": "string", "format": "input"}, "ghost": INPUT, "out": OUTPUT, "model": model}
    cell = 'video = "clip.mp4"\nghost = None\nout = "out"\nmodel = "full"\n'
    write("vision", cell, vision, result="analysis.json", stores="analysis")
    program = {"athlete": {"type": ["string", "object"], "format": "input"}, "adapt": INPUT, "out": OUTPUT}
    cell = 'athlete = "ida.json"\nadapt = None\nout = "out"\n'
    write("training_program", cell, program, result="program.json", stores="program")
    write("sweep", "n = 1\n", {"n": {"type": "integer"}})
    return folder


@pytest.fixture(scope="session")
def serve(own_database: Database, own_bucket: ObjectStore, client_notebooks: Path) -> Callable[..., Any]:
    """Runs the API: ``with serve(api_rate=3) as url:``."""

    @contextmanager
    def serve(**changes: Any) -> Iterator[str]:
        doors = Doors(own_database, own_bucket, Jobs(own_database, PostgresQueue(own_database), client_notebooks))
        known = Settings.model_construct(**{"api_rate": 0, **changes})
        app = create_server(lambda: nullcontext(doors), known)
        server = uvicorn.Server(configured(app, "127.0.0.1", 0))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.should_exit = True
            thread.join(60)
            assert not thread.is_alive()

    return serve


@pytest.fixture(scope="session")
def running(serve: Callable[..., Any]) -> Iterator[str]:
    """The address of an API with the usual limits, but for the rate."""
    with serve() as url:
        yield url


@pytest.fixture
def api(running: str, database: Database, objects: ObjectStore) -> str:
    """The same, with nothing in its database."""
    return running


@pytest.fixture
def connect(api: str, database: Database) -> Iterator[Callable[..., httpx.Client]]:
    """Makes clients with a key of their own: ``connect("read", athlete=ida)``."""
    clients: list[httpx.Client] = []

    def connect(*scopes: Any, athlete: Any = None) -> httpx.Client:
        _, token = Keys(database).create("test", scopes or ("read", "write"), athlete_id=athlete and athlete["id"])
        clients.append(httpx.Client(base_url=api, headers={"Authorization": f"Bearer {token}"}, timeout=60))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


@pytest.fixture
def backend(connect: Callable[..., httpx.Client]) -> httpx.Client:
    """A client that reaches all athletes."""
    return connect()


@pytest.fixture
def ida(backend: httpx.Client) -> dict[str, Any]:
    """An athlete."""
    return backend.post("/athletes", json={"name": "Ida"}).json()


@pytest.fixture
def store_video(backend: httpx.Client, synthetic_clip: Path) -> Callable[..., dict[str, Any]]:
    """Uploads a clip as a phone would: ``store_video(ida)``."""

    def store(athlete: dict[str, Any], content: bytes | None = None) -> dict[str, Any]:
        content = synthetic_clip.read_bytes() if content is None else content
        asked = {"athlete_id": athlete["id"], "file_name": "a clip.mp4", "content_type": "video/mp4", "bytes": len(content)}
        made = backend.post("/videos", json=asked).json()
        put = httpx.put(made["upload"]["url"], content=content, headers=made["upload"]["headers"])
        assert put.status_code == 200, put.text
        return made["video"]

    return store


@pytest.fixture
def stored_row(database: Database, objects: ObjectStore) -> Callable[..., dict[str, Any]]:
    """Puts a video into its place without an upload: ``stored_row(ida)``."""

    def put(athlete: dict[str, Any] | None = None, content: bytes = b"a video") -> dict[str, Any]:
        query = """insert into videos (athlete_id, object_key, file_name, content_type, bytes, sha256, status, stored_at)
            values (%s, 'videos/' || gen_random_uuid() || '/clip.mp4', 'clip.mp4', 'video/mp4', %s, %s, 'stored', now())
            returning *"""
        sha256 = hashlib.sha256(content).hexdigest()
        row = database.row(query, [athlete and athlete["id"], len(content), sha256])
        objects.upload_stream(row["object_key"], io.BytesIO(content), "video/mp4")
        return row

    return put


@pytest.fixture
def worker(database: Database, client_notebooks: Path) -> Iterator[Worksheet]:
    """The side of a worker, played by the test."""
    with closing(PostgresQueue(database)) as queue:
        yield Worksheet(Jobs(database, queue, client_notebooks), "worker", ["vision", "training_program", "sweep"], 60.0)


@pytest.fixture
def finish(worker: Worksheet, objects: ObjectStore, take: Callable[..., Lease]) -> Callable[..., Lease]:
    """Does the next job: ``finish({"kind": "analysis"}, {"track.json.gz": data})``."""

    def finish(document: dict[str, Any], files: dict[str, bytes] | None = None) -> Lease:
        lease = take(worker)
        prefix = f"jobs/{lease.job.id}/1/"
        known = {}
        for name, content in (files or {}).items():
            kind = "application/gzip" if name.endswith(".gz") else "text/html"
            objects.upload_stream(prefix + name, io.BytesIO(content), kind)
            known[name] = {"key": prefix + name, "bytes": len(content), "type": kind}
        worker.succeed(lease, {**document, "files": known}, notebook_key=f"{prefix}notebook.ipynb")
        return lease

    return finish
