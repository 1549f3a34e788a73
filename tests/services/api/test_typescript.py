"""A client in TypeScript, made from the OpenAPI document, compiled strictly and run."""

import json
import os
import shutil
import subprocess

import pytest

from ascension_core.platform.keys import Keys

COMPILE = ["--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck", "smoke.ts"]


@pytest.fixture(scope="session")
def project(root, tmp_path_factory):
    """A folder with the compiler, and the client made and compiled."""
    if not shutil.which("npm"):
        pytest.skip("needs node and npm: install them")
    folder = tmp_path_factory.mktemp("typescript")
    for file in (root / "tests" / "services" / "api" / "typescript").iterdir():
        shutil.copy(file, folder)
    npm(folder, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error")
    npm(folder, "npx", "--no-install", "openapi-typescript", root / "docs" / "openapi.json", "--output", "schema.d.ts")
    npm(folder, "npx", "--no-install", "tsc", *COMPILE)
    return folder


def npm(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_client_in_typescript_is_understood(project, api, database):
    _, token = Keys(database).create("typescript", ["read", "write"])
    known = {**os.environ, "API": api, "KEY": token}
    done = subprocess.run(["node", "smoke.js"], cwd=project, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "athlete": "Ida",
        "method": "PUT",
        "problem": "urn:ascension:problem:not-uploaded",
        "status": "expected",
        "complete": True,
    }
