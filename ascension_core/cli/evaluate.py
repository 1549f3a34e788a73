"""``ascension evaluate``: how good the results are, against data whose truth is known."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ascension_core.cli.console import progress_bar

app = typer.Typer(help="Measure how good the results are, on data whose truth is known.", no_args_is_help=True)


class ModelName(StrEnum):
    """The landmark networks."""

    LITE = "lite"
    FULL = "full"
    HEAVY = "heavy"


class BackendName(StrEnum):
    """What is evaluated."""

    ASCENSION = "ascension"
    MEDIAPIPE = "mediapipe"


class QuestionName(StrEnum):
    """Which grade a survey asked its climbers for."""

    PAST_YEAR = "past_year"
    CURRENT = "current"


Compact = Annotated[bool, typer.Option("--json", help="The same JSON object on a single line.")]
Backend = Annotated[BackendName, typer.Option("--backend", help="Our pipeline, or plain MediaPipe as the baseline.")]
Confidence = Annotated[float, typer.Option("--confidence", min=0.0, max=1.0, help="Thresholds of the mediapipe back end.")]


@app.command()
def pose(
    folder: Annotated[Path, typer.Argument(help="images/ and joints.csv (image, joint, x_px, y_px).", show_default=False)],
    *,
    model: Annotated[ModelName, typer.Option("--model")] = ModelName.HEAVY,
    backend: Backend = BackendName.ASCENSION,
    confidence: Confidence = 0.5,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first images.", show_default=False)] = None,
    compact: Compact = False,
) -> None:
    """Find the person in each labelled image; print the percentage of correct keypoints as one JSON object."""
    from experiments.datasets import load_pose_images
    from experiments.documents import to_json
    from experiments.pose_evaluation import evaluate_pose
    from experiments.predictors import Backend as Kind
    from experiments.predictors import image_predictor

    dataset = load_pose_images(folder, limit)
    with image_predictor(Kind(backend.value), model.value, confidence) as predict, progress_bar() as progress:
        result = evaluate_pose(dataset, predict, progress)
    typer.echo(to_json({"model": model.value, "backend": backend.value} | result, compact=compact))


@app.command()
def track(
    clip: Annotated[Path, typer.Argument(help="The video.", show_default=False)],
    truth: Annotated[Path, typer.Argument(help="truth.json or truth.json.gz.", show_default=False)],
    *,
    model: Annotated[ModelName, typer.Option("--model")] = ModelName.FULL,
    fast: Annotated[bool, typer.Option("--fast", help="The fast mode of our pipeline.")] = False,
    backend: Backend = BackendName.ASCENSION,
    confidence: Confidence = 0.5,
    compact: Compact = False,
) -> None:
    """Follow the climber through a clip whose truth is known; print how well as one JSON object."""
    from ascension_core.errors import InvalidOption
    from experiments.datasets import load_track_truth
    from experiments.documents import to_json
    from experiments.predictors import Backend as Kind
    from experiments.track_evaluation import evaluate_track, follower

    if fast and backend is not BackendName.ASCENSION:
        raise InvalidOption("--fast is a mode of our pipeline: leave it out with --backend mediapipe")
    wanted = load_track_truth(truth)
    with progress_bar() as progress:
        result = evaluate_track(
            clip, wanted, follower(Kind(backend.value), model.value, fast=fast, confidence=confidence), progress
        )
    head = {"clip": clip.name, "model": model.value, "backend": backend.value, "fast": fast}
    typer.echo(to_json(head | result, compact=compact))


@app.command()
def holds(
    folder: Annotated[Path, typer.Argument(help="images/ and labels/ (YOLO text).", show_default=False)],
    *,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first images.", show_default=False)] = None,
    compact: Compact = False,
) -> None:
    """Find holds and volumes in labelled pictures; print average precision, precision and recall as one JSON object."""
    from ascension_core.pipelines.stages import threads
    from ascension_core.wall.detector import HoldDetector
    from experiments.documents import to_json
    from experiments.hold_evaluation import evaluate_holds
    from experiments.hold_images import load_wall_images

    images = load_wall_images(folder, limit)
    detector = HoldDetector(threads=threads())
    with progress_bar() as progress:
        result = evaluate_holds(images, detector.detections, detector.card.threshold, progress)
    typer.echo(to_json(result, compact=compact))


@app.command()
def contacts(
    clip: Annotated[Path, typer.Argument(help="The video.", show_default=False)],
    truth: Annotated[Path, typer.Argument(help="Labelled contacts, or a synthetic truth.json[.gz].", show_default=False)],
    *,
    model: Annotated[ModelName, typer.Option("--model")] = ModelName.FULL,
    compact: Compact = False,
) -> None:
    """Find what each hand and foot held in a clip whose contacts are known; print how well as one JSON object."""
    from experiments.contact_evaluation import evaluate_contacts, finder
    from experiments.contact_truth import load_contact_truth
    from experiments.documents import to_json

    wanted = load_contact_truth(truth)
    with progress_bar() as progress:
        result = evaluate_contacts(clip, wanted, finder(model.value), progress)
    typer.echo(to_json({"clip": clip.name, "model": model.value} | result, compact=compact))


@app.command()
def camera(
    clip: Annotated[Path, typer.Argument(help="The video.", show_default=False)],
    truth: Annotated[Path, typer.Argument(help="truth.json or truth.json.gz.", show_default=False)],
    *,
    compact: Compact = False,
) -> None:
    """Place every frame of a clip on its wall, where the camera is known; print how far off as one JSON object."""
    from experiments.camera_evaluation import evaluate_camera
    from experiments.documents import to_json

    with progress_bar() as progress:
        result = evaluate_camera(clip, truth, progress)
    typer.echo(to_json({"clip": clip.name} | result, compact=compact))


@app.command()
def strength(
    survey: Annotated[Path, typer.Argument(help="CSV of climbers: tests and boulder_grade (V).", show_default=False)],
    *,
    question: Annotated[
        QuestionName, typer.Option("--question", help="The grade asked for: the hardest of late, or the current level.")
    ] = QuestionName.PAST_YEAR,
    compact: Compact = False,
) -> None:
    """Expect each climber's boulder grade from the tests of a survey; print the errors as one JSON object."""
    from ascension_core.training.strength import Question, StrengthModel
    from experiments.documents import to_json
    from experiments.strength_evaluation import evaluate_strength

    result = evaluate_strength(survey, StrengthModel.load(), question=Question(question.value))
    typer.echo(to_json(result, compact=compact))
