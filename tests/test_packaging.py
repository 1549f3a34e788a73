"""What is installed, locked and shipped is what pyproject.toml says."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def pyproject(root):
    return tomllib.loads((root / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def declared(pyproject):
    return [*pyproject["project"]["dependencies"], *pyproject["dependency-groups"]["dev"]]


@pytest.fixture(scope="module")
def locked(root):
    """Version by canonical name, of every requirement of the lock file."""
    found = re.findall(r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", (root / "requirements.txt").read_text(), re.MULTILINE)
    return {(canonicalize_name(name), version) for name, version in found}


def test_there_is_one_cv2():
    assert packages_distributions()["cv2"] == ["opencv-contrib-python-headless"]


def test_mediapipe_is_the_last_version_that_stays_offline(locked):
    assert {version for name, version in locked if name == "mediapipe"} == {"0.10.33"}


def test_conda_environment_equals_pyproject(root, pyproject, declared):
    environment = yaml.safe_load((root / "environment.yml").read_text())
    python, pip, packages = environment["dependencies"]
    assert environment["channels"] == ["conda-forge"]
    assert python == "python" + pyproject["project"]["requires-python"]
    assert pip == "pip"
    assert packages["pip"] == [*declared, "--editable ."]


def test_every_dependency_is_bounded_above(declared):
    unbounded = [d for d in declared if not any(s.operator in {"<", "==", "<=", "~="} for s in Requirement(d).specifier)]
    assert unbounded == []


def test_lock_satisfies_every_declared_bound(declared, locked):
    for requirement in map(Requirement, declared):
        versions = [version for name, version in locked if name == canonicalize_name(requirement.name)]
        assert versions, requirement
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_lock_has_hashes_and_no_address(root):
    text = (root / "requirements.txt").read_text()
    entries = re.split(r"\n(?=\S)", text)
    assert [e for e in entries if "--hash=sha256:" not in e] == []
    assert re.findall(r"://|find-links|index-url", text) == []


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as archive:
        return archive.namelist()


def test_wheel_holds_every_file_of_the_packages(root, wheel, tracked):
    packages = ("ascension_core/", "experiments/", "services/")
    assert [name for name in tracked if name.startswith(packages) and name not in wheel] == []
    assert "ascension_core/py.typed" in wheel


def test_wheel_holds_nothing_else(wheel):
    assert {name.partition("/")[0] for name in wheel} == {
        "ascension_core",
        "experiments",
        "services",
        "ascension-0.1.0.dist-info",
    }
    assert [name for name in wheel if re.search(r"(^|/)(tests?|__pycache__)/|\.(tflite|task)$", name)] == []
