import numpy as np
import pytest

from ascension_core.report.force import exhaustions_figure, force_figure
from ascension_core.training.force import Exhaustion, ForceRecording, analyze_force, from_exhaustions
from experiments.force_synthetic import AllOut, all_out_recording, pulses


@pytest.mark.parametrize(
    ("recording", "panels"),
    [
        (ForceRecording(*all_out_recording(AllOut(), noise_kg=0.1), name="all-out.csv"), 2),
        (ForceRecording(*pulses(np.array([5.0]), np.array([50.0]), 7.0, rate_hz=1000)), 1),
        (ForceRecording(*pulses(5 + 10.0 * np.arange(9), np.full(9, 35.0), 7.0)), 2),
    ],
)
def test_recordings_are_drawn(recording, panels):
    analysis = analyze_force(recording)
    figure = force_figure(recording, analysis)
    figure.canvas.draw()
    assert len(figure.axes) == panels
    assert f"{len(analysis.efforts)} effort" in figure.axes[0].get_title(loc="left")


def test_no_peak_is_lost_between_the_columns_of_the_picture():
    time, force = pulses(np.array([5.0]), np.array([50.0]), 7.0, rate_hz=1000)
    force[8000:8004] = 60.0
    recording = ForceRecording(time, force)
    figure = force_figure(recording, analyze_force(recording))
    heights = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    assert heights.max() == pytest.approx(60)


def test_critical_force_and_its_interval_are_in_the_legend():
    recording = ForceRecording(*all_out_recording(AllOut(), noise_kg=0.1))
    analysis = analyze_force(recording)
    entries = [text.get_text() for text in force_figure(recording, analysis).axes[0].get_legend().get_texts()]
    assert entries == [f"critical force {analysis.critical_force.force_kg.value:.1f} kg (" + entries[0].split("(")[1]]


def test_exhaustions_are_drawn_on_their_line():
    trials = [Exhaustion(force_kg=18 + 1100 / t, time_s=t) for t in (80, 150, 400)]
    result = from_exhaustions(trials)
    figure = exhaustions_figure(trials, result)
    figure.canvas.draw()
    line, points = figure.axes[0].lines
    assert line.get_ydata()[0] == pytest.approx(result.w_prime_kg_s.value)
    np.testing.assert_allclose(points.get_ydata(), [t.impulse_kg_s for t in trials])
