"""Register a version, compare it with the champion, let it take the champion's place, and take it back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ascension_core.errors import InvalidVersion, ModelError, PromotionRefused
from ascension_core.pipelines import versions
from ascension_core.pipelines.versions import PipelineVersion
from ascension_core.platform.registry import Change, Entry, Example, Registry
from ascension_core.progress import Progress, silent
from ascension_core.settings import settings
from experiments.registry.comparison import Comparison, compare
from experiments.registry.data import Data
from experiments.registry.measuring import Runner, time_by_turns, timed_data, values
from experiments.registry.metrics import METRICS, PROTOCOL
from experiments.registry.samples import Samples

CHAMPION: Final = "champion"
CHALLENGER: Final = "challenger"
_METRIC: Final = "metric."

_MODEL: Final = Path(__file__).parent / "model.py"
_TAKES: Final = {"vision": "video", "hold_detector": "picture", "strength": "athlete", "training": "athlete"}


@dataclass(frozen=True)
class Judgement:
    """A candidate that was compared with whoever was champion then."""

    candidate: Entry
    champion: int | None
    comparison: Comparison


def register(
    registry: Registry,
    pipeline: str,
    options: Mapping[str, Any] | None = None,
    weights: Mapping[str, Path] | None = None,
    *,
    note: str = "",
) -> Entry:
    """Keep what is installed here, with these options and weights, as the next version, and call it the challenger.

    Raises
    ------
    InvalidOption, ModelError
        See `versions.write`.
    """
    with tempfile.TemporaryDirectory(prefix="ascension-registry-") as scratch:
        version = versions.write(Path(scratch) / pipeline, pipeline, options, weights)
        tags = {
            "commit": version.code.commit or "unknown",
            "dirty": str(bool(version.code.dirty)).lower(),
            "sources_sha256": version.code.sources_sha256,
            "note": note,
            **{f"weights.{weight.name}": weight.sha256 for weight in version.weights},
        }
        example = Example({_TAKES[pipeline]: ["..."]}, {"document": ["{}"]})
        return registry.add(pipeline, version.folder, model=_MODEL, example=example, tags=tags, alias=CHALLENGER)


def fetch(registry: Registry, pipeline: str, which: str = CHAMPION) -> PipelineVersion:
    """A version from the registry, kept under the data folder and checked; its folder is what ``ASCENSION_PIPELINE_…`` takes.

    Raises
    ------
    InvalidVersion
        There is none.
    ModelError
        It was tampered with in the registry itself.
    """
    entry = registry.get(versions.find(pipeline).name, which)
    folder = settings().home / "pipelines" / pipeline / f"{entry.number}-{entry.run_id[:8]}"
    if not folder.exists():
        return _fetched(registry, entry, folder)
    try:
        return _numbered(entry, folder)
    except ModelError:  # the copy is damaged; the registry has the original
        shutil.rmtree(folder)
        return _fetched(registry, entry, folder)


def judge(  # noqa: PLR0917
    registry: Registry, pipeline: str, which: str, suite: str, against: str = CHAMPION, progress: Progress = silent
) -> Judgement:
    """Measure a candidate and the champion, each once, time them by turns, and compare them.

    Parameters
    ----------
    which, against
        The candidate and whom it is compared with: numbers or aliases.

    Raises
    ------
    InvalidVersion
        There is no such version, or it is the champion.
    InvalidDataset
        Evaluation data are missing.
    """
    candidate = registry.get(versions.find(pipeline).name, which)
    number = registry.alias(pipeline, against) if not against.isdecimal() else int(against)
    if against != CHAMPION and number is None:
        raise InvalidVersion(f"{pipeline} has no version called {against!r}")
    if number == candidate.number:
        raise InvalidVersion(f"{pipeline} {number} is the {against} itself: there is nothing to compare")
    known = Data.of(pipeline, suite)
    entries = [candidate] if number is None else [registry.get(pipeline, str(number)), candidate]
    with timed_data(known) as data, ExitStack() as stack:
        runners = [stack.enter_context(Runner(fetch(registry, pipeline, str(e.number)), suite, data)) for e in entries]
        found = [_measured(registry, e, r, suite, known, progress) for e, r in zip(entries, runners, strict=True)]
        timed = number is not None and any(metric.kind == "seconds" for metric in METRICS[pipeline])
        times = time_by_turns(runners, suite, progress) if timed else [{} for _ in runners]  # one alone says nothing
    measured = [(e.number, samples | time) for e, samples, time in zip(entries, found, times, strict=True)]
    comparison = compare(pipeline, suite, None if number is None else measured[0], measured[-1])
    return Judgement(candidate, number, comparison)


def promote(registry: Registry, judged: Judgement, because: str | None = None) -> Change:
    """Make the candidate of a judgement champion.

    Raises
    ------
    PromotionRefused
        It is worse beyond noise on something guarded, and no reason is given.
    InvalidVersion
        Somebody else has changed the champion since the judgement.
    """
    pipeline, refused = judged.candidate.name, judged.comparison.refused
    despite = ", ".join(f"{row.metric.name} {row.verdict}" for row in refused) or None
    if despite and not because:
        raise PromotionRefused(
            f"{pipeline} {judged.candidate.number} stays a candidate: {despite} beyond noise. To promote it all the same, say "
            "why with --because"
        )
    change = registry.move(
        pipeline,
        CHAMPION,
        judged.candidate.number,
        before=judged.champion,
        action="promote",
        because=because,
        despite=despite,
    )
    if registry.alias(pipeline, CHALLENGER) == judged.candidate.number:
        registry.move(pipeline, CHALLENGER, None, before=judged.candidate.number, action="promote")
    return change


def rollback(registry: Registry, pipeline: str, because: str | None = None) -> Change:
    """Make the champion before this one champion again.

    Raises
    ------
    InvalidVersion
        There was none before.
    """
    champions = _champions(registry.history(versions.find(pipeline).name))
    if len(champions) < 2:
        raise InvalidVersion(f"{pipeline} has had no champion before this one, to which it could go back")
    now, before = champions[-1], champions[-2]
    return registry.move(pipeline, CHAMPION, before, before=now, action="rollback", because=because)


def _champions(history: list[Change]) -> list[int]:
    """The champions on which the present one rests, the oldest first: what was rolled back is gone."""
    stack: list[int] = []
    for change in history:
        if change.alias != CHAMPION or change.after is None:
            continue
        if change.action == "rollback":
            stack.pop()
        else:
            stack.append(change.after)
    return stack


def _measured(  # noqa: PLR0917
    registry: Registry, entry: Entry, runner: Runner, suite: str, data: Data, progress: Progress
) -> dict[str, Samples]:
    """What a version gets right; measured once for each suite and data."""
    key = f"{suite}-{PROTOCOL}-{data.sha256()[:16]}"
    kept = registry.recall(entry, key)
    if kept is not None:
        return {name: Samples.from_document(found) for name, found in kept.items()}
    found = runner.measure(progress)
    registry.remember(entry, key, values(found), {name: samples.to_document() for name, samples in found.items()})
    registry.tag(entry, {f"{_METRIC}{name}": f"{value:.6g}" for name, value in values(found).items()})
    return found


def _fetched(registry: Registry, entry: Entry, folder: Path) -> PipelineVersion:
    registry.fetch(entry, folder)
    return _numbered(entry, folder)


def _numbered(entry: Entry, folder: Path) -> PipelineVersion:
    """The version with what the registry says of it, every byte checked."""
    metrics = {name.removeprefix(_METRIC): float(value) for name, value in entry.tags.items() if name.startswith(_METRIC)}
    versions.number(folder, entry.number, metrics)
    return versions.load(folder)
