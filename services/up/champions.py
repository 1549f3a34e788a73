"""Which versions the pipelines' services run with: the registry's champions at the time when they start."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit

from ascension_core.errors import ModelError, ServerUnavailable
from ascension_core.pipelines.versions import NAMES
from experiments.registry.gate import CHAMPION

_TIMEOUT_S = 30


def variables(tracker: str, ascension: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """``ASCENSION_PIPELINE_…`` for each pipeline that has a champion, and is not named in the environment already.

    Parameters
    ----------
    tracker
        Address of the MLflow server.
    ascension
        The command.
    environment
        In which it is run.

    Raises
    ------
    ServerUnavailable
        The registry is away.
    ModelError
        A champion was tampered with, or cannot run with this code.
    """
    unnamed = {name: variable for name in NAMES if (variable := f"ASCENSION_PIPELINE_{name.upper()}") not in environment}
    led = {name: variable for name, variable in unnamed.items() if has_champion(tracker, name)}
    return {variable: _fetched(name, ascension, environment) for name, variable in led.items()}


def has_champion(tracker: str, name: str) -> bool:
    """Whether the registry of a server has one. Asked over its REST API: MLflow's client alone takes seconds to import."""
    if not urlsplit(tracker).scheme.startswith("http"):
        from ascension_core.platform.registry import Registry

        return Registry().alias(name, CHAMPION) is not None
    url = f"{tracker.rstrip('/')}/api/2.0/mlflow/registered-models/alias?name={quote(name)}&alias={CHAMPION}"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S):
            return True
    except urllib.error.HTTPError as error:
        if error.code in {400, 404}:  # no such alias, no such model
            return False
        raise ServerUnavailable(f"MLflow's registry answers {error.code}") from error
    except (urllib.error.URLError, OSError) as error:
        raise ServerUnavailable("MLflow's registry cannot be reached") from error


def _fetched(name: str, ascension: Sequence[str], environment: Mapping[str, str]) -> str:
    command = [*ascension, "models", "fetch", name, CHAMPION]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ModelError(f"the champion of {name} cannot be had: {done.stderr.strip()[-500:]}")
    return done.stdout.strip()
