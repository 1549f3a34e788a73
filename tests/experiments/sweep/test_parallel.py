import numpy as np

from experiments.sweep.parallel import parallel_coordinates


def drawn(columns, goal):
    axes = parallel_coordinates(columns, goal).axes[0]
    lines = [line.get_ydata() for line in axes.lines if len(line.get_xdata()) == len(columns) > 2]
    return lines, [text.get_text().strip() for text in axes.texts]


def test_each_row_is_a_line_whose_places_are_its_values_and_the_largest_is_on_top():
    columns = {"x": [1, 3, 2], "mode": ["b", "a", "b"], "loss": [5.0, 1.0, 3.0]}
    lines, texts = drawn(columns, "loss")
    np.testing.assert_allclose(lines, [[1, 0, 0], [0.5, 1, 0.5], [0, 1, 1]])
    assert texts == ["1", "3", "a", "b", "1", "5"]


def test_values_that_do_not_differ_are_in_the_middle():
    lines, texts = drawn({"x": [2, 2], "fast": [True, False], "loss": [1.0, 1.0]}, "loss")
    np.testing.assert_allclose(sorted(line[1] for line in lines), [0, 1])
    np.testing.assert_allclose([line[[0, 2]] for line in map(np.asarray, lines)], 0.5)
    assert texts == ["2", "False", "True", "1"]
