"""What the training minimises: focal loss of the heat, GIoU of the boxes, cross-entropy of their predicted IoU."""

from __future__ import annotations

from typing import Final

from experiments.hold_images import KINDS
from experiments.hold_training.network import STRIDE
from experiments.hold_training.pytorch import Tensor, functional, torch

CLASS_WEIGHTS: Final = (1.0, 0.7)
BOX_WEIGHT: Final = 5.0
QUALITY_WEIGHT: Final = 1.0
FEWEST: Final = 4
"""Objects by which the focal loss of a class is divided at least: batches without any stay harmless."""


def heat_loss(logits: Tensor, heat: Tensor, known: Tensor) -> Tensor:
    """Focal loss of Law and Deng (2018), as a mean over the objects of each class; unknown cells do not count."""
    chance = logits.sigmoid().clamp(1e-4, 1 - 1e-4)
    positive = heat.eq(1).float()
    hit = chance.log() * (1 - chance) ** 2 * positive
    miss = (1 - chance).log() * chance**2 * (1 - heat) ** 4 * (1 - positive) * known
    total = -(hit + miss).sum(dim=(0, 2, 3)) / positive.sum(dim=(0, 2, 3)).clamp(min=FEWEST)
    return (total * total.new_tensor(CLASS_WEIGHTS[: len(KINDS)])).sum()


def box_loss(sides: Tensor, quality: Tensor, box: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """1 - GIoU (Rezatofighi et al., 2019) in the cells of objects, and cross-entropy of the IoU that was predicted there."""
    inside = weight > 0
    if not bool(inside.any()):
        return sides.sum() * 0, quality.sum() * 0
    cells = torch.arange(weight.shape[-1]) * STRIDE + STRIDE / 2
    y, x = torch.meshgrid(cells, cells, indexing="ij")
    found = torch.stack([x - sides[:, 0], y - sides[:, 1], x + sides[:, 2], y + sides[:, 3]], dim=-1)[inside]
    true, share = box.permute(0, 2, 3, 1)[inside], weight[inside] / weight[inside].sum()
    iou, giou = overlaps(found, true)
    judged = functional.binary_cross_entropy_with_logits(quality[:, 0][inside], iou.detach(), reduction="none")
    return ((1 - giou) * share).sum(), (judged * share).sum()


def overlaps(found: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
    """IoU and generalised IoU of pairs of boxes (N, 4)."""
    inner = (torch.minimum(found[:, 2:], true[:, 2:]) - torch.maximum(found[:, :2], true[:, :2])).clamp(min=0).prod(dim=1)
    union = (found[:, 2:] - found[:, :2]).prod(dim=1) + (true[:, 2:] - true[:, :2]).prod(dim=1) - inner
    hull = (torch.maximum(found[:, 2:], true[:, 2:]) - torch.minimum(found[:, :2], true[:, :2])).prod(dim=1)
    iou = inner / union
    return iou, iou - (hull - union) / hull
