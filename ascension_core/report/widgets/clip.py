"""What the widgets have in common: a small copy of a clip, and a picture for where no browser runs."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import anywidget
import numpy as np
import traitlets
from matplotlib.figure import Figure

from ascension_core.report.page_clip import copy_output
from ascension_core.report.rendering import render
from ascension_core.video import open_video

SHORT_SIDE: Final = 480
"""Pixels of the copy; enough to see a toe, and a few seconds of it pass in a moment."""
_CRF: Final = 24
_HERE: Final = Path(__file__).parent
_WIDGET: Final = "application/vnd.jupyter.widget-view+json"


@cache
def module(name: str) -> str:
    """A widget's JavaScript in one piece: what all share, and its own file."""
    return "\n".join((_HERE / part).read_text("utf-8") for part in ("stage.js", name))


class ClipWidget(anywidget.AnyWidget):
    """A clip in a notebook. Use `PosePlayer` or `ContactLabeller`.

    The clip's bytes go to a browser that asks for them and are no part of the widget's state, so that a stored notebook
    does not hold the video. Where no browser runs, the notebook shows a picture instead.

    Parameters
    ----------
    video
        The clip.
    times
        (T,) seconds of its frames.
    size
        (width, height) of the upright frames in pixels, in which everything is drawn.
    picture
        Stands for the widget where no browser runs; it is closed.
    traits
        Of the subclass.
    """

    _css = _HERE / "widgets.css"

    size = traitlets.Tuple(traitlets.Int(), traitlets.Int()).tag(sync=True)
    times = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, video: Path, times: np.ndarray[Any, Any], size: tuple[int, int], picture: Figure, **traits: Any) -> None:
        self._bytes = small_copy(video)
        self._png = png(picture)
        super().__init__(times=np.asarray(times, float).tolist(), size=size, **traits)
        self.on_msg(self._answer)

    def _answer(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("want") == "clip":
            self.send({"clip": True}, [self._bytes])

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        assert bundle is not None  # only a widget without a view has none
        data, metadata = bundle
        return data | {"image/png": self._png, "text/plain": f"{type(self).__name__}: run the cell to use it"}, metadata


def small_copy(video: Path, short_side: int = SHORT_SIDE) -> bytes:
    """The clip as an MP4 of at most so many pixels on its short side, with the same frames at the same times, without sound."""
    with tempfile.TemporaryDirectory(prefix="ascension-") as scratch:
        path = Path(scratch) / "clip.mp4"
        render(video, [copy_output(video, path, short_side, _CRF)])
        return path.read_bytes()


def frame_times(video: Path) -> np.ndarray[Any, Any]:
    """(T,) seconds of all frames."""
    with open_video(video) as reader:
        return np.array([frame.time for frame in reader.frames()])


def png(figure: Figure) -> bytes:
    """A figure as a file; it is closed."""
    import matplotlib.pyplot as plt

    with io.BytesIO() as file:
        figure.savefig(file, format="png", dpi=80)
        plt.close(figure)
        return file.getvalue()
