import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.errors import InvalidDataset
from experiments.hold_evaluation import Matched
from experiments.registry.comparison import compare, verdict
from experiments.registry.metrics import METRICS, Metric
from experiments.registry.samples import Estimate, Samples, difference

PERCENT = Metric("p", "", "%", "percent", True, 0.5)
SECONDS = Metric("s", "", "s", "seconds", False, 10.0, "speed")
COUNT = Metric("c", "", "", "count", False, 0.0)
MEAN = Metric("m", "", "V", "mean", False, 0.02)


def joints(seed, share, units=80, hardness=None):
    """Units with twelve joints each, of which a share is right; units differ in how hard they are."""
    random = np.random.default_rng(seed)
    ease = np.random.default_rng(1).normal(0, 0.15, units) if hardness is None else hardness
    right = random.binomial(12, np.clip(share + ease, 0, 1))
    return Samples("percent", np.column_stack([right, np.full(units, 12)]).astype(float))


def mean(values):
    return Samples("mean", np.array(values, float)[:, None])


def seconds(values):
    return Samples("seconds", np.array(values, float)[:, None])


def detections(seed, quality, pictures=30):
    random = np.random.default_rng(seed)
    picture = np.repeat(np.arange(pictures), 10)
    right = random.random(len(picture)) < quality
    score = np.where(right, random.normal(0.7, 0.1, len(picture)), random.normal(0.5, 0.1, len(picture)))
    order = np.argsort(-score)
    return Samples.of_matches(Matched(score[order], right[order], picture[order], np.full(pictures, 10)))


@pytest.mark.parametrize(
    "samples",
    [joints(1, 0.7), mean([1, 2, 3]), seconds([1.0, 1.1, 0.9]), detections(1, 0.7), Samples("count", np.ones((4, 1)))],
)
def test_whoever_equals_the_champion_passes(samples):
    gap = difference(samples, samples)
    assert (gap.value, gap.low, gap.high) == pytest.approx((0, 0, 0), abs=1e-9)
    metric = Metric("x", "", "", samples.kind, True, 0.0)
    assert verdict(metric, gap) == "same"


@pytest.mark.parametrize(
    ("metric", "champion", "candidate"),
    [
        (PERCENT, joints(1, 0.8), joints(2, 0.6)),
        (SECONDS, seconds([1.0, 1.1, 0.9]), seconds([2.0, 2.1, 1.9])),
        (MEAN, mean(np.linspace(0, 2, 50)), mean(np.linspace(0, 2, 50) + 0.3)),
        (COUNT, Samples("count", np.zeros((12, 1))), Samples("count", np.eye(12)[:, :1])),
        (Metric("a", "", "%", "average_precision", True, 0.5), detections(1, 0.9), detections(2, 0.5)),
    ],
)
def test_whoever_is_clearly_worse_is_refused_and_the_other_way_round_is_better(metric, champion, candidate):
    assert verdict(metric, difference(champion, candidate)) == "worse"
    assert verdict(metric, difference(candidate, champion)) == "better"


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_difference_lies_in_its_interval_and_turns_round_with_the_versions(seed):
    one, other = joints(seed, 0.7), joints(seed + 20_000, 0.65)
    gap, back = difference(one, other), difference(other, one)
    assert gap.low <= gap.value <= gap.high
    assert (back.value, back.low, back.high) == pytest.approx((-gap.value, -gap.high, -gap.low))
    if verdict(PERCENT, gap) == "worse":
        assert verdict(PERCENT, back) == "better"


def test_noise_is_refused_no_more_often_than_promised():
    worse = [verdict(PERCENT, difference(joints(2 * n, 0.7), joints(2 * n + 1, 0.7), n)) == "worse" for n in range(300)]
    assert np.mean(worse) < 0.04


def test_loss_within_the_tolerance_passes_however_sure_it_is():
    units = np.column_stack([np.full(4000, 500.0), np.full(4000, 1000.0)])
    less = units - (4, 0)
    gap = difference(Samples("percent", units), Samples("percent", less))
    assert gap.high < 0
    assert verdict(PERCENT, gap) == "same"
    assert verdict(PERCENT, difference(Samples("percent", units), Samples("percent", units - (6, 0)))) == "worse"


def test_pairing_finds_a_small_loss_that_hard_units_would_hide():
    hard = np.random.default_rng(5).uniform(0, 12, 60).round()
    champion = Samples("percent", np.column_stack([hard, np.full(60, 12.0)]))
    candidate = Samples("percent", np.column_stack([np.maximum(hard - 0.5, 0), np.full(60, 12.0)]))
    alone = champion.estimate()
    assert alone.low < candidate.value()
    assert verdict(PERCENT, difference(champion, candidate)) == "worse"


def test_speed_of_a_noisy_machine_decides_nothing():
    assert verdict(SECONDS, difference(seconds([1.0, 3.0, 1.2]), seconds([1.4, 2.0, 2.6]))) == "same"
    assert verdict(SECONDS, difference(seconds([1.0]), seconds([9.0]))) == "same"


def test_versions_measured_on_other_data_are_not_compared():
    with pytest.raises(InvalidDataset, match="same data"):
        difference(joints(1, 0.7, units=10), joints(1, 0.7, units=11, hardness=np.zeros(11)))


@pytest.mark.parametrize("samples", [joints(1, 0.7), seconds([1.0, 2.0]), detections(3, 0.6)])
def test_samples_come_back_from_their_document(samples):
    again = Samples.from_document(samples.to_document())
    assert again.value() == pytest.approx(samples.value(), abs=1e-3)
    assert again.kind == samples.kind


def test_first_version_has_nothing_to_beat():
    found = compare("vision", "quick", None, (1, {"pck_clip": joints(1, 0.1)}))
    assert [row.verdict for row in found.rows] == ["first"]
    assert found.refused == ()


def test_what_the_champion_has_and_the_candidate_lacks_is_refused():
    found = compare("vision", "quick", (1, {"pck_clip": joints(1, 0.9)}), (2, {}))
    assert [row.metric.name for row in found.refused] == ["pck_clip"]


def test_document_says_which_metrics_refused_and_what_is_not_measured():
    found = compare("vision", "quick", (1, {"pck_clip": joints(1, 0.9)}), (2, {"pck_clip": joints(2, 0.5)}))
    document = found.to_document()
    assert document["refused"] == ["pck_clip"]
    assert document["metrics"][0]["verdict"] == "worse"
    assert "advice" in document["not_measured"][0]


def test_metric_that_is_only_shown_refuses_nobody():
    shown = Metric("pck_clip", "", "%", "percent", True, 0.5, None)
    gap = Estimate(-30, -31, -29)
    assert verdict(shown, gap) == "worse"
    guarded = {metric.name for metrics in METRICS.values() for metric in metrics if metric.guard}
    assert {"pck_clip", "contacts_f1", "violations", "mae_unseen", "ap_hold", "seconds"} <= guarded
