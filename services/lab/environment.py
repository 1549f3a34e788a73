"""Where jobs run: one answer."""

from __future__ import annotations

from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.models import RuntimeEnvironment

NAME = "ascension"


class Workers(EnvironmentManager):
    """The workers, with the environment that they were installed in."""

    def list_environments(self) -> list[RuntimeEnvironment]:
        """One environment. It offers no choice of formats, because every job stores all of them."""
        label = "Ascension's workers"
        return [RuntimeEnvironment(name=NAME, label=label, description=label, file_extensions=["ipynb"], output_formats=[])]

    def manage_environments_command(self) -> str:
        """There is nothing to manage."""
        return ""

    def output_formats_mapping(self) -> dict[str, str]:
        """What a job's files are called."""
        return {"ipynb": "Notebook", "html": "HTML"}
