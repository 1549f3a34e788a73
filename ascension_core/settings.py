"""Every knob of the machine that Ascension runs on, read from the environment (prefix ``ASCENSION_``).

Options of an analysis are not here: they belong to the frozen options class of each step.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ascension_core.errors import InvalidOption


def _default_home() -> Path:
    return Path.home() / ".local" / "share" / "ascension"


class Settings(BaseSettings):
    """Settings of this installation; ``ASCENSION_HOME=/srv/ascension`` sets `home`, and so on."""

    model_config = SettingsConfigDict(env_prefix="ASCENSION_", frozen=True)

    home: Path = Field(default_factory=_default_home, description="One folder for models, caches and embedded servers")
    data: Path | None = Field(None, description="Folder of evaluation data (clips, holds, joints), never in the repository")
    max_video_bytes: int = Field(4 * 1024**3, gt=0, description="Larger video files are refused")
    max_video_s: float = Field(1800.0, gt=0, description="Longer videos are refused")
    max_video_pixels: int = Field(4096 * 2304, gt=0, description="Videos with more pixels per frame are refused")
    threads: int = Field(0, ge=0, description="Threads for decoding and inference; 0 takes every core this process may use")

    @property
    def models(self) -> Path:
        """Folder of downloaded model files."""
        return self.home / "models"


@cache
def settings() -> Settings:
    """The settings of this process, read once.

    Raises
    ------
    InvalidOption
        If a variable of the environment has a value that makes no sense.
    """
    try:
        return Settings()
    except ValidationError as cause:
        wrong = "; ".join(f"ASCENSION_{str(e['loc'][0]).upper()}: {e['msg'].lower()}" for e in cause.errors())
        raise InvalidOption(f"the environment holds an unusable setting: {wrong}") from cause
