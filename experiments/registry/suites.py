"""How each pipeline is measured: what its versions get right, unit by unit, and what is timed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InputError, InvalidDataset
from ascension_core.pipelines import versions
from ascension_core.pipelines.versions import PipelineVersion
from ascension_core.progress import Progress, silent
from experiments import scores
from experiments.registry.data import Data
from experiments.registry.samples import Samples

Floats = NDArray[np.float64]
Measure = Callable[[PipelineVersion, str, Data, Progress], Mapping[str, Samples]]
Work = Callable[[], object]

TODAY = date(2026, 11, 23)
"""The day on which programs are planned."""
_SPAN_S = 2.0  # contacts of one limb that start within the same two seconds are one unit
_EVERY = 40  # frames of the clip between those in which holds are looked for


def measure(version: PipelineVersion, suite: str, data: Data, progress: Progress = silent) -> Mapping[str, Samples]:
    """What a version gets right, by metric."""
    return _MEASURES[version.pipeline](version, suite, data, progress)


def work(version: PipelineVersion, data: Data) -> Work:
    """What is timed: something short that a version does as a rule, everything loaded."""
    return _WORKS[version.pipeline](version, data)


# --- vision -----------------------------------------------------------------------------------------------------------


def _vision(version: PipelineVersion, _suite: str, data: Data, progress: Progress) -> Mapping[str, Samples]:
    from ascension_core.pipelines.understanding import understand
    from ascension_core.wall.camera import still
    from experiments.contact_matching import Found

    options = versions.options(version)
    seen = understand(data.clip, options, progress)
    track, attempt = seen.following.track, seen.attempt
    found = {"pck_clip": _joints(track, data.truth)}
    if options.wall:
        contacts = Found((), track, still(track.time, track.size))
        if attempt is not None:
            contacts = Found(attempt.contacts, track, attempt.wall.camera)
        found["contacts_f1"] = contact_units(contacts, data.truth)
    if data.images is not None:
        found["pck_images"] = _people(options, data.images, progress)
    return found


def _joints(track: Any, truth_file: Path) -> Samples:
    """Right and scored body joints of each second of the clip."""
    from ascension_core.pose.keypoints import BODY
    from experiments.datasets import load_track_truth
    from experiments.track_evaluation import inside_frame

    truth = load_track_truth(truth_file)
    if len(truth) != len(track):
        raise InvalidDataset(f"the clip has {len(track)} frames, its truth {len(truth)}")
    error = scores.errors(track.image, inside_frame(truth))[:, list(BODY)]
    second = (np.arange(len(truth)) / truth.fps).astype(np.int64)
    right, scored = np.bincount(second, (error <= 0.2).sum(1)), np.bincount(second, (~np.isnan(error)).sum(1))
    return Samples("percent", np.column_stack([right, scored]))


def contact_units(found: Any, truth_file: Path) -> Samples:
    """Twice the matched contacts, and labelled and found together, of each limb and span of time: the parts of F1."""
    from ascension_core.movement.contacts import LIMBS
    from experiments.contact_matching import match
    from experiments.contact_truth import load_contact_truth

    truth = load_contact_truth(truth_file)
    spans = int(np.ceil(len(found.track) / truth.fps / _SPAN_S)) + 1
    units = np.zeros((len(LIMBS) * spans, 2))
    for pair in match(found, truth):
        event = pair.truth or pair.found
        assert event is not None
        row = LIMBS.index(pair.limb) * spans + min(int(event.contact.start / _SPAN_S), spans - 1)
        both = pair.truth is not None and pair.found is not None
        units[row] += (2, 2) if both else (0, 1)
    return Samples("percent", units)


def _people(options: Any, folder: Path, progress: Progress) -> Samples:
    """Right and scored body joints of each labelled picture."""
    from ascension_core.pipelines.skeleton import Skeletal
    from ascension_core.pose.keypoints import BODY
    from experiments.datasets import load_pose_images
    from experiments.pose_evaluation import predict_all
    from experiments.predictors import surest_person

    dataset = load_pose_images(folder)
    predicted, _ = predict_all(dataset, surest_person(Skeletal.load(options).estimator), progress)
    error = scores.errors(predicted, dataset.truth)[:, list(BODY)]
    return Samples("percent", np.column_stack([(error <= 0.2).sum(1), (~np.isnan(error)).sum(1)]).astype(float))


def _vision_work(version: PipelineVersion, data: Data) -> Work:
    from ascension_core.pipelines.understanding import understand

    options = versions.options(version)
    return lambda: understand(data.cut or data.clip, options)


# --- holds ------------------------------------------------------------------------------------------------------------


def _holds(version: PipelineVersion, _suite: str, data: Data, progress: Progress) -> Mapping[str, Samples]:
    from experiments.hold_evaluation import match

    detect = detector_of(version)
    found, truths = looked_at(clip_frames(data), detect, progress)
    samples = {"ap_hold_clip": Samples.of_matches(match(found, truths, 0))}
    if data.walls is not None:
        found, truths = looked_at(photographs(data.walls), detect, progress)
        samples |= {f"ap_{kind}": Samples.of_matches(match(found, truths, k)) for k, kind in enumerate(("hold", "volume"))}
    return samples


def detector_of(version: PipelineVersion) -> Callable[[NDArray[np.uint8]], Floats]:
    """What finds boxes in a picture, unsure ones included."""
    from ascension_core.pipelines.stages import threads
    from ascension_core.wall.detector import HoldDetector

    return HoldDetector(version.path("holds"), threads(), versions.options(version)).detections


def looked_at(
    pictures: Iterator[tuple[NDArray[np.uint8], Floats]], detect: Callable[[NDArray[np.uint8]], Floats], progress: Progress
) -> tuple[list[Floats], list[Floats]]:
    """The boxes that are found in labelled pictures, and those that are labelled."""
    found, truths = [], []
    for picture, truth in pictures:
        found.append(detect(picture))
        truths.append(truth)
        progress("holds", 0.0, f"{len(found)} pictures")
    return found, truths


def clip_frames(data: Data) -> Iterator[tuple[NDArray[np.uint8], Floats]]:
    """Some frames of the clip, and the boxes of holds and volumes whose middle lies in them."""
    from ascension_core.video import open_video
    from experiments.synthetic.truth import image_box, load_truth

    truth = load_truth(data.truth)
    kinds = [float(hold["kind"] == "volume") for hold in truth["holds"]]
    with open_video(data.clip) as video:
        for frame in video.frames():
            if frame.index % _EVERY == 0:
                boxes = np.array([image_box(hold, truth["camera"], frame.index) for hold in truth["holds"]])
                rows = np.column_stack([boxes, kinds])
                yield frame.image, rows[_in_view(boxes, truth["size"])]


def _in_view(boxes: Floats, size: tuple[int, int]) -> NDArray[np.bool_]:
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    return np.asarray(((middle >= 0) & (middle < size)).all(1))


def photographs(folder: Path) -> Iterator[tuple[NDArray[np.uint8], Floats]]:
    """Photographs of walls, and the boxes that are labelled in them."""
    from experiments.datasets import read_image
    from experiments.hold_images import load_wall_images

    for labelled in load_wall_images(folder):
        picture = read_image(labelled.path)
        yield picture, labelled.boxes(picture.shape[1], picture.shape[0])


def _holds_work(version: PipelineVersion, data: Data) -> Work:
    detect = detector_of(version)
    picture, _ = next(clip_frames(data))
    return lambda: [detect(picture) for _ in range(3)]


# --- strength and training --------------------------------------------------------------------------------------------


def _strength(version: PipelineVersion, suite: str, data: Data, progress: Progress) -> Mapping[str, Samples]:
    from ascension_core.training.strength import TARGETS, StrengthModel
    from experiments.strength import MAIN, Settings, climbers_of, cross_validate
    from experiments.strength_data import load_surveys

    assert data.surveys is not None
    climbers = climbers_of(load_surveys(data.surveys))
    folds = Settings(versions.options(version), *((4, 1) if suite == "quick" else (8, 3)))
    held_out = cross_validate(climbers, folds, progress)
    main = held_out[(held_out["target"] == MAIN) & (held_out["subset"] == "all tests")]
    unseen = (main["median"] - main["truth"]).abs().groupby(main["row"]).mean()
    truth = climbers.grades[:, TARGETS.index(MAIN)]
    told = np.isfinite(truth)
    model = StrengthModel.load(version.path("strength"))
    known = np.abs(model.predict(climbers.features[told], MAIN).median - truth[told])
    return {name: Samples("mean", np.asarray(v, float)[:, None]) for name, v in (("mae_unseen", unseen), ("mae_known", known))}


def _training(version: PipelineVersion, suite: str, data: Data, progress: Progress) -> Mapping[str, Samples]:
    from ascension_core.training.violations import violations

    seeds = range(1 if suite == "quick" else 5)
    broken, planned = [], []
    for number, (athlete, program) in enumerate(_programs(version, data, seeds)):
        broken.append(0 if program is None else len(violations(program, athlete)))
        planned.append(program is not None)
        progress("programs", 0.0, f"{number + 1} planned")
    samples = {"violations": broken, "programs": planned}
    return {name: Samples("count", np.array(values, float)[:, None]) for name, values in samples.items()}


def _programs(version: PipelineVersion, data: Data, seeds: range) -> Iterator[tuple[Any, Any]]:
    """Athletes and their programs; None where none could be planned."""
    from ascension_core.pipelines.training import planned
    from ascension_core.training.athlete import Athlete

    for seed in seeds:
        options = versions.options(version, today=TODAY, seed=version.options.get("seed") or seed)
        for athlete in map(Athlete.parse, json.loads(data.athletes.read_text("utf-8"))):
            try:
                yield athlete, planned(athlete, options)
            except InputError:
                yield athlete, None


def _training_work(version: PipelineVersion, data: Data) -> Work:
    return lambda: list(_programs(version, data, range(2)))


_MEASURES: Mapping[str, Measure] = {
    "vision": _vision,
    "hold_detector": _holds,
    "strength": _strength,
    "training": _training,
}
_WORKS: Mapping[str, Callable[[PipelineVersion, Data], Work]] = {
    "vision": _vision_work,
    "hold_detector": _holds_work,
    "training": _training_work,
}
