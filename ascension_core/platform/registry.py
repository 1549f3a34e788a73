"""MLflow's model registry: numbered versions of a folder, aliases that move, and a history of their moves.

Aliases are moved by one process at a time, whatever the store: a registered model called ``NAME.lock`` exists while somebody
does, because making one is the one step that every store takes for one caller only.
"""

from __future__ import annotations

import getpass
import json
import logging
import os
import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ascension_core.errors import InvalidVersion, OutputNotWritable, ServerUnavailable
from ascension_core.platform.tracking import QUIET, experiment_id, load_mlflow, tracking_uri

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

EXPERIMENT = "registry"
LONGEST_REASON = 1000

_HISTORY = "history."
_LOCK_PATIENCE_S = 60.0
_LOCK_STALE_S = 120.0
"""Whoever holds the lock for longer has died: a move is a few small requests."""
_PAUSE_S = 0.1


@dataclass(frozen=True)
class Entry:
    """One registered version."""

    name: str
    number: int
    aliases: tuple[str, ...]
    created_at: datetime
    run_id: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """One move of an alias.

    Attributes
    ----------
    at
        When, in ISO form.
    who
        Name of the account.
    action
        What it was for, such as ``promote``.
    before, after
        Numbers; None for no version.
    because
        The reason given, if any.
    despite
        What spoke against it, if anything.
    """

    at: str
    who: str
    action: str
    alias: str
    before: int | None
    after: int | None
    because: str | None = None
    despite: str | None = None


@dataclass(frozen=True)
class Example:
    """What a registered model takes and gives: tables of one row, ``{column: [value]}``."""

    takes: Mapping[str, list[Any]]
    gives: Mapping[str, list[Any]]


class Registry:
    """The registry of the tracking store that the settings name, or of the one in a folder.

    Parameters
    ----------
    store
        Folder of a local store, where no server is set; by default what `tracking_uri` takes.
    """

    def __init__(self, store: Path | None = None) -> None:
        self._store = store
        self._uri = tracking_uri(self._store)
        load_mlflow()
        with _reachable():
            self._client = _connect(self._uri)

    def add(
        self, name: str, folder: Path, *, model: Path, example: Example, tags: Mapping[str, str], alias: str | None = None
    ) -> Entry:
        """Keep a folder as the next version.

        Parameters
        ----------
        name
            Of the registered model.
        folder
            What is kept, as the artifact ``bundle``.
        model
            A Python file that makes a ``mlflow.pyfunc.PythonModel`` of it ("models from code").
        example
            From which the model's signature is taken.
        tags
            Of the version.
        alias
            Moved to the new version.
        """
        with _reachable():
            source, run_id, model_id = self._log(name, folder, model, example)
            self._make(name)
            made = self._client.create_model_version(name, source, run_id, tags=dict(tags), model_id=model_id)
        number = int(made.version)
        if alias is not None:
            self.move(name, alias, number, before=self.alias(name, alias), action="register")
        return self.get(name, str(number))

    def entries(self, name: str) -> list[Entry]:
        """All versions, the newest first; empty where there is nothing of that name."""
        with _reachable():
            found = self._client.search_model_versions(f"name='{name}'")
            aliases = self._aliases(name)
        return sorted((_entry(version, aliases) for version in found), key=lambda entry: -entry.number)

    def get(self, name: str, which: str) -> Entry:
        """A version by its number or an alias.

        Raises
        ------
        InvalidVersion
            If there is none.
        """
        aliases = self._aliases(name)
        number = which if which.isdecimal() else str(aliases.get(which, ""))
        if not number:
            known = f"; there are {', '.join(sorted(aliases))}" if aliases else ""
            raise InvalidVersion(f"{name} has no version called {which!r}{known}")
        with _reachable(missing=f"{name} has no version {number}: see `ascension models list {name}`"):
            return _entry(self._client.get_model_version(name, number), aliases)

    def fetch(self, entry: Entry, folder: Path) -> None:
        """Fetch the folder of a version; it appears when it is complete."""
        from mlflow.artifacts import download_artifacts

        folder.parent.mkdir(parents=True, exist_ok=True)
        self._use()
        with _reachable(), tempfile.TemporaryDirectory(prefix=".ascension-", dir=folder.parent) as scratch:
            uri = f"models:/{entry.name}/{entry.number}"
            found = download_artifacts(artifact_uri=uri, dst_path=scratch)
            (bundle,) = (Path(found) / "artifacts").iterdir()
            with suppress(OSError):  # somebody else was faster
                bundle.rename(folder)
        if not folder.is_dir():
            raise OutputNotWritable(f"{folder} cannot be written")

    def alias(self, name: str, alias: str) -> int | None:
        """Number of the version that an alias stands for; None where it stands for none."""
        return self._aliases(name).get(alias)

    def move(
        self,
        name: str,
        alias: str,
        after: int | None,
        *,
        before: int | None,
        action: str,
        because: str | None = None,
        despite: str | None = None,
    ) -> Change:
        """Let an alias stand for another version, or for none, and write it into the history.

        Parameters
        ----------
        before
            The number that it is believed to stand for: if somebody else has moved it meanwhile, nothing is done.

        Raises
        ------
        InvalidVersion
            If it was moved by somebody else, or the reason is too long.
        """
        if because is not None and len(because) > LONGEST_REASON:
            raise InvalidVersion(f"a reason may have {LONGEST_REASON} characters, this one has {len(because)}")
        change = Change(datetime.now(UTC).isoformat(timespec="seconds"), _who(), action, alias, before, after, because, despite)
        with _reachable(), self._locked(name):
            now = self.alias(name, alias)
            if now != before:
                raise InvalidVersion(f"{alias} of {name} has just been moved to {now} by somebody else: look again")
            self._write(name, change)
        return change

    def history(self, name: str) -> list[Change]:
        """All moves of aliases, the oldest first."""
        tags = self._tags(name)
        return [Change(**json.loads(tags[key])) for key in sorted(tags) if key.startswith(_HISTORY)]

    def tag(self, entry: Entry, tags: Mapping[str, str]) -> None:
        """Write something down about a version."""
        with _reachable():
            for key, value in tags.items():
                self._client.set_model_version_tag(entry.name, str(entry.number), key, value)

    def remember(self, entry: Entry, key: str, metrics: Mapping[str, float], document: Mapping[str, Any]) -> str:
        """Keep what was measured of a version under a key; the id of the run."""
        tags = {"registry.name": entry.name, "registry.version": str(entry.number), "registry.key": key}
        with _reachable():
            run = self._client.create_run(
                experiment_id(self._client, EXPERIMENT, self._store), tags=tags, run_name=f"{entry.name} {entry.number}: {key}"
            )
            for metric, value in metrics.items():
                self._client.log_metric(run.info.run_id, re.sub(r"[^A-Za-z0-9_. /-]+", "_", metric), value)
            self._client.log_dict(run.info.run_id, dict(document), "measurement.json")
            self._client.set_terminated(run.info.run_id)
        return str(run.info.run_id)

    def recall(self, entry: Entry, key: str) -> dict[str, Any] | None:
        """What was kept of a version under a key; None where there is nothing."""
        from mlflow.artifacts import load_dict

        query = " and ".join((
            "attributes.status = 'FINISHED'",
            f"tags.`registry.name` = '{entry.name}'",
            f"tags.`registry.version` = '{entry.number}'",
            f"tags.`registry.key` = '{key}'",
        ))  # fmt: skip
        self._use()
        with _reachable():
            experiment = experiment_id(self._client, EXPERIMENT, self._store)
            runs = self._client.search_runs([experiment], query, max_results=1)
            return dict(load_dict(f"{runs[0].info.artifact_uri}/measurement.json")) if runs else None

    def _log(self, name: str, folder: Path, model: Path, example: Example) -> tuple[str, str, str]:
        """Source, run and id of a logged model."""
        import mlflow
        import pandas as pd
        from mlflow.models import infer_signature

        takes = pd.DataFrame(dict(example.takes))
        self._use()
        with mlflow.start_run(experiment_id=experiment_id(self._client, EXPERIMENT, self._store), run_name=name) as run:
            info = mlflow.pyfunc.log_model(
                name=name,
                python_model=str(model),
                artifacts={"bundle": str(folder)},
                signature=infer_signature(takes, pd.DataFrame(dict(example.gives))),
                input_example=takes,
                pip_requirements=[],  # the version lists its own, pinned
            )
        return info.model_uri, run.info.run_id, info.model_id

    def _use(self) -> None:
        """Point what MLflow offers as plain functions here."""
        import mlflow

        mlflow.set_tracking_uri(self._uri)
        mlflow.set_registry_uri(self._uri)

    def _make(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        with suppress(MlflowException):  # it exists; whatever else is wrong shows in the next step
            self._client.create_registered_model(name)

    def _write(self, name: str, change: Change) -> None:
        number = sum(key.startswith(_HISTORY) for key in self._tags(name))
        if change.after is None:
            self._client.delete_registered_model_alias(name, change.alias)
        else:
            self._client.set_registered_model_alias(name, change.alias, str(change.after))
        self._client.set_registered_model_tag(name, f"{_HISTORY}{number:06d}", json.dumps(asdict(change)))

    def _aliases(self, name: str) -> dict[str, int]:
        model = self._model(name)
        return {alias: int(number) for alias, number in model.aliases.items()} if model else {}

    def _tags(self, name: str) -> dict[str, str]:
        model = self._model(name)
        return dict(model.tags) if model else {}

    def _model(self, name: str) -> Any:
        with _reachable():
            found = self._client.search_registered_models(f"name='{name}'", max_results=1)
        return found[0] if found else None

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        """Keep others from moving aliases of a model."""
        from mlflow.exceptions import MlflowException

        lock, end = f"{name}.lock", time.monotonic() + _LOCK_PATIENCE_S
        while True:
            try:
                self._client.create_registered_model(lock)
                break
            except MlflowException as cause:
                if cause.error_code not in {"RESOURCE_ALREADY_EXISTS", "TEMPORARILY_UNAVAILABLE"}:
                    raise
                if time.monotonic() > end:
                    raise ServerUnavailable(f"the registered model {lock} does not go away: delete it") from cause
            self._break(lock)
            time.sleep(_PAUSE_S)
        try:
            yield
        finally:
            self._client.delete_registered_model(lock)

    def _break(self, lock: str) -> None:
        """Remove a lock whose owner has died."""
        held = self._model(lock)
        if held and time.time() - held.creation_timestamp / 1000 > _LOCK_STALE_S:
            from mlflow.exceptions import MlflowException

            with suppress(MlflowException):  # somebody else was faster
                self._client.delete_registered_model(lock)


def _connect(uri: str) -> MlflowClient:
    quiet = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
    os.environ.update(QUIET | quiet)
    from mlflow import MlflowClient

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _entry(version: ModelVersion, aliases: Mapping[str, int]) -> Entry:
    number = int(version.version)
    return Entry(
        name=version.name,
        number=number,
        aliases=tuple(sorted(alias for alias, of in aliases.items() if of == number)),
        created_at=datetime.fromtimestamp(version.creation_timestamp / 1000, UTC),
        run_id=version.run_id or "",
        tags=dict(version.tags),
    )


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return "unknown"


@contextmanager
def _reachable(*, missing: str | None = None) -> Iterator[None]:
    """Say of what MLflow raises what it is, without the address (which may hold a password)."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as cause:
        if missing and cause.error_code in {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}:
            raise InvalidVersion(missing) from cause
        said = re.sub(r"\S+://\S+", "…", (str(cause).splitlines() or [""])[0])[:200]
        raise ServerUnavailable(f"MLflow cannot be used: {said}") from cause
