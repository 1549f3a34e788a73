"""An athlete for documents to show."""

from __future__ import annotations

from typing import Any

ATHLETE: dict[str, Any] = {
    "name": "Ida",
    "age_years": 31,
    "sex": "female",
    "mass_kg": 59,
    "height_m": 1.68,
    "years_climbing": 9,
    "sessions_per_week": 3,
    "availability": {"mon": 120, "wed": 120, "sat": 180},
    "equipment": ["gym_boulder", "hangboard", "pull_up_bar"],
    "goals": [{"style": "boulder", "grade": "7C", "date": "2027-06-01"}],
    "boulder_grade": "7A+",
    "tests": {"date": "2026-11-10", "max_hang": {"edge_mm": 20, "duration_s": 7, "added_kg": 26, "hands": 2}},
}
