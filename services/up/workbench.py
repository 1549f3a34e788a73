"""JupyterLab as we start it: ``python -m services.up.workbench --ip … --port …``; further arguments are JupyterLab's own.

It asks no other machine for anything, its kernels take the project's environment, and "Create notebook job" submits to our
queue. Who may come in, the variable JUPYTER_TOKEN says.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ascension_core.errors import InvalidOption
from ascension_core.platform.tracking import QUIET
from ascension_core.settings import settings
from services.lab.arguments import lab_arguments

SETTINGS = Path(__file__).parent / "lab"
"""Overrides of JupyterLab's settings: it does not even ask whether it should fetch news."""
VARIABLES = {**QUIET, "JUPYTER_PREFER_ENV_PATH": "1"}
_QUIET = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    f"--LabApp.app_settings_dir={SETTINGS}",
)


def arguments(folder: Path) -> list[str]:
    """Arguments for ``jupyter lab`` on a folder of notebooks.

    Raises
    ------
    InvalidOption
        If there is no such folder.
    """
    if not folder.is_dir():
        raise InvalidOption(f"no folder of notebooks at {folder}: set ASCENSION_NOTEBOOKS, or use --no-lab")
    as_root = ["--allow-root"] if os.geteuid() == 0 else []
    options = ["--ServerApp.port_retries=0", "--no-browser", "-y", "--log-level=WARN"]
    return [f"--ServerApp.root_dir={folder.resolve()}", *options, *_QUIET, *as_root, *lab_arguments()]


def main() -> None:
    """Become JupyterLab."""
    os.environ.update(VARIABLES)
    command = [sys.executable, "-m", "jupyterlab", *arguments(settings().notebooks), *sys.argv[1:]]
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
