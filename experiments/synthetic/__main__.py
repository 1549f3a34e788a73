"""`python -m experiments.synthetic --seed 7 --out DIR`: write climb.mp4 and truth.json.gz."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from rich.progress import track

from ascension_core.errors import AscensionError, InvalidOption, OutputNotWritable
from experiments.synthetic.render import Renderer, Shot, make_scene
from experiments.synthetic.scene import Options
from experiments.synthetic.truth import encode_truth, make_truth

CRF = "25"
"""Constant rate factor of x264: what a phone's own clip looks like after a messenger has had it."""


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and write one clip; 0 on success, 2 on bad input, 130 on Ctrl-C."""
    parsed = _parser().parse_args(arguments)
    try:
        options = _options(parsed)
        generate(options, parsed.out)
    except AscensionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    default = Options()
    parser = argparse.ArgumentParser(prog="python -m experiments.synthetic", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for climb.mp4 and truth.json.gz")
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--attempt", type=int, default=default.attempt, help="another try at the same problem")
    parser.add_argument("--seconds", type=float, default=default.seconds)
    parser.add_argument("--fps", type=float, default=default.fps)
    parser.add_argument("--size", default=f"{default.width}x{default.height}", help="WIDTHxHEIGHT in pixels")
    parser.add_argument("--body", choices=("m", "f"), default=default.body)
    parser.add_argument("--camera", choices=("static", "handheld", "pan"), default=default.camera)
    parser.add_argument("--light", choices=("steady", "changing"), default=default.light)
    parser.add_argument("--fall", action="store_true", help="slip off the last hold and drop on the mat")
    parser.add_argument("--blur", type=float, default=default.blur, help="shutter as a fraction of the frame interval; 0: none")
    return parser


def _options(parsed: argparse.Namespace) -> Options:
    try:
        width, height = (int(n) for n in parsed.size.lower().split("x"))
    except ValueError:
        raise InvalidOption("--size must look like 720x1280") from None
    names = ("seed", "attempt", "seconds", "fps", "body", "camera", "light", "blur")
    options = Options(**{n: getattr(parsed, n) for n in names}, width=width, height=height)
    return replace(options, ending="fall") if parsed.fall else options


def generate(options: Options, folder: Path) -> None:
    """Write `folder`/climb.mp4 and `folder`/truth.json.gz; either both appear, complete, or neither.

    Raises
    ------
    OutputNotWritable
        If the folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".climb-") as scratch:
            clip, truth = Path(scratch) / "climb.mp4", Path(scratch) / "truth.json.gz"
            scene = make_scene(options)
            shots: list[Shot] = []
            numbers = track(range(options.frames), "drawing", disable=not sys.stderr.isatty())
            encode(clip, options, _drawn(Renderer(scene), numbers, shots))
            truth.write_bytes(encode_truth(make_truth(scene, shots)))
            clip.replace(folder / clip.name)
            truth.replace(folder / truth.name)
    except OSError as error:
        raise OutputNotWritable(f"cannot write to {folder}: {error.strerror or error}") from error


def _drawn(renderer: Renderer, numbers: Iterable[int], shots: list[Shot]) -> Iterator[npt.NDArray[np.uint8]]:
    """Draw frame after frame; what is known of each is kept in `shots`, without its image."""
    empty = np.zeros((0, 0, 3), np.uint8)
    for number in numbers:
        shot = renderer.shot(number)
        shots.append(replace(shot, image=empty))
        yield shot.image


def encode(path: Path, options: Options, images: Iterator[npt.NDArray[np.uint8]]) -> None:
    """Write images as H.264 with fast start."""
    rate = Fraction(options.fps).limit_denominator(1001)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": CRF, "preset": "slow"})
        stream.width, stream.height, stream.pix_fmt = options.width, options.height, "yuv420p"
        stream.codec_context.thread_count = 1  # the same bytes on every machine
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    sys.exit(main())
