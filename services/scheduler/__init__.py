"""The process that makes jobs of schedules, and mends what was torn."""

from services.scheduler.process import Scheduler

__all__ = ["Scheduler"]
