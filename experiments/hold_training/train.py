"""The training loop.

    python -m experiments.hold_training.train FOLDER... --corrections FILE --aside FILE --out DIR [--steps N] [--resume]

Crops are numbered and drawn from the seed and their number, so the same seed and number of threads give the same network,
even where a run was broken off and taken up again. The state is saved every few minutes.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ascension_core.errors import AscensionError
from experiments.hold_training.augment import Augmentation, Crops
from experiments.hold_training.data import LabelledImage, aside_names, read_images, split
from experiments.hold_training.loss import BOX_WEIGHT, QUALITY_WEIGHT, box_loss, heat_loss
from experiments.hold_training.network import MEAN, SCALE, STRIDE, HoldNetwork, pretrained
from experiments.hold_training.pytorch import Tensor, nn, torch
from experiments.hold_training.targets import targets

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
"""Pictures uint8, heat, known, box, weight, each with the batch first."""
Report = Callable[[int, dict[str, float]], None]

STATE = "state.pt"
NETWORK = "network.pt"


@dataclass(frozen=True)
class TrainingOptions:
    """One training run.

    Attributes
    ----------
    steps
        Batches to learn from; the learning rate falls along half a cosine to 1 % of its start.
    batch
        Crops in a batch.
    rate
        Learning rate of the heads (AdamW); the backbone's is half of it.
    warm_up
        Steps over which the rate rises.
    frozen_blocks
        Blocks of the backbone that keep their ImageNet weights, with the stem.
    decay
        Of the running mean of the weights, which is the result.
    seed
        Of everything random.
    threads
        Of PyTorch; one more process draws the crops.
    report_every, save_every
        Steps between two reports and between two saved states.
    augmentation
        How crops are drawn.
    """

    steps: int = 1500
    batch: int = 6
    rate: float = 2e-3
    warm_up: int = 40
    frozen_blocks: int = 3
    decay: float = 0.995
    seed: int = 0
    threads: int = 2
    report_every: int = 20
    save_every: int = 100
    augmentation: Augmentation = field(default_factory=Augmentation)


class Batches(torch.utils.data.Dataset[Batch]):
    """Batches by their number."""

    def __init__(self, crops: Crops, options: TrainingOptions, first: int) -> None:
        self.crops, self.options, self.first = crops, options, first

    def __len__(self) -> int:
        return self.options.steps - self.first

    def __getitem__(self, index: int) -> Batch:
        start = (self.first + index) * self.options.batch
        crops = [self.crops[number] for number in range(start, start + self.options.batch)]
        aims = [targets(crop, STRIDE) for crop in crops]
        parts = (
            [c.image.transpose(2, 0, 1) for c in crops],
            *([getattr(a, n) for a in aims] for n in ("heat", "known", "box", "weight")),
        )
        pictures, heat, known, box, weight = (torch.from_numpy(np.stack(part)) for part in parts)
        return pictures, heat, known, box, weight


class Training:
    """A network on its way: the weights, their running mean, the optimiser and the number of steps done.

    Parameters
    ----------
    options
        Of the run.
    start
        Weights of an earlier run to start from; None: those of the backbone, and heads that know nothing.
    """

    def __init__(self, options: TrainingOptions, start: Path | None = None) -> None:
        cv2.setNumThreads(0)  # a pool of threads would not survive the fork of the process that draws crops
        torch.set_num_threads(options.threads)
        torch.manual_seed(options.seed)
        self.options = options
        self.network = pretrained(options.frozen_blocks).train().to(memory_format=torch.channels_last)
        if start is not None:
            self.network.load_state_dict(torch.load(start, weights_only=True))
        self.mean = copy.deepcopy(self.network).eval()
        self.optimizer = torch.optim.AdamW(_groups(self.network), lr=options.rate, weight_decay=1e-4)
        self.done = 0

    def run(self, images: Sequence[LabelledImage], report: Report, folder: Path | None = None) -> HoldNetwork:
        """Learn until all steps are done.

        Parameters
        ----------
        images
            To learn from.
        report
            Told the step and the mean losses since the last report.
        folder
            Where the state is saved; None: nowhere.

        Returns
        -------
        The running mean of the network.
        """
        recent: list[dict[str, float]] = []
        for batch in self._batches(images):
            recent.append(self.step(batch))
            if self.done % self.options.report_every == 0 or self.done == self.options.steps:
                report(self.done, {name: float(np.mean([r[name] for r in recent])) for name in recent[0]})
                recent = []
            if folder is not None and (self.done % self.options.save_every == 0 or self.done == self.options.steps):
                self.save(folder)
        return self.mean

    def _batches(self, images: Sequence[LabelledImage]) -> Iterator[Batch]:
        crops = Crops(images, self.options.augmentation, self.options.seed)
        batches = Batches(crops, self.options, self.done)
        return iter(torch.utils.data.DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=6))

    def step(self, batch: Batch) -> dict[str, float]:
        """Learn from one batch; the losses before the step."""
        pictures, heat, known, box, weight = batch
        self._set_rate()
        logits, sides, quality = self.network(normalised(pictures))
        losses = {"heat": heat_loss(logits, heat, known)}
        losses["box"], losses["quality"] = box_loss(sides, quality, box, weight)
        self.optimizer.zero_grad()
        (losses["heat"] + BOX_WEIGHT * losses["box"] + QUALITY_WEIGHT * losses["quality"]).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 20.0)
        self.optimizer.step()
        self.done += 1
        self._follow()
        return {name: float(loss.detach()) for name, loss in losses.items()}

    def _set_rate(self) -> None:
        fraction = self.done / self.options.steps
        rate = self.options.rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * fraction)))
        rate *= min(1.0, (self.done + 1) / self.options.warm_up)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self.options.decay, (1 + self.done) / (10 + self.done))
        for mean, value in zip(self.mean.state_dict().values(), self.network.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.mul_(keep).add_(value, alpha=1 - keep)
            else:
                mean.copy_(value)

    def save(self, folder: Path) -> None:
        """Save the state, to go on from, and the running mean of the network."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {name: getattr(self, name).state_dict() for name in ("network", "mean", "optimizer")}
        for name, content in ((STATE, {**state, "done": self.done}), (NETWORK, state["mean"])):
            part = folder / f"{name}.part"
            torch.save(content, part)
            part.replace(folder / name)

    def resume(self, folder: Path) -> None:
        """Go on from a saved state."""
        state: dict[str, Any] = torch.load(folder / STATE, weights_only=True)
        for name in ("network", "mean", "optimizer"):
            getattr(self, name).load_state_dict(state[name])
        self.done = int(state["done"])


def normalised(pictures: Tensor) -> Tensor:
    """What the network takes, from (B, 3, H, W) uint8; the memory format makes convolutions ten times faster."""
    return ((pictures.float() - MEAN) / SCALE).contiguous(memory_format=torch.channels_last)


def _groups(network: HoldNetwork) -> list[dict[str, Any]]:
    own = [p for name, p in network.named_parameters() if not name.startswith("backbone.")]
    return [
        {"params": [p for p in network.backbone.parameters() if p.requires_grad], "share": 0.5},
        {"params": own, "share": 1.0},
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--corrections", type=Path)
    parser.add_argument("--aside", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=TrainingOptions.steps)
    parser.add_argument("--batch", type=int, default=TrainingOptions.batch)
    parser.add_argument("--size", type=int, default=Augmentation.size)
    parser.add_argument("--rate", type=float, default=TrainingOptions.rate)
    parser.add_argument("--seed", type=int, default=TrainingOptions.seed)
    parser.add_argument("--start", type=Path, help="weights of an earlier run to start from")
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args(arguments)
    options = TrainingOptions(
        steps=given.steps, batch=given.batch, rate=given.rate, seed=given.seed, augmentation=Augmentation(size=given.size)
    )
    try:
        training = Training(options, given.start)
        names = [name for group in aside_names(given.aside).values() for name in group]
        images, _ = split(read_images(given.folders, given.corrections), names)
        if given.resume:
            training.resume(given.out)
        started = time.monotonic()
        print(json.dumps({"images": len(images), "options": asdict(options)}), flush=True)

        def report(step: int, losses: dict[str, float]) -> None:
            print(json.dumps({"step": step, "minutes": round((time.monotonic() - started) / 60, 2), **losses}), flush=True)

        training.run(images, report, given.out)
    except AscensionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
