"""What can go wrong for a client."""

from __future__ import annotations

import httpx
from pydantic import ValidationError

from ascension_core.errors import AscensionError
from services.api.models import Job, Problem


class ApiError(AscensionError):
    """The API refused a request, or was not there.

    Attributes
    ----------
    problem
        What the API said; None where something else answered, or nobody.
    """

    def __init__(self, message: str, problem: Problem | None = None) -> None:
        super().__init__(message)
        self.problem = problem

    @property
    def status(self) -> int | None:
        """The HTTP status."""
        return self.problem.status if self.problem else None


class JobFailed(ApiError):
    """A job ended without a result.

    Attributes
    ----------
    job
        As it ended.
    """

    def __init__(self, job: Job) -> None:
        why = f": {job.error.type}: {job.error.message}" if job.error else ""
        super().__init__(f"job {job.id} has {job.status}{why}")
        self.job = job


def error_of(answer: httpx.Response) -> ApiError:
    """The error in an answer that has been read."""
    try:
        problem = Problem.model_validate_json(answer.content)
    except ValidationError:
        return ApiError(f"{answer.request.method} {answer.request.url.path} was answered with {answer.status_code}")
    return ApiError(f"{problem.detail} ({problem.status}, {problem.instance})", problem)
