"""Jobs: notebooks with parameters that somebody wants run.

`Jobs` is for those who want something done, `Worksheet` for those who do it, `reconcile` mends what was torn in between.
"""

from ascension_core.platform.jobs.client import Jobs, Wish, open_jobs
from ascension_core.platform.jobs.kinds import Kind, find_kind, kinds
from ascension_core.platform.jobs.lease import Failure, Lease, LeaseLost, Worksheet
from ascension_core.platform.jobs.reconcile import reconcile
from ascension_core.platform.jobs.rows import Event, Job, Status

__all__ = [
    "Event",
    "Failure",
    "Job",
    "Jobs",
    "Kind",
    "Lease",
    "LeaseLost",
    "Status",
    "Wish",
    "Worksheet",
    "find_kind",
    "kinds",
    "open_jobs",
    "reconcile",
]
