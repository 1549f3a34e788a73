"""However many jobs wait, the next one is found by a few looks at an index."""

import pytest

from ascension_core.platform.jobs.lease import _NEXT
from ascension_core.platform.queue.contract import Priority
from ascension_core.platform.queue.postgres import _DUE_IN_S

CROWD = 5000
LOOKS = 20
FILLINGS = {
    "behind it": "select 'vision', 2, now() from generate_series(1, %s)",
    "of another kind": "select 'other', 0, now() from generate_series(1, %s)",
    "until tomorrow": "select 'vision', 0, now() + interval '1 day' from generate_series(1, %s)",
}


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


def looks(connection, query):
    """How many rows of `jobs` a query looks at."""
    values = {"kinds": ["vision", "training"], "priorities": list(Priority)}
    (answer,) = connection.execute(b"explain (analyze, timing off, format json) " + query, values)
    tables = [node for node in nodes(answer["QUERY PLAN"][0]["Plan"]) if node.get("Relation Name") == "jobs"]
    return sum((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in tables)


@pytest.mark.parametrize("query", [_NEXT.encode(), _DUE_IN_S], ids=["lease", "due"])
@pytest.mark.parametrize("crowd", FILLINGS)
def test_next_job_is_found_without_a_look_at_the_others(database, crowd, query):
    with database.transaction() as connection:
        connection.execute(f"insert into jobs (kind, priority, not_before) {FILLINGS[crowd]}", [CROWD])
        connection.execute("insert into jobs (kind) values ('vision')")
        connection.execute("analyze jobs")
        assert 1 <= looks(connection, query) <= LOOKS
