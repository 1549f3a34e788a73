"""What a process that is warm need not load any more when work comes."""

import subprocess
import sys

import pytest

WATCH = """
import sys
from pathlib import Path
{setup}
warm()
before = set(sys.modules)
{work}
print(*sorted(name for name in set(sys.modules) - before if name.startswith(("ascension_core", "scipy.stats", "ortools"))))
"""


def loaded_late(setup, work, *arguments):
    code = WATCH.format(setup=setup, work=work)
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.usefixtures("models")
def test_an_analysis_finds_all_of_it_loaded(short_clip, tmp_path):
    setup = "from ascension_core.pipelines.vision import analyze, warm"
    assert loaded_late(setup, "analyze(Path(sys.argv[1]), Path(sys.argv[2]))", short_clip, tmp_path) == []


@pytest.mark.slow
def test_a_program_finds_all_of_it_loaded(personas, tmp_path):
    setup = "from ascension_core.pipelines.training import make_program, warm"
    athlete = personas / "office-v5.json"
    assert loaded_late(setup, "make_program(Path(sys.argv[1]), Path(sys.argv[2]))", athlete, tmp_path) == []


@pytest.mark.slow
def test_what_is_forked_after_the_eager_import_is_warm():
    setup = "from ascension_core.pipelines.training_eager import make_program, warm\nassert warm.cache_info().currsize == 1"
    assert loaded_late(setup, "warm()") == []


@pytest.mark.parametrize("service", ["vision", "training"])
def test_describing_a_service_loads_nothing_that_computes(service):
    code = f"import sys, services.{service}.app as app; app.create_app(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"scipy", "cv2", "onnxruntime", "matplotlib", "ortools", "mediapipe", "jsonschema", "pandas"}
    assert heavy.isdisjoint(done.stdout.split())
