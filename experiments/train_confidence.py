"""Train and cross-validate the confidence of keypoints (`ascension_core/pose/weights/confidence.npz`).

    python -m experiments.train_confidence LSP WALLS --cache DIR [--estimate heavy] [--save]

LSP is a folder of labelled people (`images/`, `joints.csv` with neck and head_top), WALLS one of photos of climbing walls.
What the networks see is collected once per network and kept in the cache folder. Prints one JSON document: how well the
probabilities discriminate and how true they are, for images that were not trained on, beside MediaPipe's own visibility;
with `--estimate` also the accuracy of the whole `PoseEstimator`, each image judged by weights that have not seen it.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import AscensionError, InvalidDataset
from ascension_core.pose import candidates
from ascension_core.pose.confidence import FEATURES, WEIGHTS, Confidence, features
from ascension_core.pose.estimate import PoseEstimator
from ascension_core.pose.keypoints import BODY, NAMES
from ascension_core.pose.models import model_path
from ascension_core.pose.networks import Detector, LandmarkNetwork, Landmarks
from ascension_core.pose.roi import Image, Roi
from ascension_core.progress import Progress, silent
from experiments import scores
from experiments.datasets import PoseImages, load_pose_images, read_image
from experiments.pose_evaluation import score_pose

Floats = NDArray[np.float64]
Look = tuple[str, int, Landmarks, Floats]
"""What kind of sample it is, the group that must not be split between training and test, what was seen, the truth."""

MODELS = ("lite", "full", "heavy")
WITHIN = 0.2
"""Torso lengths within which a keypoint counts as right."""
TARGETS = (*BODY, 0)
"""The joints that are trained on; the nose stands for the head."""
HEAD = len(BODY)
HEAD_ALONG = 0.5
"""Where the ears lie between neck and head_top: the median of 0.50 in images where all twelve joints are right."""
FOLDS = 5
SEED = 3
WALL_GROUPS = 1_000_000
VIEWS = ("detected", "whole", "followed", "mirrored")
HARD = ("small", "off")
LAYERS = (48, 24)
PENALTY = 1.0
EPOCHS = 12

_LOOSE = 0.1
_PERSON = 0.6
_BYSTANDER = 0.5
_LONGEST_WALL_PX = 1200


@dataclass(frozen=True)
class Samples:
    """Looks of one network, N of them.

    Attributes
    ----------
    kind, group
        (N,) as in `Look`.
    values
        (N, 13, F) features of the targets.
    right
        (N, 13) whether they lie within 0.2 torso lengths of the truth.
    visibility
        (N, 13) the network's own.
    angle_deg
        (N,) of the trunk from upright, ``nan`` where there is nobody.
    """

    kind: NDArray[np.str_]
    group: NDArray[np.int64]
    values: Floats
    right: NDArray[np.bool_]
    visibility: Floats
    angle_deg: Floats

    @property
    def fold(self) -> NDArray[np.int64]:
        """(N,) number of the fold in which a sample is tested."""
        return fold_of(self.group)


def fold_of(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """The fold of each image, drawn at random but always the same."""
    people = np.random.default_rng(SEED).permutation(np.arange(10_000)) % FOLDS
    return np.where(group < WALL_GROUPS, people[np.minimum(group, len(people) - 1)], group % FOLDS)


# --- what the networks see ---------------------------------------------------------------------------------------------


def collect(model: str, people: PoseImages, heads: Floats, walls: list[Path]) -> Iterator[Look]:
    """Looks at labelled people, at the same people filmed small and badly, and at walls without anybody."""
    detect, look = Detector(model_path("detector")), LandmarkNetwork(model_path(model), 1)
    for index, image in enumerate(people.images()):
        truth = np.concatenate([people.truth[index], heads[index : index + 1]])
        generator = np.random.default_rng([7, index])
        seen = [*views_of_person(image, detect, look), *hard_views(image, truth, detect, look, generator)]
        yield from ((kind, index, body, true) for kind, body, true in _with_truth(seen, truth))
    nobody = np.full((34, 2), np.nan)
    for index, path in enumerate(walls):
        generator = np.random.default_rng([8, index])
        yield from (
            ("wall", WALL_GROUPS + index, body, nobody) for body in views_of_wall(read_image(path), detect, look, generator)
        )


def _with_truth(seen: Iterable[tuple[str, Landmarks, Floats | None]], truth: Floats) -> Iterator[tuple[str, Landmarks, Floats]]:
    return ((kind, body, truth if own is None else own) for kind, body, own in seen)


def views_of_person(image: Image, detect: Detector, look: LandmarkNetwork) -> Iterator[tuple[str, Landmarks, None]]:
    """Through the detector's windows over eight turns, the whole image, and what the best of them suggest."""
    whole = Roi.around(image.shape[1], image.shape[0])
    turned = [whole.with_(angle=k * math.pi / 4, size=whole.size * (1.25 if k % 2 else 1.0)) for k in range(8)]
    found = sorted((d for region in turned for d in detect(image, region, _LOOSE)[:2]), key=lambda d: -d.score)
    windows: list[Roi] = []
    for detection in found:
        if len(windows) < 8 and not any(
            candidates.is_same(detection.roi, w, shift=0.08, scale=1.13, turn_deg=11.5) for w in windows
        ):
            windows.append(detection.roi)
    seen = [("detected", look(image, w)) for w in windows]
    seen += [("whole", look(image, whole.with_(angle=k * math.pi / 2))) for k in range(4)]
    best = [body.following for _, body in sorted(seen, key=lambda s: -_promise(s[1]))[:4]]
    seen += [("followed", look(image, w)) for w in best]
    seen += [("mirrored", look(image, w.with_(mirrored=True))) for w in best[:2]]
    return ((kind, body, None) for kind, body in seen)


def hard_views(
    image: Image, truth: Floats, detect: Detector, look: LandmarkNetwork, generator: np.random.Generator
) -> Iterator[tuple[str, Landmarks, Floats | None]]:
    """The person small and badly filmed through good and bad windows, and windows where the person is not."""
    poor, small = degraded(image, truth, generator)
    window = true_window(small)
    body = look(poor, displaced(window, generator))
    yield "small", body, small
    yield "small", look(poor, body.following), small
    yield "small", look(poor, misplaced(window, generator)), small
    yield "off", look(image, misplaced(true_window(truth), generator)), None
    away = window_away(image, truth, generator)
    if away is not None and not detect(image, away, _BYSTANDER):
        yield "away", look(image, away), None


def views_of_wall(image: Image, detect: Detector, look: LandmarkNetwork, generator: np.random.Generator) -> Iterator[Landmarks]:
    """Windows anywhere, and the windows that the bodies imagined there suggest; nothing of a photo with a person in it."""
    if holds_person(image, detect):
        return
    image = shrunk(image, _LONGEST_WALL_PX)
    height, width = image.shape[:2]
    longest = max(height, width)
    for k in range(4):
        window = Roi(generator.uniform(0, width), generator.uniform(0, height), _log_uniform(generator, 0.08, 0.9) * longest)
        turn = generator.uniform(-math.pi, math.pi) if k % 2 else generator.normal(0, 0.3)
        window = window.with_(angle=turn, mirrored=bool(generator.random() < 0.3))
        for _ in range(3 if k < 2 else 2):
            body = look(image, window)
            yield body
            window = body.following
            if not 8 < window.size < 4 * longest:
                break


def holds_person(image: Image, detect: Detector) -> bool:
    """Whether the detector sees anybody in a photo or in a part of it."""
    height, width = image.shape[:2]
    whole = Roi.around(width, height)
    parts = [Roi(x * width, y * height, 0.6 * whole.size) for x in (0.3, 0.7) for y in (0.3, 0.7)]
    return any(detect(image, r, _PERSON) for r in [*(whole.with_(angle=k * math.pi / 2) for k in range(3)), *parts])


def degraded(image: Image, truth: Floats, generator: np.random.Generator) -> tuple[Image, Floats]:
    """The image as a phone would film the person from far away: 50 to 150 pixels tall, blurred, dark, noisy, compressed."""
    extent = np.nanmax(truth, 0) - np.nanmin(truth, 0)
    factor = min(1.0, _log_uniform(generator, 50, 150) / (1.15 * float(extent.max())))
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    scale = np.array([small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]])
    if generator.random() < 0.7:
        small = cv2.GaussianBlur(small, (0, 0), generator.uniform(0.3, 1.1))
    if generator.random() < 0.3:
        small = cv2.filter2D(small, -1, _streak(generator.uniform(0, math.pi)))
    dark = 255 * (small / 255.0) ** generator.uniform(0.8, 2.2) * generator.uniform(0.45, 1.0)
    noisy = dark + generator.normal(0, generator.uniform(0, 6), dark.shape)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(generator.integers(40, 90))]
    packed = cv2.imencode(".jpg", noisy.clip(0, 255).astype(np.uint8)[..., ::-1], quality)[1]
    unpacked = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(unpacked[..., ::-1]), truth * scale


def _streak(angle: float) -> NDArray[np.float32]:
    """Kernel of a motion blur three pixels long."""
    kernel = np.zeros((5, 5), np.float32)
    for step in np.linspace(-1.5, 1.5, 9):
        kernel[round(2 + step * math.sin(angle)), round(2 + step * math.cos(angle))] += 1
    return np.asarray(kernel / kernel.sum(), np.float32)


def true_window(truth: Floats) -> Roi:
    """The window that BlazePose would want for a body with known joints."""
    hips, shoulders = truth[[23, 24]].mean(0), truth[[11, 12]].mean(0)
    trunk = shoulders - hips
    reach = max(float(np.nanmax(np.linalg.norm(truth - hips, axis=1))), 1.75 * float(np.hypot(*trunk)))
    return Roi(float(hips[0]), float(hips[1]), 2 * 1.25 * 1.05 * reach, math.atan2(trunk[0], -trunk[1]))


def displaced(window: Roi, generator: np.random.Generator) -> Roi:
    """About as well placed as by following a person from frame to frame."""
    dx, dy = generator.normal(0, 0.05, 2) * window.size
    size = window.size * math.exp(generator.normal(0, 0.15))
    turn = window.angle + generator.normal(0, 0.3)
    return Roi(window.x + dx, window.y + dy, size, turn, bool(generator.random() < 0.3))


def misplaced(window: Roi, generator: np.random.Generator) -> Roi:
    """Turned anyhow, half beside the person, of a wrong size."""
    dx, dy = generator.normal(0, 0.25, 2) * window.size
    size = window.size * math.exp(generator.uniform(-0.7, 0.7))
    return Roi(window.x + dx, window.y + dy, size, generator.uniform(0, math.tau), bool(generator.random() < 0.3))


def window_away(image: Image, truth: Floats, generator: np.random.Generator) -> Roi | None:
    """A window of the image that hardly touches the person, if one is found in twenty tries."""
    height, width = image.shape[:2]
    low, high = np.nanmin(truth, 0), np.nanmax(truth, 0)
    for _ in range(20):
        x, y = generator.uniform(0, width), generator.uniform(0, height)
        window = Roi(x, y, generator.uniform(0.3, 0.8) * max(height, width), generator.uniform(0, math.tau))
        reach = 0.35 * window.size
        if x + reach < low[0] or x - reach > high[0] or y + reach < low[1] or y - reach > high[1]:
            return window
    return None


def shrunk(image: Image, longest: int) -> Image:
    """The image with no side longer than `longest` pixels."""
    factor = longest / max(image.shape[:2])
    return (
        image
        if factor >= 1
        else np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    )


def _promise(body: Landmarks) -> float:
    """A guess, before anything is learned, of how good a look is."""
    return body.presence * float(body.peak[list(BODY)].mean())


def _log_uniform(generator: np.random.Generator, low: float, high: float) -> float:
    return math.exp(generator.uniform(math.log(low), math.log(high)))


# --- samples -----------------------------------------------------------------------------------------------------------

_ARRAYS = ("presence", "image", "depth", "world", "visibility", "inside", "peak", "spread")
_WINDOWS = ("following", "roi")


def store(path: Path, looks: Iterable[Look]) -> None:
    """Keep looks in a file of plain arrays."""
    rows = list(looks)
    arrays: dict[str, Any] = {name: np.array([getattr(body, name) for _, _, body, _ in rows]) for name in _ARRAYS}
    for name in _WINDOWS:
        windows = [getattr(body, name) for _, _, body, _ in rows]
        arrays[name] = np.array([(w.x, w.y, w.size, w.angle, w.mirrored) for w in windows], float)
    kinds, groups, truths = (np.array([row[k] for row in rows]) for k in (0, 1, 3))
    partial = path.with_name(f".{path.name}.partial.npz")
    np.savez_compressed(partial, kind=kinds, group=groups, truth=truths, **arrays)
    partial.replace(path)


def load(path: Path) -> Iterator[Look]:
    """Read what `store` has written."""
    with np.load(path, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    for row in range(len(stored["kind"])):
        arrays = {name: stored[name][row] for name in _ARRAYS}
        following, roi = (_window(stored[name][row]) for name in _WINDOWS)
        body = Landmarks(**{**arrays, "presence": float(arrays["presence"])}, following=following, roi=roi)
        yield str(stored["kind"][row]), int(stored["group"][row]), body, stored["truth"][row]


def _window(row: Floats) -> Roi:
    x, y, size, angle, mirrored = row.tolist()
    return Roi(x, y, size, angle, bool(mirrored))


def samples(looks: Iterable[Look]) -> Samples:
    """What can be learned from looks."""
    kinds, groups, bodies, truths = zip(*looks, strict=True)
    truth = np.stack(truths)
    points = np.stack([b.image for b in bodies])
    torso = scores.torso_px(truth)[:, None]
    heads = points[:, [7, 8]].mean(1, keepdims=True)
    where = np.concatenate([points[:, list(BODY)], heads], 1)
    wanted = np.concatenate([truth[:, list(BODY)], truth[:, -1:]], 1)
    with np.errstate(invalid="ignore"):
        right = np.linalg.norm(where - wanted, axis=-1) <= WITHIN * torso
    return Samples(
        kind=np.array(kinds),
        group=np.array(groups),
        values=features(bodies)[:, list(TARGETS)].astype(np.float32),
        right=right,
        visibility=np.stack([b.visibility for b in bodies])[:, list(TARGETS)],
        angle_deg=scores.trunk_angle_deg(truth),
    )


def head_middles(folder: Path, people: PoseImages) -> Floats:
    """(N, 2) middle of the ears of each labelled person, from neck and head_top."""
    ends: dict[tuple[str, str], Floats] = {}
    with (folder / "joints.csv").open(newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            if row["joint"] in ("neck", "head_top"):
                ends[row["image"], row["joint"]] = np.array([float(row["x_px"]), float(row["y_px"])])
    try:
        necks, tops = (np.stack([ends[p.name, end] for p in people.paths]) for end in ("neck", "head_top"))
    except KeyError as cause:
        raise InvalidDataset(
            f"{folder / 'joints.csv'} lacks {cause.args[0][1]} of {cause.args[0][0]}: needed to train"
        ) from cause
    return necks + HEAD_ALONG * (tops - necks)


# --- learning ----------------------------------------------------------------------------------------------------------


def fit(parts: Iterable[tuple[Floats, NDArray[np.bool_]]], seed: int = 0) -> Confidence:
    """Train on (n, 13, F) features and (n, 13) labels of several networks."""
    from sklearn.neural_network import MLPClassifier

    pairs = list(parts)
    values = np.concatenate([v.reshape(-1, FEATURES) for v, _ in pairs])
    right = np.concatenate([r.ravel() for _, r in pairs])
    mean, scale = values.mean(0, dtype=float), values.std(0, dtype=float) + 1e-6
    network = MLPClassifier(LAYERS, alpha=PENALTY, max_iter=EPOCHS, n_iter_no_change=EPOCHS, batch_size=512, random_state=seed)
    _fit_quietly(network, (values - mean) / scale, right)
    return Confidence(mean, scale, tuple(zip(network.coefs_, network.intercepts_, strict=True)))


def _fit_quietly(network: Any, values: Floats, right: NDArray[np.bool_]) -> None:
    """The number of epochs is part of the model, chosen by cross-validation: that it has not converged is meant."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # matrices this small take longer on several threads
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(values, right)


def train(data: dict[str, Samples], without: int | None = None) -> Confidence:
    """Weights from all networks' samples, one fold left out perhaps."""
    return fit((s.values[s.fold != without], s.right[s.fold != without]) for s in data.values())


def out_of_fold(data: dict[str, Samples], weights: list[Confidence]) -> dict[str, Floats]:
    """(N, 13) probability of each sample by the weights that have not seen its image."""
    predicted = {}
    for model, part in data.items():
        each = np.zeros(part.right.shape)
        for fold, judge in enumerate(weights):
            each[part.fold == fold] = judge.probability(part.values[part.fold == fold].astype(float))
        predicted[model] = each
    return predicted


# --- how good it is ----------------------------------------------------------------------------------------------------


def describe(part: Samples, predicted: Floats) -> dict[str, Any]:
    """Discrimination and calibration, after and before, by fold, joint, trunk angle and kind of sample."""
    people = np.isin(part.kind, VIEWS)
    hard = np.isin(part.kind, HARD)
    wall = part.kind == "wall"
    names = [*(NAMES[k] for k in BODY), "head"]
    return {
        "samples": {k: int((part.kind == k).sum()) for k in np.unique(part.kind).tolist()},
        "people": judge(predicted[people], part.right[people]),
        "people_mediapipe": judge(part.visibility[people], part.right[people]),
        "small_and_dark": judge(predicted[hard], part.right[hard]),
        "small_and_dark_mediapipe": judge(part.visibility[hard], part.right[hard]),
        "by_fold": [judge(predicted[people & (part.fold == f)], part.right[people & (part.fold == f)]) for f in range(FOLDS)],
        "by_joint": {n: judge(predicted[people, k], part.right[people, k]) for k, n in enumerate(names)},
        "by_angle": {
            n: judge(predicted[people & inside], part.right[people & inside]) for n, inside in _angles(part.angle_deg).items()
        },
        "reliability": reliability(predicted[people], part.right[people]),
        "reliability_mediapipe": reliability(part.visibility[people], part.right[people]),
        "walls": {
            "mean": float(predicted[wall].mean()),
            "mean_mediapipe": float(part.visibility[wall].mean()),
            "body_mean_99_percent_below": float(np.quantile(predicted[wall][:, :HEAD].mean(1), 0.99)),
        },
    }


def _angles(angle_deg: Floats) -> dict[str, NDArray[np.bool_]]:
    return {
        "upright": angle_deg < 45,
        "tilted": (angle_deg >= 45) & (angle_deg <= 135),
        "inverted": angle_deg > 135,
    }


def judge(probability: Floats, right: NDArray[np.bool_]) -> dict[str, float]:
    """AUC, Brier score and expected calibration error (15 bins of equal counts)."""
    from sklearn.metrics import brier_score_loss, roc_auc_score

    p, y = probability.ravel(), right.ravel()
    return {
        "auc": round(float(roc_auc_score(y, p)), 4),
        "brier": round(float(brier_score_loss(y, p)), 4),
        "ece": round(sum(abs(b["said"] - b["true"]) * b["share"] for b in reliability(p, y, bins=15)), 4),
    }


def reliability(probability: Floats, right: NDArray[np.bool_], bins: int = 10) -> list[dict[str, float]]:
    """Bins of equal counts: the mean probability and the share that is right."""
    p, y = probability.ravel(), right.ravel()
    parts = np.array_split(np.argsort(p, kind="stable"), bins)
    return [{"said": float(p[i].mean()), "true": float(y[i].mean()), "share": len(i) / len(p)} for i in parts]


def evaluate_estimator(
    model: str, people: PoseImages, weights: list[Confidence], progress: Progress = silent
) -> dict[str, Any]:
    """`ascension evaluate pose`, but each image judged by weights that have not seen it."""
    estimators = [PoseEstimator(model, confidence=w) for w in weights]
    folds = fold_of(np.arange(len(people)))
    predicted, visibility = np.full((len(people), 33, 2), np.nan), np.zeros((len(people), 33))
    for row, image in enumerate(people.images()):
        found = estimators[folds[row]].people(image)
        progress("estimate", (row + 1) / len(people))
        if found:
            predicted[row], visibility[row] = found[0].image, found[0].visibility
    return score_pose(predicted, visibility, people.truth)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Collect, train, cross-validate; the document to print."""
    people = load_pose_images(arguments.lsp)
    heads = head_middles(arguments.lsp, people)
    walls = sorted(p for p in arguments.walls.iterdir() if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
    arguments.cache.mkdir(parents=True, exist_ok=True)
    for model in MODELS:
        kept = arguments.cache / f"{model}.npz"
        if not kept.exists():
            store(kept, collect(model, people, heads, walls))
    data = {model: samples(load(arguments.cache / f"{model}.npz")) for model in MODELS}
    weights = [train(data, without=fold) for fold in range(FOLDS)]
    predicted = out_of_fold(data, weights)
    document: dict[str, Any] = {"confidence": {model: describe(data[model], predicted[model]) for model in MODELS}}
    if arguments.estimate:
        document["estimator"] = {arguments.estimate: evaluate_estimator(arguments.estimate, people, weights, _say)}
    if arguments.save:
        train(data).save(WEIGHTS)
    return document


def _say(stage: str, fraction: float, message: str = "") -> None:
    print(f"\r{stage} {fraction:.0%} {message}", end="", file=sys.stderr)


def main(argv: list[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lsp", type=Path, help="folder of labelled people")
    parser.add_argument("walls", type=Path, help="folder of photos of climbing walls")
    parser.add_argument("--cache", type=Path, required=True, help="where what the networks see is kept")
    parser.add_argument("--estimate", choices=MODELS, help="also evaluate the whole estimator with this network")
    parser.add_argument("--save", action="store_true", help="train on everything and replace the shipped weights")
    try:
        print(json.dumps(run(parser.parse_args(argv)), indent=1))
    except AscensionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
