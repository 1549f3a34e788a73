"""The extension's scheduler: jobs go to our queue, job definitions become our schedules, and both are read from our tables.

JupyterLab lists the jobs that have a name: those that were submitted there, and those of schedules.
"""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from threading import Lock
from typing import Any, Concatenate, ParamSpec, TypeVar

from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.exceptions import SchedulerError
from jupyter_scheduler.models import (
    CountJobsQuery,
    CreateJob,
    CreateJobDefinition,
    CreateJobFromDefinition,
    DescribeJob,
    DescribeJobDefinition,
    JobFile,
    ListJobDefinitionsQuery,
    ListJobDefinitionsResponse,
    ListJobsQuery,
    ListJobsResponse,
    UpdateJobDefinition,
)
from jupyter_scheduler.scheduler import BaseScheduler
from jupyter_server.utils import to_os_path

from ascension_core.errors import AscensionError
from ascension_core.platform.jobs import Job, Jobs, Kind, Wish, find_kind, open_jobs
from ascension_core.platform.jobs.rows import job_of
from ascension_core.platform.schedules import Plan, Schedules
from ascension_core.settings import settings
from services.lab.records import (
    described_job,
    described_schedule,
    identity,
    job_order,
    jobs_that,
    schedules_that,
)

T = TypeVar("T")
P = ParamSpec("P")
Method = Callable[Concatenate["QueueScheduler", P], T]


def _in_thread(method: Method[P, T]) -> Callable[Concatenate[QueueScheduler, P], Awaitable[T]]:
    """Keep the server's loop free while the database is asked, and say what went wrong so that the dialog shows it."""

    @wraps(method)
    async def answer(scheduler: QueueScheduler, /, *args: P.args, **options: P.kwargs) -> T:
        try:
            return await asyncio.to_thread(method, scheduler, *args, **options)
        except AscensionError as cause:
            raise SchedulerError(str(cause)) from cause

    return answer


class QueueScheduler(BaseScheduler):
    """Submits to our queue.

    Parameters
    ----------
    root_dir
        Folder that JupyterLab shows.
    environments_manager
        Says where jobs run.
    db_url
        Of the extension's own tables, which stay empty.
    config
        The server's.
    """

    task_runner = None
    """Nothing runs in JupyterLab's server: schedules also fire when it is closed."""

    def __init__(self, root_dir: str, environments_manager: EnvironmentManager, db_url: str, config: Any = None) -> None:
        super().__init__(root_dir=root_dir, environments_manager=environments_manager, config=config)
        self._stack = ExitStack()
        self._opened: Jobs | None = None
        self._opening = Lock()
        atexit.register(self._stack.close)

    @property
    def jobs(self) -> Jobs:
        """All jobs, from when they are first asked for: JupyterLab starts without a database too."""
        with self._opening:
            if self._opened is None:
                self._opened = self._stack.enter_context(open_jobs())
            return self._opened

    @property
    def schedules(self) -> Schedules:
        """All schedules."""
        return Schedules(self.jobs)

    @_in_thread
    def create_job(self, model: CreateJob) -> str:
        """Submit a job."""
        kind = self._kind(model)
        wish = Wish(
            kind.name,
            kind.parse(model.parameters or {}),
            idempotency_key=f"lab:{model.idempotency_token}" if model.idempotency_token else None,
            name=model.name,
            schedule_id=identity(model.job_definition_id) if model.job_definition_id else None,
        )
        return str(self.jobs.submit(wish).id)

    @_in_thread
    def get_job(self, job_id: str, job_files: bool | None = True) -> DescribeJob:
        """A job as it is now."""
        return self._described(self.jobs.get(identity(job_id)))

    @_in_thread
    def list_jobs(self, query: ListJobsQuery) -> ListJobsResponse:
        """A page of the jobs that have a name."""
        where, values = jobs_that(query)
        start = int(query.next_token or 0)
        page = f"select * from jobs {where} order by {job_order(query.sort_by)} limit %(limit)s offset %(start)s"
        rows = self.jobs.database.rows(page.encode(), {**values, "limit": query.max_items, "start": start})
        total, end = self._count(query), start + len(rows)
        found = [self._described(job_of(row)) for row in rows]
        return ListJobsResponse(jobs=found, total_count=total, next_token=str(end) if end < total else None)

    @_in_thread
    def count_jobs(self, query: CountJobsQuery) -> int:
        """How many jobs with a name have a status."""
        return self._count(ListJobsQuery(status=query.status))

    @_in_thread
    def stop_job(self, job_id: str) -> None:
        """Cancel a job."""
        self.jobs.cancel(identity(job_id))

    @_in_thread
    def delete_job(self, job_id: str) -> None:
        """Delete a job and, soon after, what it stored; its worker, if it runs, stops when it finds it gone."""
        if not self.jobs.database.execute("delete from jobs where id = %s and name is not null", [identity(job_id)]):
            raise SchedulerError("there is no such job in this list")

    @_in_thread
    def create_job_definition(self, model: CreateJobDefinition) -> str:
        """Add a schedule."""
        if not model.schedule:
            raise SchedulerError("a job definition needs a schedule")
        kind = self._kind(model)
        parameters = kind.parse(model.parameters or {})
        plan = Plan(model.name, model.schedule, kind.name, parameters, zone=model.timezone or "UTC")
        return str(self.schedules.add(plan).id)

    @_in_thread
    def update_job_definition(self, job_definition_id: str, model: UpdateJobDefinition) -> None:
        """Edit, pause or resume a schedule."""
        schedule = self.schedules.get(identity(job_definition_id))
        kind = schedule.kind
        if model.input_uri and Path(model.input_uri).stem != kind:
            kind = self._kind(model).name
        parameters = find_kind(kind).parse(model.parameters) if model.parameters is not None else None
        changes = {"kind": kind, "name": model.name, "cron": model.schedule, "zone": model.timezone, "parameters": parameters}
        given = {name: value for name, value in changes.items() if value is not None}
        if given != {"kind": schedule.kind}:
            self.schedules.edit(schedule.id, **given)
        if model.active is not None:
            (self.schedules.resume if model.active else self.schedules.pause)(schedule.id)

    @_in_thread
    def delete_job_definition(self, job_definition_id: str) -> None:
        """Remove a schedule; its jobs stay."""
        self.schedules.remove(identity(job_definition_id))

    @_in_thread
    def get_job_definition(self, job_definition_id: str) -> DescribeJobDefinition:
        """A schedule as it is now."""
        return described_schedule(self.schedules.get(identity(job_definition_id)))

    @_in_thread
    def list_job_definitions(self, query: ListJobDefinitionsQuery) -> ListJobDefinitionsResponse:
        """A page of the schedules."""
        found = schedules_that(query, self.schedules.list())
        start = int(query.next_token or 0)
        page = found[start:][: query.max_items]
        more = start + len(page) < len(found)
        return ListJobDefinitionsResponse(
            job_definitions=[described_schedule(schedule) for schedule in page],
            total_count=len(found),
            next_token=str(start + len(page)) if more else None,
        )

    @_in_thread
    def create_job_from_definition(self, job_definition_id: str, model: CreateJobFromDefinition) -> str:
        """Submit a job of a schedule now."""
        schedule = self.schedules.get(identity(job_definition_id))
        changes = find_kind(schedule.kind).parse(model.parameters or {})
        return str(self.schedules.run_now(schedule.id, changes).id)

    def folder_of(self, job: Job) -> Path:
        """Where a job's files come to lie when somebody downloads them."""
        return Path(self.get_local_output_path(described_job(job)))

    def _described(self, job: Job) -> DescribeJob:
        """A job with those of its files that have been downloaded."""
        model = described_job(job)
        names, folder = self.get_job_filenames(model), self.folder_of(job)
        labels = self.environments_manager.output_formats_mapping()
        outputs = [self._file(label, form, folder / names[form]) for form, label in labels.items()]
        model.downloaded = job.notebook_key is None or Path(folder, names["ipynb"]).exists()  # it comes last
        source = Path(settings().notebooks, model.input_filename).resolve()
        model.job_files = [*outputs, self._file("Files", "files", folder), self._file("Input", "input", source)]
        return model

    def _file(self, label: str, form: str, path: Path) -> JobFile:
        """A file for the front end, which opens it if it is there and JupyterLab can reach it."""
        root = Path(self.root_dir).resolve()
        reachable = path.exists() and path.resolve().is_relative_to(root)
        where = path.resolve().relative_to(root).as_posix() if reachable else None
        return JobFile(display_name=label, file_format=form, file_path=where)

    def _count(self, query: ListJobsQuery) -> int:
        where, values = jobs_that(query)
        row = self.jobs.database.row(f"select count(*) as n from jobs {where}".encode(), values)
        return int(row["n"]) if row else 0

    def _kind(self, model: CreateJob | CreateJobDefinition | UpdateJobDefinition) -> Kind:
        """The kind that a notebook in JupyterLab's files is.

        A worker runs the notebook of its own folder by name, so no other can be meant.
        """
        refused = {"tags": "tags", "package_input_folder": "packaged input folder"}
        for field, what in refused.items():
            if getattr(model, field, None):
                raise SchedulerError(f"jobs of Ascension take no {what}")
        file = Path(os.path.realpath(to_os_path(model.input_uri, self.root_dir)))
        folder = settings().notebooks.resolve()
        if file.parent != folder:
            raise SchedulerError(f"{file.name} is not in the folder {folder}, whose notebooks workers run: save it there")
        kind = find_kind(file.stem)
        if kind.notebook != file:
            raise SchedulerError(f"{file.name} is not the notebook that workers run as {kind.name}")
        return kind
