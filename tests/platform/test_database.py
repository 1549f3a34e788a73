"""The schema, and what it refuses."""

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.database import Database, Migration, migrate, migrations

PLAIN_JOB = "insert into jobs (kind) values ('vision')"


@pytest.fixture
def empty(own_database):
    """A connection to a database without a schema."""
    name = f"empty_{uuid4().hex}"
    with own_database.listener() as connection:
        connection.execute(f"create database {name}")
    other = Database(lambda: own_database.url().rpartition("/")[0] + "/" + name)
    yield other
    with own_database.listener() as connection:
        connection.execute(f"drop database {name} with (force)")


def add_athlete(database):
    return database.row("insert into athletes (name) values ('Ada Climber') returning id")["id"]


def add_video(database, athlete):
    values = [athlete, f"videos/{uuid4()}/clip.mp4"]
    query = """insert into videos (athlete_id, object_key, file_name, content_type, bytes)
        values (%s, %s, 'c.mp4', 'video/mp4', 9) returning id"""
    return database.row(query, values)["id"]


def add_job(database, athlete, video):
    query = "insert into jobs (kind, athlete_id, video_id, mlflow_run) values ('vision', %s, %s, 'run7') returning id"
    return database.row(query, [athlete, video])["id"]


def test_steps_of_the_schema_are_numbered_without_gaps():
    assert [step.number for step in migrations()] == list(range(1, len(migrations()) + 1))


def test_migrating_twice_changes_nothing(own_database):
    with own_database.listener() as connection:
        assert migrate(connection) == []


def test_processes_that_migrate_at_once_apply_each_step_once(empty):
    applied = []

    def run():
        with empty.listener() as connection:
            applied.extend(migrate(connection))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert applied == [step.number for step in migrations()]


def test_step_that_fails_leaves_nothing_and_is_tried_again(empty):
    good = Migration(1, "good", "create table a (n integer)")
    bad = Migration(2, "bad", "create table b (n integer); select nonsense")
    with empty.listener() as connection:
        with pytest.raises(psycopg.errors.UndefinedColumn):
            migrate(connection, [good, bad])
        assert connection.execute("select to_regclass('a') as a, to_regclass('b') as b").fetchone() == {"a": "a", "b": None}
        assert migrate(connection, [good, Migration(2, "bad", "create table b (n integer)")]) == [2]


def test_schema_from_the_future_is_refused(empty):
    with empty.listener() as connection:
        migrate(connection, [Migration(7, "new", "select 1")])
        with pytest.raises(ServerUnavailable, match="newer than this program"):
            migrate(connection, [Migration(1, "old", "select 1")])


def test_transaction_that_raises_leaves_nothing(database):
    def fail():
        with database.transaction() as connection:
            connection.execute(PLAIN_JOB)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert database.rows("select * from jobs") == []


def test_times_come_back_in_utc(database):
    assert database.row("select now() as now")["now"].utcoffset().total_seconds() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "insert into athletes (name) values ('')",
        "insert into jobs (kind) values ('../etc/passwd')",
        "insert into jobs (kind, priority) values ('vision', 9)",
        "insert into jobs (kind, parameters) values ('vision', '[]')",
        "insert into jobs (kind, status) values ('vision', 'running')",
        "insert into jobs (kind, status, finished_at) values ('vision', 'succeeded', now())",
        "insert into jobs (kind, status, finished_at) values ('vision', 'failed', now())",
        "insert into jobs (kind, fraction) values ('vision', 1.5)",
        "insert into videos (object_key, file_name, content_type, bytes) values ('k', 'f', 'text/html', 1)",
        "insert into videos (object_key, file_name, content_type, bytes) values ('k', 'f', 'video/mp4', 0)",
        "insert into schedules (name, cron, kind, next_slot, missed) values ('n', '* * * * *', 'vision', now(), 'never')",
    ],
)
def test_row_that_makes_no_sense_is_refused(database, statement):
    with pytest.raises(psycopg.errors.CheckViolation):
        database.execute(statement)


def test_row_of_nobody_is_refused(database):
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        database.execute("insert into jobs (kind, athlete_id) values ('vision', gen_random_uuid())")


def test_deleting_an_athlete_takes_everything_along(database):
    athlete = add_athlete(database)
    video = add_video(database, athlete)
    job = add_job(database, athlete, video)
    database.execute("insert into job_events (job_id, kind) values (%s, 'submitted')", [job])
    database.execute("insert into analyses (job_id, schema_version, document) values (%s, '1', '{}')", [job])
    database.execute("delete from athletes where id = %s", [athlete])
    tables = ("athletes", "videos", "jobs", "job_events", "analyses")
    assert [database.row(f"select count(*) as n from {table}")["n"] for table in tables] == [0, 0, 0, 0, 0]


def test_deletion_leaves_one_record_that_names_nobody(database):
    athlete = add_athlete(database)
    add_job(database, athlete, add_video(database, athlete))
    keys = [f"videos/{row['object_key'].split('/')[1]}/" for row in database.rows("select object_key from videos")]
    jobs = [f"jobs/{row['id']}/" for row in database.rows("select id from jobs")]
    database.execute("delete from athletes where id = %s", [athlete])
    (record,) = database.rows("select * from deletions")
    assert record["counts"] == {"videos": 1, "jobs": 1, "analyses": 0, "comparisons": 0}
    assert set(record["objects"]) == {*keys, *jobs}
    assert record["runs"] == ["run7"]
    assert "Ada" not in str(record)
    assert str(athlete) not in str(record)


def test_deleting_a_video_keeps_its_athlete_and_leaves_a_record(database):
    athlete = add_athlete(database)
    video = add_video(database, athlete)
    other = add_video(database, athlete)
    database.execute("delete from videos where id = %s", [video])
    assert [row["id"] for row in database.rows("select id from videos")] == [other]
    assert [row["what"] for row in database.rows("select what from deletions")] == ["video"]


def test_analyses_are_found_by_what_is_in_them(database):
    document = {"grade": {"scale": "font", "value": "7A"}}
    database.execute("insert into analyses (schema_version, document) values ('1', %s)", [Jsonb(document)])
    found = database.rows("select document from analyses where document @> %s", [Jsonb({"grade": {"scale": "font"}})])
    assert [row["document"] for row in found] == [document]


def test_server_that_is_not_there_is_said_without_the_password():
    with pytest.raises(ServerUnavailable) as raised:
        Database(lambda: "postgresql://me:hushhush@127.0.0.1:9/none").open()
    assert "127.0.0.1" in str(raised.value)
    assert "hushhush" not in str(raised.value)


def test_pool_full_of_dead_connections_is_no_hindrance(own_database):
    size = 8
    together = threading.Barrier(size)

    def use(_):
        with database.transaction() as connection:
            together.wait(60)
            return connection.info.backend_pid

    with Database(own_database.url, size=size) as database:
        with ThreadPoolExecutor(size) as threads:
            pids = list(threads.map(use, range(size)))
        with own_database.listener() as connection:
            connection.execute("select pg_terminate_backend(pid) from unnest(%s::int[]) as pid", [pids])
        assert database.row("select 1 as one") == {"one": 1}
