"""Triangles to pixels with a depth buffer, vectorised: fast enough for a mesh of small triangles without a compiler."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.synthetic.geometry import Array, IntArray

CHUNK = 3_000_000
"""Candidate pixels that are worked on at once, which bounds memory."""


@dataclass(frozen=True)
class Raster:
    """What is seen at each pixel of an (H, W) picture.

    Attributes
    ----------
    depth : (H, W), inf where nothing is
    face : (H, W) number of the triangle, -1 where nothing is
    weight : (H, W, 3) barycentric weights of the triangle's corners
    """

    depth: npt.NDArray[np.float32]
    face: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float32]


def rasterise(points: Array, faces: IntArray, width: int, height: int, *, cull: bool = False) -> Raster:
    """Draw triangles whose corners are `points` (V, 3): pixels and depth. Pixel centres lie at half integers.

    With `cull`, triangles that show their back (whose corners run clockwise as one looks at the picture) are left out.
    """
    corners = points[faces]
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    low = np.ceil(corners[..., :2].min(1) - 0.5).astype(np.int64).clip(0)
    high = np.minimum(np.floor(corners[..., :2].max(1) - 0.5).astype(np.int64), [width - 1, height - 1])
    size = high - low + 1
    keep = np.nonzero((area < -1e-9 if cull else np.abs(area) > 1e-9) & (size > 0).all(1))[0]
    out = Raster(
        np.full((height, width), np.inf, np.float32),
        np.full((height, width), -1, np.int32),
        np.zeros((height, width, 3), np.float32),
    )
    counts = size[keep].prod(1)
    batches = np.split(keep, np.unique(np.searchsorted(np.cumsum(counts), np.arange(CHUNK, counts.sum(), CHUNK)) + 1))
    for batch in batches:
        _draw(batch, corners, area, low=low, size=size, out=out)
    return out


def _draw(batch: IntArray, corners: Array, area: Array, *, low: IntArray, size: IntArray, out: Raster) -> None:
    """Draw one batch of triangles into the buffers."""
    if len(batch) == 0:
        return
    width = out.depth.shape[1]
    counts = size[batch].prod(1)
    which = np.repeat(np.arange(len(batch)), counts)
    offset = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    face = batch[which]
    columns = size[face, 0]
    x = low[face, 0] + offset % columns
    y = low[face, 1] + offset // columns
    px, py = x + 0.5, y + 0.5
    a, b, c = (corners[batch, k] for k in range(3))
    scale = 1 / area[batch]
    # barycentric weights are affine in the pixel: constant, along x, along y
    ux, uy = (b[:, 1] - c[:, 1]) * scale, (c[:, 0] - b[:, 0]) * scale
    u0 = (b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]) * scale
    vx, vy = (c[:, 1] - a[:, 1]) * scale, (a[:, 0] - c[:, 0]) * scale
    v0 = (c[:, 0] * a[:, 1] - c[:, 1] * a[:, 0]) * scale
    u = u0[which] + ux[which] * px + uy[which] * py
    v = v0[which] + vx[which] * px + vy[which] * py
    inside = np.nonzero((u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6))[0]
    u, v, which = u[inside], v[inside], which[inside]
    weight = np.stack([u, v, 1 - u - v], 1)
    depth = u * a[which, 2] + v * b[which, 2] + weight[:, 2] * c[which, 2]
    pixel = y[inside] * width + x[inside]
    far_first = np.argsort(-depth, kind="stable")  # of several writes to one pixel the last, the nearest, stays
    pixel, depth = pixel[far_first], depth[far_first].astype(np.float32)
    nearer = depth < out.depth.reshape(-1)[pixel]
    pixel, far_first = pixel[nearer], far_first[nearer]
    out.depth.reshape(-1)[pixel] = depth[nearer]
    out.face.reshape(-1)[pixel] = face[inside][far_first]
    out.weight.reshape(-1, 3)[pixel] = weight[far_first]
