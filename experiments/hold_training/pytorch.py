"""PyTorch, or an error that says how to install it."""

from __future__ import annotations

from ascension_core.errors import ModelError
from experiments.hold_training import INSTALL

try:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional
except ImportError as cause:
    raise ModelError(f"training needs PyTorch, which is no dependency of Ascension: {INSTALL}") from cause

__all__ = ["Tensor", "functional", "nn", "torch"]
