"""Ascension: what happened in a climbing attempt, what to change and why, and how to train for it."""

from importlib.metadata import version

__version__ = version("ascension")
