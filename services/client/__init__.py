"""A client of the API in Python: ``from services.client import Client``."""

from services.client.client import Client
from services.client.errors import ApiError, JobFailed

__all__ = ["ApiError", "Client", "JobFailed"]
