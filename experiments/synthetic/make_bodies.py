"""How `bodies.npz` was made: once, offline, with torch and anny 0.6.2, neither of which the product installs.

    pip install torch anny==0.6.2                      # sets 890 MB aside under ANNY_CACHE_DIR
    python make_bodies.py export 0 male.npz            # anny's gender parameter: 0 male, 1 female
    python make_bodies.py export 1 female.npz
    python make_bodies.py pack male.npz female.npz bodies.npz

anny's code is Apache-2.0 and its body data CC0 (see NOTICE); its `smplx` topology, which is not free, is not used.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

SKIN_VERTICES = 13380
"""The first vertices of anny's mesh are the skin; eyes, lashes and the helper cage follow."""

KEPT_WEIGHTS = 8
"""Bones per vertex that are kept; the rest sums to less than 0.001."""


def export(gender: float, path: Path) -> None:
    """Write one athletic body at rest: vertices, bones, skin weights and anny's keypoint regressor."""
    import anny  # type: ignore[import-not-found]
    import torch
    from anny.keypoints import KeypointsRegressor  # type: ignore[import-not-found]

    model = anny.Anny(topology="anny-full").to(dtype=torch.float32)
    regressor = KeypointsRegressor.coco(model)
    pose = torch.eye(4)[None, None].repeat(1, model.bone_count, 1, 1)
    shape = {"gender": gender, "age": 0.6, "muscle": 0.72, "weight": 0.42, "height": 0.55, "proportions": 0.7}
    body = model(pose_parameters=pose, phenotype_kwargs=shape)
    np.savez_compressed(
        path,
        v=body["rest_vertices"][0].detach().numpy(),
        bp=body["rest_bone_poses"][0].detach().numpy(),
        w=model.vertex_bone_weights.numpy(),
        wi=model.vertex_bone_indices.numpy(),
        faces=model.faces.numpy(),
        parents=np.array([-1 if p is None else p for p in model.bone_parents]),
        labels=np.array(model.bone_labels),
        kp=regressor.regression_weights.numpy().astype(np.float32),
        kpl=np.array(regressor.labels),
    )


def pack(male: Path, female: Path, path: Path) -> None:
    """Keep what the generator needs of two exports that share their topology, quantised."""
    bodies: dict[str, dict[str, Any]] = {"m": dict(np.load(male)), "f": dict(np.load(female))}
    shared = bodies["m"]
    faces = shared["faces"][(shared["faces"] < SKIN_VERTICES).all(1)]
    order = np.argsort(-shared["w"][:SKIN_VERTICES], axis=1)[:, :KEPT_WEIGHTS]
    weight = np.take_along_axis(shared["w"][:SKIN_VERTICES], order, 1)
    joint, vertex = np.nonzero(shared["kp"][:, :SKIN_VERTICES])
    arrays = {
        "faces": faces.astype(np.uint16),
        "weight": np.round(weight / weight.sum(1, keepdims=True) * 255).astype(np.uint8),
        "weight_bone": np.take_along_axis(shared["wi"][:SKIN_VERTICES], order, 1).astype(np.uint8),
        "parents": shared["parents"].astype(np.int16),
        "bones": shared["labels"].astype("S13"),
        "landmarks": shared["kpl"].astype("S16"),
        "landmark": joint.astype(np.uint8),
        "landmark_vertex": vertex.astype(np.uint16),
        "landmark_weight": shared["kp"][joint, vertex].astype(np.float16),
    }
    for name, body in bodies.items():
        arrays[f"vertices_{name}"] = np.round(body["v"][:SKIN_VERTICES] * 20000).astype(np.int16)  # 0.05 mm
        arrays[f"joints_{name}"] = body["bp"][:, :3, 3].astype(np.float32)
    np.savez_compressed(path, **arrays)


if __name__ == "__main__":
    if sys.argv[1] == "export":
        export(float(sys.argv[2]), Path(sys.argv[3]))
    else:
        pack(Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
