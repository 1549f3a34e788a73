"""How JupyterLab is told to use our queue."""

from __future__ import annotations


def lab_arguments() -> list[str]:
    """Arguments for ``jupyter lab`` (or ``jupyter server``)."""
    return [
        "--SchedulerApp.scheduler_class=services.lab.scheduler.QueueScheduler",
        "--SchedulerApp.environment_manager_class=services.lab.environment.Workers",
        "--SchedulerApp.job_files_manager_class=services.lab.files.StoredFiles",
        "--SchedulerApp.db_url=sqlite://",  # the extension makes tables of its own wherever this says; we use none of them
    ]
