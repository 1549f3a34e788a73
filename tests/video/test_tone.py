from __future__ import annotations

import numpy as np
import pytest

from ascension_core.video.tone import hlg_light, pq_light, rolled_off, to_sdr


def test_pq_matches_published_levels() -> None:
    # ITU-R BT.2408 table 1: 58 % PQ is 203 cd/m2; 75.2 % is 1000; 100 % is 10000 by definition
    assert pq_light(np.array([0.0, 0.5807, 0.7518, 1.0])) == pytest.approx([0, 203, 1000, 10_000], rel=0.01)


def test_hlg_matches_published_levels() -> None:
    # ITU-R BT.2408 table 1: 75 % HLG is 203 cd/m2 on a display of 1000 cd/m2
    assert hlg_light(np.array([0.0, 0.75, 1.0])) == pytest.approx([0, 203, 1000], rel=0.01, abs=1e-6)


def test_roll_off_keeps_shadows_and_brings_the_peak_to_one() -> None:
    light = np.linspace(0, 1000 / 203, 500)
    rolled = rolled_off(light)
    np.testing.assert_allclose(rolled[light <= 0.3], light[light <= 0.3])
    assert rolled[-1] == pytest.approx(1)
    assert (np.diff(rolled) > 0).all()
    assert np.diff(rolled).max() <= np.diff(light).max() * 1.001  # nowhere steeper than before: no visible edge at the knee


@pytest.mark.parametrize("transfer", ["PQ", "HLG"])
def test_grey_stays_grey_and_ordered(transfer: str) -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    sdr = to_sdr(grey, transfer).astype(int)
    assert np.ptp(sdr, axis=2).max() <= 1
    assert (np.diff(sdr[0, :, 1]) >= 0).all()
    assert sdr[0, 0, 1] == 0
    assert sdr[0, -1, 1] == 255


def test_reference_white_becomes_a_bright_grey_with_room_above() -> None:
    white = to_sdr(np.full((1, 1, 3), round(0.75 * 255), np.uint8), "HLG")
    assert 200 <= white[0, 0, 0] <= 235


def test_bt2020_red_becomes_more_saturated_in_bt709() -> None:
    red = to_sdr(np.array([[[150, 90, 90]]], np.uint8), "HLG")[0, 0].astype(int)
    grey = to_sdr(np.array([[[150, 150, 150]]], np.uint8), "HLG")[0, 0].astype(int)
    assert red[0] > grey[0]
    assert red[1] < red[0] - 80
