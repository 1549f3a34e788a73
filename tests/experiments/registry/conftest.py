"""A local registry, and versions whose measurements are planted: to measure takes long, and has tests of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from ascension_core.platform.registry import Entry, Registry
from ascension_core.settings import settings
from experiments.registry import gate
from experiments.registry.data import Data
from experiments.registry.metrics import PROTOCOL

ERRORS = {"good": 1.0, "bad": 1.5}
"""Mean error of the versions of `strength` in the store, the first and the second."""


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder, a store with two versions of `strength`, and evaluation data that stand for some."""
    base = tmp_path_factory.mktemp("registry")
    with pytest.MonkeyPatch.context() as patch:
        _use(base, patch)
        (base / "data" / "athletes").mkdir(parents=True)
        registry = Registry(base / "mlruns")
        for note, error in ERRORS.items():
            plant(registry, gate.register(registry, "strength", note=note), error)
    settings.cache_clear()
    return base


@pytest.fixture
def registry(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A store of this test's own with the two versions, neither of which is champion."""
    _use(template, monkeypatch)
    (tmp_path / "mlruns").mkdir()
    shutil.copy(template / "mlruns" / "mlflow.db", tmp_path / "mlruns")
    monkeypatch.chdir(tmp_path)
    yield Registry()
    settings.cache_clear()


@pytest.fixture
def empty_registry(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A store of this test's own with nothing in it."""
    _use(template, monkeypatch)
    yield Registry(tmp_path / "mlruns")
    settings.cache_clear()


@pytest.fixture
def judge(registry: Registry) -> Callable[..., gate.Judgement]:
    """Compares a version of `strength` with the champion."""
    return lambda which: gate.judge(registry, "strength", str(which), "quick")


def plant(registry: Registry, entry: Entry, error: float) -> None:
    """Remember of a version of `strength` what measuring it would have found."""
    noise = np.random.default_rng(entry.number).normal(0, 0.1, (60, 1))
    document = {name: {"kind": "mean", "units": (error + noise).tolist()} for name in ("mae_unseen", "mae_known")}
    key = f"quick-{PROTOCOL}-{Data.of('strength', 'quick').sha256()[:16]}"
    registry.remember(entry, key, {"mae_unseen": error}, document)


def _use(base: Path, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("ASCENSION_MLFLOW_URI", raising=False)
    patch.setenv("ASCENSION_HOME", str(base / "home"))
    patch.setenv("ASCENSION_DATA", str(base / "data"))
    settings.cache_clear()
