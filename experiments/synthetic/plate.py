"""The still scene: wall, mat and holds, lit and painted once at high resolution as seen from the camera's centre.

Any later view of a turning camera is a homography away; depth goes with it, so that holds can cover the climber.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy.special import expit

from experiments.synthetic.camera import Camera, Pinhole, turned
from experiments.synthetic.geometry import Array, Image, IntArray, norm, unit
from experiments.synthetic.raster import rasterise
from experiments.synthetic.scene import Hold, Options, Stream, Wall
from experiments.synthetic.wall import Mesh, hold_mesh, purchase

OVERSAMPLING = 2.0
"""Pixels of the plate per pixel of the clip, along each side."""

PANEL_M, BOLT_M = 1.22, 0.2
"""Size of a panel of the wall and spacing of its bolt holes."""

SUN = np.array([1.0, 0.96, 0.90], np.float32)
SKY = np.array([0.90, 0.95, 1.0], np.float32)
"""Colours of the lamps and of the light from everywhere."""


@dataclass(frozen=True)
class Light:
    """A lamp far behind the camera: unit direction to it, its strength, and the strength of the light from everywhere."""

    towards: Array
    direct: float
    ambient: float


@dataclass(frozen=True)
class Plate:
    """The still scene as an (H, W) picture.

    Attributes
    ----------
    view : the pinhole that sees it, from the same centre as the clip's camera
    colour : (H, W, 4) linear RGB, and the share of it that comes straight from the lamp
    distance : (H, W) m from the camera's centre
    hold : (H, W) number of the hold seen, -1 for wall and mat
    """

    view: Pinhole
    colour: Image
    distance: Image
    hold: npt.NDArray[np.int32]


def make_light(options: Options) -> Light:
    """The lamp of the seed: from above, from either side."""
    random = options.random(Stream.LIGHT)
    side = random.choice([-1, 1]) * random.uniform(0.3, 0.6)
    return Light(unit(np.array([side, 1.0, random.uniform(0.8, 1.05)])), 0.82, 0.42)


def make_plate(options: Options, wall: Wall, camera: Camera, light: Light) -> Plate:
    """Paint the still scene."""
    view, width, height = _plate_view(options, camera)
    pixels = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), -1)
    rays = view.rays(pixels)
    mesh, owner = _all_holds(wall.holds)
    seen = rasterise(view.project(mesh.vertices), mesh.faces, width, height)
    position, on_mat = _backdrop(view.centre, rays)
    on_hold = seen.face >= 0
    position[on_hold] = view.centre + rays[on_hold] * seen.depth[on_hold, None]  # rays are one metre deep: along depth
    hold = np.where(on_hold, owner[seen.face], -1).astype(np.int32)
    normal = np.zeros_like(position)
    normal[..., 1] = 1
    normal[on_mat] = [0, 0, 1]
    smooth = _vertex_normals(mesh)
    normal[on_hold] = unit(np.einsum("nk,nkc->nc", seen.weight[on_hold], smooth[mesh.faces[seen.face[on_hold]]]))
    paint = _backdrop_paint(wall, position, on_mat)
    paint[on_hold] = _hold_paint(wall, hold[on_hold], position[on_hold], normal[on_hold])
    lit = _lit(mesh, position, normal, light)
    closeness = _closeness(on_hold, view)
    ambient = light.ambient * (0.72 + 0.28 * normal[..., 2]) * np.where(on_hold, 0.9, 1 - 0.55 * closeness)
    spot = 1 - 0.035 * ((position[..., 0]) ** 2 + (position[..., 2] - 2.2) ** 2)
    direct = light.direct * np.clip(normal @ light.towards, 0, 1) * lit * np.clip(spot, 0.5, 1)
    colour = paint * (direct[..., None] * SUN + ambient[..., None] * SKY)
    share = direct / np.maximum(direct + ambient, 1e-6)
    distance = norm(position - view.centre)[..., 0]
    return Plate(view, np.concatenate([colour, share[..., None]], -1).astype(np.float32), distance.astype(np.float32), hold)


def _plate_view(options: Options, camera: Camera) -> tuple[Pinhole, int, int]:
    """A view in the camera's mean direction, wide enough for all of its views."""
    mean = camera.angles.mean(0)
    turn = turned(float(mean[0]), float(mean[1]), 0.0)
    corners = np.array([[0, 0], [options.width, 0], [0, options.height], [options.width, options.height]], float)
    ahead = [camera.at(t).rays(corners) @ turn.T for t in camera.time[::6]]
    slopes = np.concatenate(ahead)
    slopes = slopes[:, :2] / slopes[:, 2:]
    low, high = slopes.min(0) - 0.004, slopes.max(0) + 0.004
    focal = camera.matrix[0, 0] * OVERSAMPLING
    width, height = (int(np.ceil(n * focal)) for n in high - low)
    matrix = np.array([[focal, 0, -low[0] * focal], [0, focal, -low[1] * focal], [0, 0, 1]])
    return Pinhole(matrix, turn, camera.centre), width, height


def _backdrop(centre: Array, rays: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Where rays meet the wall (y = 0) or, below it, the mat (z = 0)."""
    position = centre + rays * (-centre[1] / rays[..., 1:2])
    on_mat = position[..., 2] < 0
    position[on_mat] = centre + rays[on_mat] * (-centre[2] / rays[on_mat, 2:3])
    return position, on_mat


def _all_holds(holds: tuple[Hold, ...]) -> tuple[Mesh, IntArray]:
    meshes = [hold_mesh(h) for h in holds]
    starts = np.cumsum([0] + [len(m.vertices) for m in meshes[:-1]])
    faces = np.concatenate([m.faces + s for m, s in zip(meshes, starts, strict=True)])
    owner = np.repeat(np.arange(len(meshes)), [len(m.faces) for m in meshes])
    return Mesh(np.concatenate([m.vertices for m in meshes]), faces), owner


def _vertex_normals(mesh: Mesh) -> Array:
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    across *= np.where(across[:, 1:2] + 1e-9 < 0, -1, 1)  # holds never overhang: every side looks away from the wall
    total = np.zeros_like(mesh.vertices)
    for k in range(3):
        np.add.at(total, mesh.faces[:, k], across)
    return unit(total)


def _lit(mesh: Mesh, position: Array, normal: Array, light: Light, cell: float = 0.0035) -> Array:
    """(H, W) share of the lamp that reaches each point past the holds, by a shadow map with soft edges."""
    right = unit(np.cross([0.0, 0, 1], light.towards))
    axes = np.stack([right, np.cross(light.towards, right), light.towards], 1)
    holds = mesh.vertices @ axes
    low = holds[:, :2].min(0) - 0.05
    size = np.ceil((holds[:, :2].max(0) + 0.05 - low) / cell).astype(int)
    mapped = np.concatenate([(holds[:, :2] - low) / cell, -holds[:, 2:]], 1)
    depth = rasterise(mapped, mesh.faces, int(size[0]), int(size[1])).depth
    point = (position + 0.006 * normal) @ axes
    u, v = ((point[..., k] - low[k]) / cell for k in (0, 1))
    total = np.zeros(position.shape[:2])
    for du, dv in ((0, 0), (-2, 0), (2, 0), (0, -2), (0, 2), (-1.5, -1.5), (1.5, 1.5), (1.5, -1.5), (-1.5, 1.5)):
        sampled = cv2.remap(
            depth, (u + du).astype(np.float32), (v + dv).astype(np.float32), cv2.INTER_NEAREST, borderValue=np.inf
        )
        total += -point[..., 2] <= sampled + 0.004
    return np.asarray(total / 9)


def _closeness(on_hold: npt.NDArray[np.bool_], view: Pinhole) -> Array:
    """(H, W) how near a hold is, for the soft dark rim of ambient occlusion."""
    metre = float(view.matrix[0, 0] / view.centre[1])
    return np.asarray(cv2.GaussianBlur(on_hold.astype(np.float32), (0, 0), 0.02 * metre), float)


# ------------------------------------------------------------------------------------------------ paint


class _Noise:
    """Smooth random fields over the plane, the same for a seed at any resolution."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def field(self, u: Array, v: Array, size_u: float, size_v: float) -> Array:
        """Values of about unit spread that change over `size_u`, `size_v` metres."""
        grid = self.random.normal(0, 1, (256, 256)).astype(np.float32)
        x, y = np.mod(u / size_u + 131, 255).astype(np.float32), np.mod(v / size_v + 131, 255).astype(np.float32)
        x, y = np.atleast_2d(x), np.atleast_2d(y)
        if x.shape[1] >= 32767 or x.shape[0] == 1:  # remap is limited to 32767 columns
            return _bilinear(grid, x, y).reshape(u.shape)
        return np.asarray(cv2.remap(grid, x, y, cv2.INTER_LINEAR), float).reshape(u.shape)


def _bilinear(grid: Image, x: Image, y: Image) -> Array:
    i, j = np.floor(y).astype(int), np.floor(x).astype(int)
    fy, fx = y - i, x - j
    top = grid[i, j] * (1 - fx) + grid[i, j + 1] * fx
    bottom = grid[i + 1, j] * (1 - fx) + grid[i + 1, j + 1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy, float)


def _backdrop_paint(wall: Wall, position: Array, on_mat: npt.NDArray[np.bool_]) -> Array:
    """(H, W, 3) colour of wall and mat."""
    x, y, z = position[..., 0], position[..., 1], position[..., 2]
    noise = _Noise(wall.seed)
    base = _boards(wall, noise, x, z)
    dirt = 0.055 * noise.field(x, z, 0.5, 0.5) + 0.03 * noise.field(x, z, 0.09, 0.09) + 0.018 * noise.field(x, z, 0.012, 0.012)
    base = base * (1 + dirt)[..., None]
    base = _wear(wall, noise, x, z, base)
    base = base * (1 - 0.75 * np.maximum(_seams(x + 0.31, z - 0.1), _bolt_holes(x, z)))[..., None]
    seam = np.exp(-(((np.mod(x + 0.9, 1.8) - 0.9) / 0.012) ** 2))
    mat = (
        np.array(wall.mat)
        * (1 + 0.1 * noise.field(x, y, 0.4, 0.3) + 0.05 * noise.field(x, y, 0.02, 0.02) - 0.5 * seam)[..., None]
    )
    mat = mat * (1 - 0.55 * np.exp(-y / 0.05))[..., None]
    return np.where(on_mat[..., None], mat, base)


def _boards(wall: Wall, noise: _Noise, x: Array, z: Array) -> Array:
    """The bare surface: grained wood, one colour, or two colours with a straight border."""
    random = np.random.default_rng(wall.seed)
    board = np.floor((x + 0.31) / PANEL_M) * 7 + np.floor((z - 0.1) / PANEL_M) * 3
    tint = 1 + 0.035 * np.sin(board * 12.9898)
    base = np.broadcast_to(np.array(wall.paint), (*x.shape, 3)) * tint[..., None]
    if wall.style == "plywood":
        bend = 0.03 * noise.field(x, z, 0.9, 0.35)
        grain = noise.field(x, z + bend, 0.9, 0.012) * 0.6 + noise.field(x, z + bend, 0.35, 0.035) * 0.5
        return np.asarray(base * (1 + 0.10 * grain[..., None] * [0.8, 1.0, 1.25]))
    angle, offset = random.uniform(0.3, 1.1) * random.choice([-1, 1]), random.uniform(0.7, 1.3)
    edge = x * np.sin(angle) + (z - offset) * np.cos(angle)
    if wall.style == "panels":
        other = x * np.sin(angle - 1.2) + (z - 2.6) * np.cos(angle - 1.2)
        share = np.clip(expit(-edge / 0.002) + expit((other - 0.9) / 0.002), 0, 1)
        return np.asarray(base + share[..., None] * (np.array(wall.accent) - base))
    share = expit(-edge / 0.002)
    return np.asarray(base + 0.75 * share[..., None] * (np.array(wall.accent) - base))


def _seams(x: Array, z: Array) -> Array:
    gap = np.minimum(
        np.abs(np.mod(x + PANEL_M / 2, PANEL_M) - PANEL_M / 2), np.abs(np.mod(z + PANEL_M / 2, PANEL_M) - PANEL_M / 2)
    )
    return np.asarray(np.clip(1.6 - gap / 0.0025, 0, 1))


def _bolt_holes(x: Array, z: Array) -> Array:
    row = np.round(z / BOLT_M)
    across = x + 0.5 * BOLT_M * np.mod(row, 2)
    gap = np.hypot(across - np.round(across / BOLT_M) * BOLT_M, z - row * BOLT_M)
    return np.asarray(np.clip((0.0085 - gap) / 0.002, 0, 1))


def _wear(wall: Wall, noise: _Noise, x: Array, z: Array, base: Array) -> Array:
    """Chalk round hand holds, black rubber above foot holds; spread on a coarse map of the wall first."""
    cell, low = 0.008, np.array([-3.0, -0.3])
    map_x, map_z = np.meshgrid(low[0] + cell * np.arange(750), low[1] + cell * np.arange(700))
    chalk, rubber = np.zeros(map_x.shape, np.float32), np.zeros(map_x.shape, np.float32)
    for hold in wall.holds:
        u, w = map_x - hold.x, map_z - hold.z
        if hold.shape == "foot":
            rubber += np.exp(-((u / 0.06) ** 2) - (((w - 0.05) / 0.05) ** 2))
        else:
            chalk += (0.8 if hold.route else 0.45) * np.exp(-((u / 0.09) ** 2) - (((w - 0.03) / 0.09) ** 2))
    patch = np.clip(0.5 + 0.5 * noise.field(x, z, 0.035, 0.05), 0, 1)
    at = ((x - low[0]) / cell).astype(np.float32), ((z - low[1]) / cell).astype(np.float32)
    white, black = (cv2.remap(np.clip(m, 0, 1), *at, cv2.INTER_LINEAR) * patch for m in (chalk, rubber))
    base = base + (0.38 * white)[..., None] * (0.72 - base)
    return np.asarray(base * (1 - 0.4 * black)[..., None])


def _hold_paint(wall: Wall, hold: npt.NDArray[np.int32], position: Array, normal: Array) -> Array:
    """(N, 3) colour of points on holds: moulded plastic with grit, a bolt, and chalk where fingers go."""
    noise = _Noise(wall.seed + 1)
    colours = np.array([h.paint.rgb for h in wall.holds])
    centres = np.array([h.centre for h in wall.holds])
    crests = np.array([purchase(h) for h in wall.holds])
    depths = np.array([h.depth for h in wall.holds])
    x, y, z = position.T
    grit = 1 + 0.10 * noise.field(x + y, z + 0.7 * y, 0.006, 0.006) + 0.07 * noise.field(x, z + y, 0.03, 0.03)
    paint = colours[hold] * np.clip(grit, 0.6, 1.4)[:, None]
    patch = np.clip(0.45 + 0.55 * noise.field(x, z + y, 0.025, 0.02), 0, 1)
    above = np.clip((z - centres[hold, 2]) / np.maximum(crests[hold, 2] - centres[hold, 2], 0.01), 0, 1.2)
    used = np.array([0.0 if h.shape == "foot" else (0.6 if h.route else 0.35) for h in wall.holds])
    powder = used[hold] * patch * above * np.clip(normal[:, 2] + 0.35, 0, 1)
    paint = paint + np.clip(powder, 0, 0.8)[:, None] * (0.74 - paint)
    bolted = np.array([h.shape != "volume" for h in wall.holds])
    bolt = np.hypot(x - centres[hold, 0], (z - centres[hold, 2]) + 0.1 * depths[hold]) < 0.0075
    return np.asarray(np.where((bolt & bolted[hold])[:, None], 0.05, paint))
