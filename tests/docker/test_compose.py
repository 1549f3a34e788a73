"""The compose file: what can be known of it without an engine."""

import os
import re
import shutil
import subprocess

import pytest
import yaml
from typer.testing import CliRunner

from ascension_core.cli import app

OURS = {"migrate", "mlflow", "worker", "scheduler", "api", "lab"}


@pytest.fixture(scope="module")
def folder(root):
    return root / "docker"


@pytest.fixture(scope="module")
def text(folder):
    return (folder / "compose.yaml").read_text()


@pytest.fixture(scope="module")
def compose(text):
    return yaml.safe_load(text)


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


def names(pattern, text):
    return set(re.findall(pattern, text, re.MULTILINE))


def test_everything_that_a_machine_needs_is_there(services):
    assert set(services) == {"postgres", "rabbitmq", "s3"} | OURS


def test_images_are_pinned(services):
    tags = [service["image"].rpartition(":")[2] for service in services.values()]
    assert not {"", "latest"} & set(tags)
    assert all(re.match(r"\d", tag) for tag in tags)


def test_nothing_is_published_beyond_loopback(services):
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert len(ports) == 4
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_who_needs_somebody_waits_until_they_are_well(services):
    for service in services.values():
        for name, needed in service.get("depends_on", {}).items():
            condition = needed["condition"]
            assert condition == "service_completed_successfully" if name == "migrate" else condition == "service_healthy"
            assert name == "migrate" or "healthcheck" in services[name]


def test_processes_of_ours_have_no_rights(services):
    for name in OURS:
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]


def test_volumes_and_configs_are_declared_and_used(compose, services):
    used = {volume.partition(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    assert {volume for volume in used if not volume.startswith(".")} == set(compose["volumes"])
    assert {one["source"] for service in services.values() for one in service.get("configs", ())} == set(compose["configs"])


def test_secrets_come_from_the_env_file_which_git_ignores(folder, text):
    example = (folder / ".env.example").read_text()
    needed = names(r"\$\{(\w+):\?", text)
    assert needed == names(r"^(\w+)=$", example)
    assert names(r"\$\{(\w+):-", text) == names(r"^(\w+)=.+$", example)
    assert not re.search(r"(?i)(password|secret\w*|token|pass): (?!\$\{)", text)
    assert subprocess.run(["git", "check-ignore", "-q", "docker/.env"], cwd=folder.parent, check=False).returncode == 0


def test_commands_are_ones_that_the_command_line_has(services):
    for name in ("migrate", "worker", "scheduler", "api"):
        command, *options = services[name]["command"]
        told = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).stdout
        assert all(option in told for option in options if option.startswith("--")), name


def test_image_is_made_from_the_lock_for_a_user_without_rights(folder):
    steps = (folder / "Dockerfile").read_text()
    assert "--require-hashes" in steps
    assert steps.index("USER 10001") < steps.index("ENTRYPOINT")
    assert "latest" not in steps
    copied = {
        word for line in steps.splitlines() if line.startswith("COPY") and "--from" not in line for word in line.split()[1:-1]
    }
    kept = names(r"^!(.+)$", (folder / "Dockerfile.dockerignore").read_text())
    assert all(any(word == one or word.startswith(f"{one}/") for one in kept) for word in copied)
    assert all((folder.parent / word).exists() for word in copied)


def test_docker_understands_it(folder, text):
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    ):
        pytest.skip("needs Docker's plugin compose")
    environment = {**os.environ, **dict.fromkeys(names(r"\$\{(\w+):\?", text), "x")}
    command = ["docker", "compose", "-f", folder / "compose.yaml", "config", "--quiet"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
