"""What a job stored, fetched into JupyterLab's files."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from jupyter_scheduler.exceptions import SchedulerError
from jupyter_scheduler.job_files_manager import JobFilesManager

from ascension_core.errors import AscensionError
from ascension_core.platform.jobs import Job
from ascension_core.platform.object_rules import valid_key
from ascension_core.platform.objects import ObjectStore, object_store
from services.lab.records import described_job, identity
from services.lab.scheduler import QueueScheduler


class StoredFiles(JobFilesManager):
    """Downloads from object storage."""

    scheduler: QueueScheduler

    async def copy_from_staging(self, job_id: str, redownload: Any = False) -> None:
        """Fetch all that a job stored: the executed notebook, its page, its log and its results."""
        try:
            await asyncio.to_thread(self._fetch, job_id)
        except AscensionError as cause:
            raise SchedulerError(str(cause)) from cause

    def _fetch(self, job_id: str) -> None:
        job = self.scheduler.jobs.get(identity(job_id))
        if job.notebook_key is None:
            raise SchedulerError("this job has stored no files")
        prefix = job.notebook_key.rpartition("/")[0] + "/"
        with object_store() as objects:
            for key in sorted(
                objects.keys(prefix), key=job.notebook_key.__eq__
            ):  # the notebook last: it says that all is there
                self._fetch_one(objects, job, key, valid_key(key).removeprefix(prefix))

    def _fetch_one(self, objects: ObjectStore, job: Job, key: str, name: str) -> None:
        target = self.scheduler.folder_of(job) / self._local_name(job, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        objects.download(key, target)

    def _local_name(self, job: Job, name: str) -> str:
        """The notebook and its page are called as the front end expects; all else as it was stored."""
        expected: dict[str, str] = self.scheduler.get_job_filenames(described_job(job))
        notebook = Path(str(job.notebook_key)).stem
        return {f"{notebook}.{form}": expected[form] for form in ("ipynb", "html")}.get(name, name)
