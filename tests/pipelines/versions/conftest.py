"""Versions to look at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ascension_core.pipelines import versions
from ascension_core.settings import settings


@pytest.fixture(scope="session")
def training_version(tmp_path_factory: pytest.TempPathFactory) -> versions.PipelineVersion:
    """A version of the training pipeline; not to be changed."""
    return versions.write(tmp_path_factory.mktemp("versions") / "training", "training", {"seed": 3})


@pytest.fixture
def fresh_settings() -> Iterator[None]:
    """The environment is read anew in this test, and after it."""
    settings.cache_clear()
    yield
    settings.cache_clear()
