"""The API mounted in a Bento service, as it is deployed."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect as open_socket

from ascension_core.platform.embedded.ports import choose_ports
from ascension_core.platform.keys import Keys

BENTOML = Path(sys.executable).with_name("bentoml")


@pytest.fixture
def served(database, own_bucket, client_notebooks, root, tmp_path, eventually):
    """The address of the API within a running service."""
    endpoint = own_bucket._endpoint()
    (port,) = choose_ports(1)
    known = {
        **os.environ,
        "ASCENSION_HOME": str(tmp_path),
        "ASCENSION_DATABASE_URL": database.url(),
        "ASCENSION_S3_ENDPOINT": endpoint.address,
        "ASCENSION_S3_ACCESS_KEY": endpoint.access_key,
        "ASCENSION_S3_SECRET_KEY": endpoint.secret_key,
        "ASCENSION_S3_BUCKET": own_bucket.bucket,
        "ASCENSION_NOTEBOOKS": str(client_notebooks),
        "BENTOML_HOME": str(tmp_path / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
    }
    command = [BENTOML, "serve", "services.api.service:Api", "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(command, cwd=root, env=known, stdout=log, stderr=log) as process:
        url = f"http://127.0.0.1:{port}/v1"
        assert eventually(lambda: process.poll() is None and is_ready(url), 120), (tmp_path / "log").read_text()
        yield url
        process.terminate()
        process.wait(60)


def is_ready(url):
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/readyz").status_code == 200
    return False


@pytest.mark.slow
def test_mounted_api_is_the_same(served, database, stored_row):
    _, token = Keys(database).create("bento", ["read", "write"])
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=served, headers=headers, timeout=60) as client:
        ida = client.post("/athletes", json={"name": "Ida"}).json()
        job = client.post("/jobs", json={"kind": "vision", "video_id": str(stored_row(ida)["id"])}).json()
        for path in ("/nothing", "/jobs/00000000-0000-4000-8000-000000000000"):
            assert client.get(path).json()["type"] == "urn:ascension:problem:not-found"
        assert client.patch("/jobs").headers["Allow"] == "GET, POST"
        assert client.get(f"/jobs/{job['id']}").headers["X-Request-Id"]
        with open_socket(f"{served.replace('http', 'ws')}/jobs/{job['id']}/live", additional_headers=headers) as live:
            assert json.loads(live.recv(60))["kind"] == "submitted"
            client.post(f"/jobs/{job['id']}/cancel")
            assert [json.loads(text)["kind"] for text in live] == ["cancelled"]
        with client.stream("GET", f"/jobs/{job['id']}/events") as events:
            told = [line for line in events.iter_lines() if line.startswith("event")]
        assert told == ["event: submitted", "event: cancelled"]
    assert httpx.get(f"{served}/athletes").status_code == 401
