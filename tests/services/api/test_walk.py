"""The walk through docs/api.md, as it stands there."""

import gzip
import os
import re
import shutil
import subprocess
import threading
import zipfile

import pytest

from ascension_core.platform.keys import Keys


@pytest.fixture
def commands(root):
    """All commands of the page in one script."""
    return "\n".join(re.findall(r"```bash\n(.*?)```", (root / "docs" / "api.md").read_text(), re.DOTALL))


def test_walk_through_goes_as_it_says(commands, api, database, synthetic_clip, finish, tmp_path):
    if not (shutil.which("curl") and shutil.which("jq")):
        reason = "needs curl and jq: install them"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    _, token = Keys(database).create("walk", ["read", "write"])
    files = {"track.json.gz": gzip.compress(b'{"points": []}'), "report.html": b"<p>hello</p>"}
    worker = threading.Thread(target=finish, args=({"kind": "analysis", "track": {"file": "track.json.gz"}}, files))
    worker.start()
    known = {**os.environ, "API": api, "KEY": token, "CLIP": str(synthetic_clip)}
    script = ["bash", "-euo", "pipefail", "-c", commands]
    done = subprocess.run(script, cwd=tmp_path, env=known, capture_output=True, text=True, check=False)
    worker.join()
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.split("\n")
    assert said[0] == "stored"
    assert [line for line in said if line.startswith("event:")] == ["event: submitted", "event: started", "event: succeeded"]
    assert said[-2] == '{"videos":1,"complete":true}'
    assert (tmp_path / "track.json").read_bytes() == b'{"points": []}'
    assert zipfile.ZipFile(tmp_path / "ida.zip").testzip() is None
    assert database.rows("select id from athletes") == []
