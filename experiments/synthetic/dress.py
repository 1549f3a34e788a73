"""What the climber wears: the skin mesh swollen into clothes, hair, and a chalk bag, with a paint for every point.

Which material a point shows is decided per pixel, by the largest of several fields that are interpolated over the
mesh: so the borders of cuffs and collars run smoothly through triangles.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from experiments.synthetic.body import Body
from experiments.synthetic.geometry import Array, Image, IntArray, cross, norm, unit
from experiments.synthetic.scene import Look


class Material(IntEnum):
    """Column of each material in the fields."""

    SKIN = 0
    SHIRT = 1
    TROUSERS = 2
    SHOE = 3
    HAIR = 4
    BAG = 5


@dataclass(frozen=True)
class Outfit:
    """The dressed mesh at rest, (V, ...) as in `Body`; `fields` (V, materials), `chalk` (V,) how powdered the skin is."""

    vertices: Array
    faces: IntArray
    weights: Array
    fields: Array
    chalk: Array
    spread: csr_array

    def normals(self, vertices: Array) -> Array:
        """(V, 3) unit normals of the mesh in any pose."""
        a, b, c = (vertices[self.faces[:, k]] for k in range(3))
        return unit(np.asarray(self.spread @ cross(b - a, c - a)))


_PONYTAIL = tuple(((0.0, 0.105 + 0.012 * k - 0.0018 * k * k, 0.085 - 0.021 * k), 0.046 - 0.0032 * k) for k in range(8))
"""Centre behind the joint of the head, and radius, of each piece of a ponytail, metres."""


def dress(body: Body) -> Outfit:
    """Dress a body."""
    fields = _fields(body)
    ahead = _spread(body.faces, len(body.vertices))
    adjacency = _adjacency(body.faces, len(body.vertices))
    worn = fields.argmax(1)
    cloth = np.isin(worn, [Material.SHIRT, Material.TROUSERS, Material.SHOE])
    shape = _relax(body.vertices, adjacency, cloth, 12)
    shape = _relax(shape, adjacency, worn == Material.HAIR, 6)
    a, b, c = (shape[body.faces[:, k]] for k in range(3))
    normals = unit(np.asarray(ahead @ cross(b - a, c - a)))
    swelling = _relax(_swelling(body, fields)[:, None], adjacency, cloth | (worn == Material.HAIR), 2)
    parts = [(shape + normals * swelling, body.faces, body.weights, fields, body.share("finger", "metacarpal"))]
    parts.append(_chalk_bag(body))
    if body.sex == "f":
        parts += [_hair_ball(body, *ball) for ball in _PONYTAIL]
    return _join(parts)


def _join(parts: list[tuple[Array, IntArray, Array, Array, Array]]) -> Outfit:
    starts = np.cumsum([0] + [len(p[0]) for p in parts[:-1]])
    faces = np.concatenate([p[1] + s for p, s in zip(parts, starts, strict=True)])
    vertices, weights, fields, chalk = (np.concatenate([p[k] for p in parts]) for k in (0, 2, 3, 4))
    return Outfit(vertices, faces, weights, fields, chalk, _spread(faces, len(vertices)))


def _spread(faces: IntArray, count: int) -> csr_array:
    """(V, F) matrix that sums a value of the faces at their corners."""
    rows, columns = faces.T.ravel(), np.tile(np.arange(len(faces)), 3)
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(count, len(faces)))


def _adjacency(faces: IntArray, count: int) -> csr_array:
    """(V, V) matrix that averages over the neighbours."""
    edges = np.unique(np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1), axis=0)
    both = np.concatenate([edges, edges[:, ::-1]])
    degree = np.bincount(both[:, 0], minlength=count).clip(1)
    return csr_array((1 / degree[both[:, 0]], (both[:, 0], both[:, 1])), shape=(count, count))


def _relax(x: Array, adjacency: csr_array, where: npt.NDArray[np.bool_], times: int) -> Array:
    for _ in range(times):
        x = np.where(where[:, None], 0.5 * x + 0.5 * np.asarray(adjacency @ x), x)
    return x


def _fields(body: Body) -> Array:
    """(V, materials): how far inside each garment a vertex is, in metres or so; skin is 0."""
    v = body.vertices
    x, y, z = v.T
    size = v[:, 2].max() / 1.78
    waist = body.joint("root")[2] + 0.06 * size
    arm = body.share("upperarm", "lowerarm", "wrist", "finger", "metacarpal")
    shoulder, elbow = body.joint("upperarm01.L"), body.joint("lowerarm01.L")
    along = (
        (np.abs(x) - shoulder[0]) * (elbow - shoulder)[0]
        + (y - shoulder[1]) * (elbow - shoulder)[1]
        + (z - shoulder[2]) * (elbow - shoulder)[2]
    ) / (norm(elbow - shoulder)[0] ** 2)
    long = 0.58 if body.sex == "m" else 0.22
    sleeve = (long - along) * 0.28 * np.clip(arm * 1.5, 0, 1) + (1 - np.clip(arm * 1.5, 0, 1)) * 0.3
    neck = body.joint("neck01")
    collar = (
        0.07 * size
        + 0.035 * size * (y < neck[1])
        - norm(np.stack([x * 0.9, (y - neck[1]) * 0.8, (z - neck[2]) * 1.0], 1))[:, 0]
    )
    collar = np.where(z > neck[2] - 0.05, -collar - 0.004, 0.3)
    collar = np.where(body.share("head", "neck02", "neck03") > 0.5, -0.3, collar)
    ankle = body.joint("foot.L")[2]
    below_waist = (waist - z) + 0.3 * np.minimum(0, 0.5 - arm)
    fields = np.zeros((len(v), len(Material)))
    fields[:, Material.SHIRT] = np.minimum.reduce([z - waist, sleeve, collar])
    fields[:, Material.TROUSERS] = np.minimum.reduce([below_waist, z - ankle - 0.085 * size, 0.5 - 2 * arm])
    fields[:, Material.SHOE] = 0.35 * (body.share("foot", "toe") - 0.45) - 0.5 * np.clip(z - ankle - 0.05, 0, 1)
    fields[:, Material.HAIR] = _hair(body)
    fields[:, Material.BAG] = -1
    return fields


def _hair(body: Body) -> Array:
    """Inside of the hair: the back and the top of the head, round the ears and above the forehead."""
    x, y, z = body.vertices.T
    head = body.joint("head")
    size = body.vertices[:, 2].max() / 1.78
    top = body.vertices[:, 2].max()
    on_head = body.share("head", "neck03", "eye") - 0.3
    back = np.minimum(y - head[1] - 0.012 * size, z - head[2] + 0.035 * size)
    crown = z - top + 0.058 * size + 0.25 * (y - head[1])
    temple = np.minimum(np.minimum(y - head[1] + 0.035 * size, z - head[2] - 0.07 * size), np.abs(x) - 0.045 * size)
    ear = np.minimum.reduce([np.abs(x) - 0.074 * size, head[2] + 0.062 * size - z, head[1] + 0.035 * size - y])
    return np.asarray(np.minimum(np.minimum(np.maximum.reduce([back, crown, temple]), 0.2 * on_head), -ear))


def _swelling(body: Body, fields: Array) -> Array:
    """(V,) metres by which cloth stands off the skin: thick at hems, wrinkled, rising smoothly from the border."""
    x, _, z = body.vertices.T
    rise = np.clip(fields[np.arange(len(fields)), fields.argmax(1)] / 0.012, 0.25, 1)
    thickness = np.array([0.0, 0.013, 0.013, 0.009, 0.019, 0.0])[fields.argmax(1)]
    size = z.max() / 1.78
    shirt, trousers = fields.argmax(1) == Material.SHIRT, fields.argmax(1) == Material.TROUSERS
    hem = 0.012 * np.clip((1.35 * size - z) / 0.4, 0, 1) * shirt + 0.014 * np.clip((0.9 * size - z) / 0.7, 0, 1) * trousers
    wrinkles = 0.0035 * np.sin(38 * z + 9 * x + 4 * np.sin(12 * x + 7 * z)) + 0.0025 * np.sin(55 * x + 21 * z)
    strands = 0.005 * np.sin(85 * x + 25 * np.sin(35 * z))
    extra = hem + wrinkles * (shirt | trousers) + strands * (fields.argmax(1) == Material.HAIR)
    return np.asarray((thickness + extra) * rise)


def _rigid(
    body: Body, bone: str, vertices: Array, faces: IntArray, material: Material
) -> tuple[Array, IntArray, Array, Array, Array]:
    weights = np.zeros((len(vertices), len(body.bones)))
    weights[:, body.index[bone]] = 1
    fields = np.full((len(vertices), len(Material)), -1.0)
    fields[:, material] = 1
    return vertices, faces, weights, fields, np.zeros(len(vertices))


def _ellipsoid(radii: Array, rings: int = 14, around: int = 20) -> tuple[Array, IntArray]:
    polar, angle = np.meshgrid(
        np.linspace(0.02, np.pi - 0.02, rings), np.linspace(0, 2 * np.pi, around, endpoint=False), indexing="ij"
    )
    vertices = np.stack([np.sin(polar) * np.cos(angle), np.sin(polar) * np.sin(angle), np.cos(polar)], -1).reshape(-1, 3)
    i, j = np.meshgrid(np.arange(rings - 1), np.arange(around), indexing="ij")
    a, b = i * around + j, i * around + (j + 1) % around
    faces = np.concatenate(
        [np.stack([a, a + around, b], -1).reshape(-1, 3), np.stack([b, a + around, b + around], -1).reshape(-1, 3)]
    )
    return vertices * radii, faces


def _hair_ball(body: Body, offset: tuple[float, float, float], radius: float) -> tuple[Array, IntArray, Array, Array, Array]:
    """One piece of a ponytail, on the back of the head."""
    vertices, faces = _ellipsoid(np.array([radius * 0.8, radius * 0.75, radius * 1.15]))
    return _rigid(body, "head", vertices + body.joint("head") + offset, faces, Material.HAIR)


def _chalk_bag(body: Body) -> tuple[Array, IntArray, Array, Array, Array]:
    """A pouch on the belt at the back."""
    vertices, faces = _ellipsoid(np.array([0.058, 0.045, 0.085]))
    vertices[:, 2] = np.minimum(vertices[:, 2], 0.05)
    root = body.joint("root")
    near = (np.abs(body.vertices[:, 0]) < 0.05) & (np.abs(body.vertices[:, 2] - root[2]) < 0.08)
    back = body.vertices[near, 1].max()
    return _rigid(body, "root", vertices + np.array([0.03, back + 0.03, root[2]]), faces, Material.BAG)


def albedo(look: Look, worn: IntArray, rest: Image, chalk: Image, stature: float) -> Image:
    """(N, 3) linear colour of points that show materials `worn` (N,) and lie at `rest` (N, 3) on the undisturbed body."""
    paint = np.empty((len(rest), 3), np.float32)
    for material, colour in (
        (Material.SKIN, _skin), (Material.SHIRT, _shirt), (Material.TROUSERS, _trousers),
        (Material.SHOE, _shoe), (Material.HAIR, _hair_colour), (Material.BAG, _bag),
    ):  # fmt: skip
        chosen = worn == material
        paint[chosen] = colour(look, rest[chosen], rest[chosen, 2] / stature, chalk[chosen])
    return paint


def _skin(look: Look, rest: Image, height: Image, chalk: Image) -> Array:
    powder = (0.4 * np.clip(chalk, 0, 1))[:, None]
    return np.asarray(np.array(look.skin) * (1 - powder) + 0.7 * powder)


def _shirt(look: Look, rest: Image, height: Image, chalk: Image) -> Array:
    x, _, z = rest.T
    printed = (np.abs(height - 0.752) < 0.022) & (np.abs(x) < 0.24)
    folds = 1 + 0.03 * np.sin(14 * x + 9 * np.sin(11 * z)) * np.sin(21 * z + 5 * x)
    return np.asarray(np.where(printed[:, None], look.print, look.shirt) * folds[:, None])


def _trousers(look: Look, rest: Image, height: Image, chalk: Image) -> Array:
    x, _, z = rest.T
    folds = 1 + 0.06 * np.sin(17 * x + 6 * np.sin(9 * z)) * np.sin(13 * z)
    belt = np.where(height > 0.552, 0.6, 1.0)
    return np.asarray(np.array(look.trousers) * (folds * belt)[:, None])


def _shoe(look: Look, rest: Image, height: Image, chalk: Image) -> Array:
    _, y, z = rest.T
    upper = np.array(look.shoe) * np.where((y > 0.0) & (z < 0.075), 0.35, 1.0)[:, None]
    return np.asarray(np.where((z < 0.022)[:, None], 0.02, upper))


def _hair_colour(look: Look, rest: Image, height: Image, chalk: Image) -> Array:
    x, y, z = rest.T
    strands = 1 + 0.35 * np.sin(300 * x + 30 * np.sin(40 * z)) * np.sin(120 * y + 60 * z)
    return np.asarray(np.array(look.hair) * strands[:, None])


def _bag(look: Look, rest: Image, height: Image, chalk: Image) -> Array:
    return np.where((height > 0.556)[:, None], 0.7, look.bag)
