"""Laws of the house that hold for every file."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = {".py", ".md", ".toml", ".txt", ".yml", ".yaml", ".ipynb", ".html", ".js", ".css", ".json", ".cfg", ""}
PRIVATE_PATHS = re.compile(r"(?<![\w.~}/-])/(?:root|work|tmp|home/(?!bentoml/)\w+|Users/\w+)/\S")
REGISTRIES = re.compile(
    r"\b(?:files\.|test\.)?(?:py" + r"pi\.org|pythonhosted\.org)|registry\.npm" + r"js\.org|conda\.ana" + r"conda\.org"
)

OWN_WEIGHTS = {"ascension_core/wall/weights/holds.onnx"}


@pytest.fixture(scope="module")
def texts(root, tracked):
    names = [name for name in tracked if Path(name).suffix in TEXT]
    return {name: (root / name).read_text(errors="replace") for name in names}


def found(pattern, texts):
    return [f"{name}: {match.group()}" for name, text in texts.items() for match in pattern.finditer(text)]


def test_no_file_names_a_folder_of_somebodys_machine(texts):
    assert found(PRIVATE_PATHS, texts) == []


def test_no_file_names_a_package_registry(texts):
    assert found(REGISTRIES, texts) == []


def test_only_our_own_network_weights_are_in_git(tracked):
    weights = (".tflite", ".task", ".onnx", ".pt", ".safetensors")
    assert [name for name in tracked if name.endswith(weights) and name not in OWN_WEIGHTS] == []


def test_no_file_is_larger_than_three_megabytes_and_our_weights_than_twenty(root, tracked):
    sizes = {name: (root / name).stat().st_size for name in tracked if (root / name).is_file()}
    assert [name for name, size in sizes.items() if size > (20_000_000 if name in OWN_WEIGHTS else 3_000_000)] == []


def test_arrows_point_down(root):
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_pages_link_to_files_that_exist(root, texts):
    pages = {name: re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL) for name, text in texts.items() if name.endswith(".md")}
    links = [(name, link) for name, text in pages.items() for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)]
    assert [(name, link) for name, link in links if not (root / name).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (PRIVATE_PATHS, "open('/" + "root/x')"),
        (PRIVATE_PATHS, "see /" + "work/main/notes"),
        (REGISTRIES, "https://py" + "pi.org/simple"),
        (REGISTRIES, "registry.npm" + "js.org"),
    ],
)
def test_patterns_find_what_they_are_for(pattern, text):
    assert pattern.search(text)
