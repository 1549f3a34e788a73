"""A seeded generator of climbing clips whose truth is known exactly."""

from experiments.synthetic.truth import load_truth

__all__ = ["load_truth"]
