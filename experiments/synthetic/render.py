"""Pictures: the climber drawn into the still scene with shadows, motion blur and changing light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from experiments.synthetic.body import Body, keypoints, load_body, skin
from experiments.synthetic.camera import Camera, Pinhole, make_camera
from experiments.synthetic.climb import Motion, make_motion, pose_at
from experiments.synthetic.dress import Outfit, albedo, dress
from experiments.synthetic.geometry import Array, Image, IntArray, norm, smooth, unit
from experiments.synthetic.plan import Plan, make_plan
from experiments.synthetic.plate import SKY, SUN, Light, Plate, make_light, make_plate
from experiments.synthetic.raster import Raster, rasterise
from experiments.synthetic.scene import Look, Options, Stream, Wall, make_look
from experiments.synthetic.wall import make_wall

SAMPLES = 2
"""Samples per pixel along each side, for the climber, where few pictures make a frame."""

JITTER_PX = ((0.0, 0.0), (0.27, -0.24), (-0.26, 0.23), (0.22, 0.28), (-0.24, -0.27))
"""Where within the pixel each of many pictures that make a frame is sampled, once."""

BLUR_STEP_PX = 3.0
"""Motion within the exposure that asks for one more picture to average, at 1280 pixels of height."""

SHADOW_CELLS, SHADOW_SIDE_M = 448, 2.6
"""Shadow map of the climber: cells along a side, and how much it covers."""

GLOSS = np.array([0.05, 0.0, 0.0, 0.06, 0.10, 0.02], np.float32)
"""Strength of the highlight on each material."""

HIDDEN_BY_M = (
    (0.06,) * 11 + (0.13,) * 2 + (0.075,) * 2 + (0.06,) * 2 + (0.05,) * 6
    + (0.16,) * 2 + (0.10,) * 2 + (0.08,) * 2 + (0.10,) * 2 + (0.18,) * 2
)  # fmt: skip
"""How deep under the surface that the camera sees each keypoint may lie and still count as visible: its limb's radius."""


@dataclass(frozen=True)
class Scene:
    """Everything about one clip that does not depend on the frame."""

    options: Options
    wall: Wall
    plan: Plan
    body: Body
    motion: Motion
    camera: Camera
    look: Look


@dataclass(frozen=True)
class Shot:
    """One frame: `image` (H, W, 3) uint8 RGB, and the truth at the middle of its exposure."""

    image: npt.NDArray[np.uint8]
    keypoints: Array
    visible: npt.NDArray[np.bool_]


def make_scene(options: Options) -> Scene:
    """Decide everything that the seed decides."""
    wall = make_wall(options)
    plan = make_plan(options, wall)
    body = load_body(options.body)
    motion = make_motion(plan, body)
    camera = make_camera(options, motion.time, motion.pelvis)
    return Scene(options, wall, plan, body, motion, camera, make_look(options))


class Renderer:
    """Draws the frames of a scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.light = make_light(scene.options)
        self.plate = make_plate(scene.options, scene.wall, scene.camera, self.light)
        self.outfit = dress(scene.body)
        self.exposure = _exposure(scene.options)
        self.poses, _ = pose_at(scene.motion, np.arange(scene.options.frames + 1) / scene.options.fps)

    def shot(self, number: int) -> Shot:
        """Draw frame `number`."""
        options = self.scene.options
        points = keypoints(self.scene.body, self.poses, number)
        instants = self._instants(number)
        poses, _ = pose_at(self.scene.motion, instants)
        mesh = [skin(self.scene.body, poses, k, self.outfit.vertices, self.outfit.weights) for k in range(len(instants))]
        shadow = _ShadowMap(self.outfit, mesh[len(mesh) // 2], self.light)  # soft enough to stay for the whole exposure
        light = np.zeros((options.height, options.width, 3), np.float32)
        visible = np.zeros(len(points), bool)
        for k, instant in enumerate(instants):
            view = self.scene.camera.at(float(instant))
            grid = Sampling(SAMPLES, 0.0, 0.0) if len(instants) < 5 else Sampling(1, *JITTER_PX[k % len(JITTER_PX)])
            picture = light if len(instants) == 1 else np.empty_like(light)
            drawn = self._draw(picture, view, mesh[k], shadow, grid)
            if len(instants) > 1:
                light += picture / len(instants)
            if k == len(instants) // 2:
                visible = _visible(points, view, drawn, options)
        return Shot(self._develop(light, number), points, visible)

    def _draw(self, picture: Image, view: Pinhole, vertices: Array, shadow: _ShadowMap, grid: Sampling) -> Drawn:
        """Fill `picture` (H, W, 3) with one instant in linear light."""
        height, width = picture.shape[:2]
        seen = Seen(self.plate, view)
        scene = seen.warped(self.plate.colour, (0, 0, width, height))
        picture[:] = scene[..., :3]
        _darken(picture, scene[..., 3], seen, shadow, view.project(vertices))
        drawn = _trace(seen, self.outfit.faces, view.project(vertices), (width, height), grid)
        shade = _Shader(self.outfit, self.scene.look, self.light, vertices, shadow)
        _lay_over(picture, view, drawn, shade)
        return drawn

    def _instants(self, number: int) -> Array:
        """Moments within the exposure, enough that nothing jumps more than a few pixels between them."""
        options, camera = self.scene.options, self.scene.camera
        middle, exposure = number / options.fps, options.blur / options.fps
        here = camera.at(middle).project(self.poses.joint[number])
        there = camera.at((number + 1) / options.fps).project(self.poses.joint[number + 1])
        most = options.blur * float(np.linalg.norm((there - here)[:, :2], axis=1).max()) * 1280 / options.height
        count = 2 * int(np.clip(np.ceil(most / BLUR_STEP_PX), 1, 9) // 2) + 1
        return middle + exposure * (np.arange(count) / max(count - 1, 1) - 0.5 * (count > 1))

    def _develop(self, light: Image, number: int) -> npt.NDArray[np.uint8]:
        """Exposure, vignette, sensor noise and the sRGB curve."""
        options = self.scene.options
        height, width = light.shape[:2]
        v, u = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
        vignette = (1 - 0.07 * (u**2 + v**2)).astype(np.float32)[..., None]
        value = _SRGB[np.clip(light * vignette * self.exposure[number] * 4095, 0, 4095).astype(np.uint16)]
        random = np.random.default_rng([options.seed, options.attempt, number])
        noise = random.standard_normal((height // 2 + 1, width // 2 + 1), dtype=np.float32)
        grain = cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(np.clip(value + 1.5 * grain[..., None] + 0.5, 0, 255), np.uint8)


def _srgb_curve() -> Image:
    linear = np.arange(4096) / 4095
    encoded = np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (255 * encoded).astype(np.float32)


_SRGB = _srgb_curve()


def _exposure(options: Options) -> Image:
    """(T, 3) gain of each frame: the phone's exposure and white balance wander, and a cloud passes."""
    if options.light == "steady":
        return np.ones((options.frames, 3), np.float32)
    random = options.random(Stream.LIGHT)
    t = np.arange(options.frames) / options.fps
    wander = smooth(random.normal(0, 1, (options.frames + 200, 2)), 1.2 * options.fps)[100:-100]
    wander /= np.abs(wander).max(0)
    cloud = 1 - 0.16 * np.exp(-(((t - random.uniform(0.3, 0.8) * options.seconds) / 1.1) ** 2))
    gain = (1.06 + 0.06 * wander[:, 0]) * cloud
    return np.stack([gain * (1 + 0.02 * wander[:, 1]), gain, gain * (1 - 0.03 * wander[:, 1])], 1).astype(np.float32)


# ------------------------------------------------------------------------------------------------ one instant


@dataclass(frozen=True)
class Sampling:
    """`side` by `side` samples a pixel, moved by (`x`, `y`) pixels."""

    side: int
    x: float
    y: float


@dataclass(frozen=True)
class Drawn:
    """The climber in the picture: what is seen within a box that starts at (left, top) pixels, and the scene behind."""

    left: int
    top: int
    grid: Sampling
    seen: Raster
    scene_distance: Image

    def pixels(self, row: IntArray, column: IntArray) -> Array:
        """(N, 2) picture coordinates of samples."""
        steps = np.stack([column + 0.5, row + 0.5], 1) / self.grid.side
        return np.asarray(steps + np.array([self.left + self.grid.x, self.top + self.grid.y]))


@dataclass(frozen=True)
class Seen:
    """The still scene as one view has it."""

    plate: Plate
    view: Pinhole

    def warped(
        self,
        layer: Image,
        box: tuple[int, int, int, int],
        grid: Sampling = Sampling(1, 0.0, 0.0),
        how: int = cv2.INTER_LINEAR,
    ) -> Image:
        """A layer of the plate within a box (left, top, right, bottom) of the picture, sampled on a grid."""
        left, top, right, bottom = box
        to_box = np.diag([grid.side, grid.side, 1.0]) @ np.array([[1, 0, -left - grid.x], [0, 1, -top - grid.y], [0, 0, 1]])
        size = (right - left) * grid.side, (bottom - top) * grid.side
        homography = _half(to_box @ self.view.picture_from(self.plate.view))
        return np.asarray(cv2.warpPerspective(layer, homography, size, flags=how), np.float32)


def _half(warp: Array) -> Array:
    """The same homography for OpenCV, whose pixel centres are whole numbers; ours are halves."""
    shift = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    return np.asarray(shift @ warp @ np.linalg.inv(shift))


def _box(pixels: Array, width: int, height: int, margin: float = 0.04) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the part of the picture around points, with a margin."""
    gap = margin * height
    low = np.clip(np.floor(pixels[:, :2].min(0) - gap), 0, [width, height]).astype(int)
    high = np.clip(np.ceil(pixels[:, :2].max(0) + gap), 0, [width, height]).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


class _ShadowMap:
    """How far the climber is along the lamp's direction, cell by cell."""

    def __init__(self, outfit: Outfit, vertices: Array, light: Light) -> None:
        self.light = light
        self.centre = (vertices.min(0) + vertices.max(0)) / 2
        self.vertices = vertices
        right = unit(np.cross([0.0, 0, 1], light.towards))
        self.axes = np.stack([right, np.cross(light.towards, right), light.towards], 1)
        self.depth = rasterise(self.place(vertices), outfit.faces, SHADOW_CELLS, SHADOW_CELLS).depth
        covered = np.isfinite(self.depth).astype(np.float32)
        self.soft = [cv2.GaussianBlur(covered, (0, 0), s) for s in (1.2, 4.0, 9.0)]

    def place(self, points: Array) -> Array:
        """Points (..., 3) m to cells and depth."""
        seen = (points - self.centre) @ self.axes
        return np.concatenate([seen[..., :2] * (SHADOW_CELLS / SHADOW_SIDE_M) + SHADOW_CELLS / 2, -seen[..., 2:]], -1)

    def on_scene(self) -> Array:
        """Where the climber's outline throws its shadow: on the wall, or where that lies lower, on the mat."""
        way = self.light.towards
        to_wall = self.vertices[::40, 1:2] / way[1]
        to_mat = self.vertices[::40, 2:3] / way[2]
        return np.asarray(self.vertices[::40] - way * np.minimum(to_wall, to_mat))

    def on(self, points: Array) -> Array:
        """How much of the lamp the climber takes from points of the scene; the further off, the softer."""
        cell = self.place(points)
        u, v = cell[..., 0].astype(np.float32), cell[..., 1].astype(np.float32)
        near, middle, far = (cv2.remap(s, u, v, cv2.INTER_LINEAR) for s in self.soft)
        gap = np.clip((cell[..., 2] - 0.1) / 0.5, 0, 1)
        return np.asarray((1 - gap) * 0.5 * (near + middle) + gap * 0.5 * (middle + far))

    def reaches(self, points: Array) -> Array:
        """(N,) share of the lamp that reaches points on the climber."""
        cell = self.place(points)
        total = np.zeros(len(points), np.float32)
        for du, dv in ((-1, -1), (1, -1), (0, 0), (-1, 1), (1, 1)):
            column = np.clip((cell[:, 0] + du).astype(int), 0, SHADOW_CELLS - 1)
            row = np.clip((cell[:, 1] + dv).astype(int), 0, SHADOW_CELLS - 1)
            total += cell[:, 2] <= self.depth[row, column] + 0.014
        return np.asarray(total / 5, np.float32)


def _darken(picture: Image, direct: Image, seen: Seen, shadow: _ShadowMap, projected: Array) -> None:
    """Take the climber's shadow, and the dimness close behind the body, off the scene."""
    view, (height, width) = seen.view, direct.shape
    box = _box(np.concatenate([projected, view.project(shadow.on_scene())]), width, height)
    left, top, right, bottom = box
    if right <= left or bottom <= top:
        return
    distance = seen.warped(seen.plate.distance, box)
    pixels = np.stack(np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5), -1)
    points = view.centre + unit(view.rays(pixels)) * distance[..., None]
    taken = shadow.on(points) * direct[top:bottom, left:right] * 0.92
    dim = 0.38 * _nearness(projected[:, :2] - np.array([left, top]), taken.shape, float(view.matrix[0, 0] / view.centre[1]))
    picture[top:bottom, left:right] *= ((1 - taken) * (1 - dim))[..., None].astype(np.float32)


def _nearness(pixels: Array, shape: tuple[int, ...], metre: float) -> Image:
    """(H, W) 0 to 1: the climber's outline, spread a hand's breadth, `metre` pixels to the metre."""
    silhouette = np.zeros(shape, np.float32)
    spots = pixels[::3].astype(int)
    inside = ((spots >= 0) & (spots < [shape[1], shape[0]])).all(1)
    silhouette[spots[inside, 1], spots[inside, 0]] = 1
    brush = np.ones((int(0.05 * metre) + 1, int(0.05 * metre) + 1), np.uint8)
    return np.asarray(cv2.GaussianBlur(cv2.dilate(silhouette, brush), (0, 0), max(0.07 * metre, 0.5)), np.float32)


def _trace(seen: Seen, faces: IntArray, projected: Array, size: tuple[int, int], grid: Sampling) -> Drawn:
    """Rasterise the climber, and find how far the scene behind is."""
    left, top, right, bottom = _box(projected, *size, margin=0.004)
    box = (left, top, max(right, left + 1), max(bottom, top + 1))
    behind = seen.warped(seen.plate.distance, box, grid, cv2.INTER_NEAREST)
    rows, columns = behind.shape
    local = np.concatenate([(projected[:, :2] - np.array([left + grid.x, top + grid.y])) * grid.side, projected[:, 2:]], 1)
    return Drawn(left, top, grid, rasterise(local, faces, columns, rows, cull=True), behind)


def _lay_over(picture: Image, view: Pinhole, drawn: Drawn, shade: _Shader) -> None:
    """Shade the climber where no hold is in front, and lay it over the picture."""
    row, column = np.nonzero(drawn.seen.face >= 0)
    stretch = norm(view.rays(drawn.pixels(row, column)))[:, 0]  # distance along the ray per metre of depth
    in_front = drawn.seen.depth[row, column] * stretch < drawn.scene_distance[row, column] + 0.004
    row, column = row[in_front], column[in_front]
    side = drawn.grid.side
    rows, columns = drawn.seen.face.shape
    layer = np.zeros((rows, columns, 4), np.float32)
    layer[row, column, :3] = shade(drawn.seen.face[row, column], drawn.seen.weight[row, column])
    layer[row, column, 3] = 1
    if side > 1:
        layer = np.asarray(cv2.resize(layer, (columns // side, rows // side), interpolation=cv2.INTER_AREA), np.float32)
    under = picture[drawn.top : drawn.top + layer.shape[0], drawn.left : drawn.left + layer.shape[1]]
    layer = layer[: under.shape[0], : under.shape[1]]
    under *= 1 - layer[..., 3:]
    under += layer[..., :3]


class _Shader:
    """Colours points on the climber, given by triangle and barycentric weights."""

    def __init__(self, outfit: Outfit, look: Look, light: Light, vertices: Array, shadow: _ShadowMap) -> None:
        self.faces, self.look, self.light, self.shadow = outfit.faces, look, light, shadow
        parts = (outfit.normals(vertices), vertices, outfit.vertices, outfit.fields, outfit.chalk[:, None])
        self.attributes = np.concatenate(parts, 1).astype(np.float32)
        self.stature = float(outfit.vertices[:, 2].max())

    def __call__(self, face: npt.NDArray[np.int32], weight: Image) -> Image:
        """(N, 3) linear colour."""
        corners = self.faces[face]
        mixed = sum(weight[:, k, None] * self.attributes[corners[:, k]] for k in range(3))
        normal, point, rest, fields, chalk = np.split(np.asarray(mixed), [3, 6, 9, 15], axis=1)
        normal = normal / np.maximum(np.sqrt((normal * normal).sum(1, keepdims=True)), 1e-6)
        worn = fields.argmax(1)
        paint = albedo(self.look, worn, rest, chalk[:, 0], self.stature)
        towards = self.light.towards.astype(np.float32)
        lit = self.shadow.reaches(point + 0.007 * normal)
        open_side = (0.70 + 0.30 * normal[:, 2]) * (0.5 + 0.5 * np.clip(normal[:, 1] + 0.25, 0, 1))
        direct = 1.06 * self.light.direct * lit * np.clip(normal @ towards, 0, 1)
        energy = direct[:, None] * SUN + (self.light.ambient * open_side)[:, None] * SKY
        halfway = unit(self.light.towards + np.array([0.0, 1.0, 0.0])).astype(np.float32)
        shine = GLOSS[worn] * np.clip(normal @ halfway, 0, 1) ** 24 * lit
        return np.asarray(paint * energy + shine[:, None], np.float32)


def _visible(points: Array, view: Pinhole, drawn: Drawn, options: Options) -> npt.NDArray[np.bool_]:
    """(33,) whether each keypoint is in the picture and not covered by the climber's own body or by a hold."""
    pixels = view.project(points)
    inside = ((pixels[:, :2] >= 0) & (pixels[:, :2] < [options.width, options.height])).all(1)
    rows, columns = drawn.seen.depth.shape
    origin = [drawn.left + drawn.grid.x, drawn.top + drawn.grid.y]
    spot = ((pixels[:, :2] - origin) * drawn.grid.side).astype(int)
    column, row = spot[:, 0].clip(0, columns - 1), spot[:, 1].clip(0, rows - 1)
    surface = drawn.seen.depth[row, column]
    by_self = surface < pixels[:, 2] - HIDDEN_BY_M
    by_scene = drawn.scene_distance[row, column] < norm(points - view.centre)[:, 0] - 0.03
    return np.asarray(inside & ~by_self & ~by_scene)
