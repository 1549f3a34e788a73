from __future__ import annotations

import cv2
import matplotlib as mpl
import numpy as np
import pytest

from ascension_core.errors import InvalidOption
from ascension_core.wall.detector import DetectorOptions
from experiments.workbench.walls import colour_bars, crops, detector_options, differences, looks, only, routes, table

mpl.use("Agg")


@pytest.fixture
def picture(tmp_path):
    """Six red holds and a blue volume on grey."""
    image = np.full((480, 640, 3), 120, np.uint8)
    for k in range(6):
        image[60 + 60 * k : 80 + 60 * k, 80 * k + 40 : 80 * k + 64] = (250, 0, 0)
    image[300:400, 40:160] = (0, 0, 250)
    cv2.imwrite(str(tmp_path / "wall.png"), image[..., ::-1])
    return tmp_path / "wall.png"


def test_two_sets_of_options_are_compared_on_one_picture(squares_network, picture):
    squares_network()
    found = looks(picture, {"all": {}, "few": {"most": 3}})
    counts = table(found)
    assert counts["holds"].tolist() == [6, 3]
    assert counts.loc["all", "volumes"] == 1
    gone, new = only(*found.values())
    assert (len(gone), new) == (6 + 1 - len(found["few"].holds), [])
    assert [axis.get_title() for axis in differences(found).axes] == [f"only all: {len(gone)}", "only few: 0"]


def test_crops_are_those_around_the_threshold_the_surest_first(squares_network, picture):
    squares_network()
    (look,) = looks(picture, {"all": {}}).values()
    titles = [float(axis.get_title()) for axis in crops(look, 5).axes if axis.get_title()]
    assert len(titles) == 5
    assert titles == sorted(titles, reverse=True)
    assert len(colour_bars(look).axes[0].patches) >= 1
    assert list(routes(look).columns) == ["colour", "holds", "names"]


def test_options_are_checked_by_name_and_type():
    assert detector_options({"magnify": 2}) == DetectorOptions(magnify=2.0)
    with pytest.raises(InvalidOption, match="thresold is unknown"):
        detector_options({"thresold": 1})
    with pytest.raises(InvalidOption, match="most"):
        detector_options({"most": "many"})
