import json

import numpy as np

from experiments.documents import to_json


def test_numbers_are_finite_rounded_and_of_plain_types():
    document = {
        "nan": float("nan"),
        "inf": np.float64("inf"),
        "third": np.float32(1 / 3),
        "count": np.int64(3),
        "yes": np.bool_(True),
        "array": np.array([[1.0, np.nan]]),
        "pair": (1.23456, None),
        "text": "a",
    }
    assert json.loads(to_json(document)) == {
        "nan": None,
        "inf": None,
        "third": 0.3333,
        "count": 3,
        "yes": True,
        "array": [[1.0, None]],
        "pair": [1.2346, None],
        "text": "a",
    }


def test_compact_is_one_line_of_the_same_object_in_the_same_order():
    document = {"b": 1, "a": {"c": [1, 2]}}
    assert "\n" not in to_json(document, compact=True)
    assert json.loads(to_json(document, compact=True)) == json.loads(to_json(document))
    assert list(json.loads(to_json(document))) == ["b", "a"]
