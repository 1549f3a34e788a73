"""The keyframes of a video, and how they lie on each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ascension_core.wall.fitting import inverse
from ascension_core.wall.registration import Match, Picture, overlap
from ascension_core.wall.settling import Link, settled

Floats = NDArray[np.float64]

_MOST_PICTURES = 100  # 70 MB; the oldest are let go, their places stay


@dataclass
class Keyframe:
    """One keyframe.

    Attributes
    ----------
    picture
        None once it was let go.
    to_root
        (3, 3) to the first keyframe of its component, in small pixels.
    root
        Number of that keyframe.
    error
        Expected error of `to_root` in small pixels.
    """

    picture: Picture | None
    to_root: Floats
    root: int
    error: float


class Atlas:
    """Keyframes that are joined by links; those that are not form components of their own."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.keys: list[Keyframe] = []
        self.links: list[Link] = []

    def __len__(self) -> int:
        return len(self.keys)

    def begin(self, picture: Picture) -> int:
        """A keyframe that is joined to no other."""
        self.keys.append(Keyframe(picture, np.eye(3), len(self.keys), 0.0))
        self._let_go()
        return len(self.keys) - 1

    def extend(self, picture: Picture, on: int, match: Match) -> int:
        """A keyframe that lies on another."""
        key = self.keys[on]
        to_root = key.to_root @ match.matrix
        self.keys.append(Keyframe(picture, to_root / to_root[2, 2], key.root, float(np.hypot(key.error, match.error))))
        self.links.append(Link(len(self.keys) - 1, on, match.matrix, match.error))
        self._let_go()
        return len(self.keys) - 1

    def join(self, a: int, b: int, matrix: Floats, error: float) -> None:
        """Note that `a` lies on `b`; where they were in two components, that of `a` becomes a part of that of `b`."""
        self.links.append(Link(a, b, matrix, error))
        one, other = self.keys[a], self.keys[b]
        if one.root == other.root:
            return
        change = other.to_root @ matrix @ inverse(one.to_root)
        more = float(np.hypot(other.error, error))
        for key in [k for k in self.keys if k.root == one.root]:
            to_root = change @ key.to_root
            key.to_root, key.root = to_root / to_root[2, 2], other.root
            key.error = float(np.hypot(key.error, more))

    def between(self, a: int, b: int) -> Floats:
        """(3, 3) from keyframe `a` to keyframe `b` of the same component."""
        return np.asarray(inverse(self.keys[b].to_root) @ self.keys[a].to_root)

    def forget(self, root: int) -> None:
        """Let go of the pictures of a component."""
        for key in self.keys:
            if key.root == root:
                key.picture = None

    def others(self, number: int, most: int) -> list[int]:
        """Some keyframes of other components, spread over all of them, whose pictures are still there."""
        root = self.keys[number].root
        found = [n for n, key in enumerate(self.keys) if key.root != root and key.picture is not None]
        step = max(1.0, len(found) / most)
        return [found[int(i * step)] for i in range(min(most, len(found)))]

    def better(self, current: int, view: Floats) -> int | None:
        """Another keyframe on which a picture, that lies on `current` by `view`, is likely to lie better.

        One whose own place is known better, if most of the picture lies on it, or one that shares clearly more with it.
        """
        here = self.keys[current]
        shared = mutual(view, self.size)
        best, reward = None, 0.0
        for number, key in enumerate(self.keys):
            if key.root != here.root or key.picture is None or number == current:
                continue
            common = mutual(self.between(current, number) @ view, self.size)
            surer = key.error < 0.8 * here.error - 0.05 and common > 0.6
            if (surer or common > shared + 0.15) and common - 0.1 * key.error > reward:
                best, reward = number, common - 0.1 * key.error
        return best

    def settle(self, root: int) -> None:
        """Spread what the links of a component disagree on over all of them; its first keyframe stays in place."""
        members = {n: key.to_root for n, key in enumerate(self.keys) if key.root == root}
        links = [link for link in self.links if link.a in members]
        if len(links) >= len(members):  # fewer are a tree: nothing disagrees
            for number, to_root in settled(members, links, root, self.size).items():
                self.keys[number].to_root = to_root

    def _let_go(self) -> None:
        kept = [key for key in self.keys if key.picture is not None]
        for key in kept[1 : len(kept) - _MOST_PICTURES + 1]:  # the first one is where all the others lead to
            key.picture = None


def mutual(matrix: Floats, size: tuple[int, int]) -> float:
    """What two pictures of (width, height) share, as a share of the larger view."""
    return min(overlap(matrix, size, size), overlap(inverse(matrix), size, size))
