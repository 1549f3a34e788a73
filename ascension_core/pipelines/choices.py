"""What a request may choose, for those who describe requests and carry out none: nothing else is imported."""

from __future__ import annotations

from typing import Literal

Model = Literal["lite", "full", "heavy"]
"""Landmark networks, from the fastest to the surest."""
