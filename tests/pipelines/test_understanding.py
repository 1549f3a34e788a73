from __future__ import annotations

from pathlib import Path

import pytest

from ascension_core.pipelines.understanding import Understanding, understand
from ascension_core.pipelines.vision import VisionOptions, analyze
from ascension_core.results import Analysis
from ascension_core.video import VideoWriter, open_video
from experiments.contact_evaluation import score_contacts
from experiments.contact_matching import Found
from experiments.contact_truth import load_contact_truth
from experiments.synthetic import load_truth

pytestmark = pytest.mark.usefixtures("models")


@pytest.fixture(scope="module")
def standing(synthetic_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody who stands before a wall: the first frames of the repository's clip, to and fro."""
    path = tmp_path_factory.mktemp("clips") / "standing.mp4"
    with open_video(synthetic_clip) as video:
        frames = [frame.image for frame in video.frames() if frame.index < 6]
    with VideoWriter(path, (720, 1280)) as writer:
        for index in range(36):
            writer.write(frames[min(index % 10, 10 - index % 10)], index / 30)
    return path


def test_somebody_who_only_stands_there_has_climbed_nothing(standing: Path, tmp_path: Path) -> None:
    analysis = analyze(standing, tmp_path / "out", VisionOptions(overlay=False, every=2))
    assert analysis.wall is not None
    assert analysis.climb is None
    assert analysis.movement == []
    assert analysis.wall.overhang_deg is None
    assert "no_climb" in [note.code for note in analysis.summary.warnings]
    html = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert 'id="moves"' not in html
    assert 'class="qualities"' not in html


@pytest.fixture(scope="module")
def understood(synthetic_clip: Path, models: Path) -> Understanding:
    return understand(synthetic_clip)


@pytest.mark.slow
def test_a_climb_is_understood_from_the_ground_to_the_top(understood: Understanding, synthetic_truth: Path) -> None:
    truth = load_truth(synthetic_truth)
    attempt = understood.attempt
    assert attempt is not None
    assert attempt.climb is not None
    assert attempt.climb.ending == "top"
    assert attempt.climb.start == pytest.approx(truth["contacts"]["climb"][0], abs=0.4)
    hands = [contact for contact in attempt.contacts if contact.limb.endswith("hand") and contact.on_hold]
    true_hands = [c for c in truth["contacts"]["contacts"] if c["limb"].endswith("hand")]
    assert len(hands) == pytest.approx(len(true_hands), abs=3)
    assert attempt.routes[0].climbed
    assert attempt.routes[0].colour == next(hold["colour"] for hold in truth["holds"] if hold["route"])
    assert {one.name for one in understood.movement if one.value is not None}


@pytest.mark.slow
def test_most_contacts_of_a_climb_are_found(understood: Understanding, synthetic_truth: Path) -> None:
    attempt = understood.attempt
    assert attempt is not None
    found = Found(attempt.contacts, understood.following.track, attempt.wall.camera)
    result = score_contacts(found, load_contact_truth(synthetic_truth))
    assert result["f1_at_0.5"] > 0.8
    assert min(limb["found"] for limb in result["by_limb"].values()) > 0


@pytest.mark.slow
def test_the_document_can_be_read_back(understood: Understanding, synthetic_clip: Path, tmp_path: Path) -> None:
    from ascension_core.pipelines.result import analysis_of

    understood.following.track.save(tmp_path / "track.json.gz")
    analysis = analysis_of(synthetic_clip, tmp_path / "track.json.gz", understood, VisionOptions())
    assert Analysis.model_validate_json(analysis.model_dump_json()) == analysis
    known = {hold.id for hold in analysis.wall.holds} if analysis.wall else set()
    assert {contact.hold for contact in analysis.contacts} <= known | {"ground", "smear"}
