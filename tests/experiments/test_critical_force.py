import json

import numpy as np
import pytest
from typer.testing import CliRunner

from ascension_core.errors import InvalidDataset
from experiments import critical_force
from experiments.critical_force import evaluate, load_table
from experiments.force_synthetic import AllOut, all_out_recording, with_results


@pytest.fixture
def table(data_dir):
    return data_dir / "athletes" / "giles-2020-critical-force.csv"


@pytest.fixture
def result(table):
    return evaluate(table, limit=12)


def test_the_papers_explained_variance_is_reproduced(result):
    for relation in result["relations"]["published_columns"]:
        assert relation["adjusted_r2"] == pytest.approx(relation["published"], abs=0.006)


def test_rows_with_another_body_mass_are_found(result):
    found = result["consistency"]
    assert found["rows_that_disagree"]["cf_share_of_peak"] == 0
    assert len(found["rows_of_other_body_mass"]) == 25
    assert found["implied_body_mass_only_rises"]


def test_own_body_mass_explains_more_than_the_derived_columns(result):
    pairs = zip(result["relations"]["recomputed"], result["relations"]["published_columns"], strict=True)
    assert all(ours["adjusted_r2"] > theirs["adjusted_r2"] for ours, theirs in pairs)


def test_published_results_come_back_from_recordings(result):
    clean, disturbed = result["recovery"]["clean"], result["recovery"]["disturbed"]
    assert clean["cf_error"]["p95"] < 0.015
    assert clean["w_prime_error"]["p95"] < 0.01
    assert disturbed["cf_error"]["p95"] < 0.08
    assert disturbed["cf_inside_95_interval"] > 0.8


def test_our_warnings_let_every_published_climber_pass(result):
    from ascension_core.training.force.critical import SEEN_SHARE_OF_PEAK, SEEN_W_PRIME_PER_KG

    ranges = result["plausibility"]
    for name, (low, high) in (("cf_share_of_peak", SEEN_SHARE_OF_PEAK), ("w_prime_per_kg", SEEN_W_PRIME_PER_KG)):
        assert low <= ranges[name]["least"]
        assert ranges[name]["most"] <= high


def test_better_climbers_have_a_higher_critical_force(result):
    medians = [band["cf_share"]["p50"] for band in result["percentiles"]["sport"]]
    assert medians == sorted(medians)


def test_one_object_is_printed(table):
    import typer

    app = typer.Typer()
    app.command()(critical_force.main)
    done = CliRunner().invoke(app, [str(table), "--limit", "2"])
    assert json.loads(done.stdout)["rows"] == 121


def test_other_tables_are_refused(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(InvalidDataset, match="lacks the columns SEX"):
        load_table(other)
    with pytest.raises(InvalidDataset, match="cannot be read"):
        load_table(tmp_path / "nothing.csv")


def test_generator_makes_what_it_says():
    test = with_results(17.0, 48.0, 1000.0, 24)
    assert test.critical_kg == pytest.approx(17)
    assert test.w_prime_kg_s == pytest.approx(1000)
    time, force = all_out_recording(test)
    inside = (time >= 5) & (time <= 12)
    assert np.trapezoid(force[inside], time[inside]) == pytest.approx(7 * 48, rel=0.001)
    with pytest.raises(ValueError):  # noqa: PT011
        with_results(17.0, 18.0, 9000.0, 24)
    assert AllOut().means_kg[0] == 48
