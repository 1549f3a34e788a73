"""Mark contacts on a clip by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib.pyplot as plt
import numpy as np
import traitlets
from matplotlib.figure import Figure

from ascension_core.errors import AscensionError
from ascension_core.report import palette
from ascension_core.report.widgets.clip import ClipWidget, frame_times, module
from ascension_core.video import open_video

Save = Callable[[Mapping[str, Any]], str]
"""Takes the document and says in one line what became of it; our errors are shown in the widget."""
COLOURS: Final = {
    "left_hand": palette.LEFT,
    "left_foot": palette.LEFT_INK,
    "right_hand": palette.RIGHT,
    "right_foot": palette.RIGHT_INK,
    "hidden": palette.TRUNK_INK,
    "halo": palette.HALO,
    "cursor": palette.INK,
}


class ContactLabeller(ClipWidget):
    """A clip on which contacts are marked by keyboard.

    Parameters
    ----------
    video
        The clip.
    document
        What is known so far: ``fps``, ``size``, ``labelled_frames``, ``contacts``, ``hidden``, ``climb`` (perhaps null).
    save
        Called when somebody saves.

    Attributes
    ----------
    document
        The same as it stands now. What lasts still has null for its ``end_s``, what was not placed null for ``xy_start``.
    """

    _esm = module("labeller.js")

    document = traitlets.Dict().tag(sync=True)
    colours = traitlets.Dict(COLOURS).tag(sync=True)

    def __init__(self, video: Path, document: Mapping[str, Any], save: Save) -> None:
        self._save = save
        width, height = document["size"]
        super().__init__(video, frame_times(video), (width, height), _first_frame(video), document=dict(document))

    def _answer(self, widget: object, message: Mapping[str, Any], buffers: object) -> None:
        super()._answer(widget, message, buffers)
        if message.get("want") == "save":
            try:
                said = self._save(message["document"])
            except AscensionError as error:
                said = f"not saved: {error}"
            self.send({"said": said})


def _first_frame(video: Path) -> Figure:
    with open_video(video) as reader:
        image = next(iter(reader.frames())).image
    figure, axis = plt.subplots(figsize=(3, 3 * np.divide(*image.shape[:2])), layout="constrained")
    axis.imshow(image)
    axis.set_axis_off()
    return figure
