"""Schedules: jobs that are submitted by themselves, at the slots of a cron expression in a time zone.

`Schedules` keeps them, `fire_due` submits what is due. Any number of processes may call `fire_due`: a slot fires once.
"""

from ascension_core.platform.schedules.client import Schedules
from ascension_core.platform.schedules.cron import next_slots
from ascension_core.platform.schedules.fire import fire_due, seconds_to_next
from ascension_core.platform.schedules.rows import Missed, Plan, Schedule

__all__ = ["Missed", "Plan", "Schedule", "Schedules", "fire_due", "next_slots", "seconds_to_next"]
