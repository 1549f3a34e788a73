"""An athlete who does not exist: for documents, rehearsals, measurements, and to get ready with. Nothing here plans."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any


def example_athlete(today: date) -> dict[str, Any]:
    """The document of a boulderer who tested her fingers three days before `today`, twelve weeks before her goal."""
    tested, goal = today - timedelta(days=3), today + timedelta(weeks=12)
    return {
        "age_years": 31,
        "sex": "female",
        "mass_kg": 59,
        "height_m": 1.68,
        "years_climbing": 9,
        "sessions_per_week": 3,
        "availability": {"mon": 120, "wed": 120, "sat": 180},
        "equipment": ["gym_boulder", "hangboard", "pull_up_bar"],
        "goals": [{"style": "boulder", "grade": "7C", "date": goal.isoformat()}],
        "boulder_grade": "7A+",
        "tests": {
            "date": tested.isoformat(),
            "max_hang": {"edge_mm": 20, "duration_s": 7, "added_kg": 26, "hands": 2},
        },
    }
