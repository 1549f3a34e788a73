import shutil
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from ascension_core.errors import InvalidJob, InvalidSchedule
from ascension_core.platform.jobs import Jobs
from ascension_core.platform.queue import Priority
from ascension_core.platform.queue.postgres import PostgresQueue
from ascension_core.platform.queue.rabbitmq import RabbitQueue
from ascension_core.platform.schedules import Plan, Schedules, fire_due, seconds_to_next

NIGHTLY = Plan("nightly", "30 2 * * *", "vision", {"every": 2}, "Europe/Vienna", Priority.LOW)
ENOUGH_S = 4.0
EACH_MINUTE = Plan("each minute", "* * * * *", "vision")


@pytest.fixture
def jobs(database, notebooks, tmp_path):
    """All jobs, in the database's own queue, of notebooks that a test may change."""
    folder = shutil.copytree(notebooks, tmp_path / "notebooks")
    with closing(PostgresQueue(database)) as queue:
        yield Jobs(database, queue, folder)


@pytest.fixture
def schedules(jobs):
    return Schedules(jobs)


@pytest.fixture
def set_back(database):
    """Make a schedule due since so long ago: ``set_back("name", minutes=3)``; returns its slot of then.

    A minute that is about to end is waited for, as with the next one another slot would be due.
    """

    def set_back(name, **ago):
        left_s = 60 - time.time() % 60
        time.sleep(left_s if left_s < ENOUGH_S else 0)
        now = database.row("select date_trunc('minute', now()) as now")["now"]
        slot = now - timedelta(**ago)
        database.execute("update schedules set next_slot = %s where name = %s", [slot, name])
        return slot

    return set_back


def test_schedule_waits_for_its_next_slot(jobs, schedules):
    schedule = schedules.add(NIGHTLY)
    assert schedule.plan == NIGHTLY
    assert (schedule.last_job, schedule.trouble, schedule.paused) == (None, None, False)
    assert 0 < seconds_to_next(jobs.database) <= 25 * 3600
    assert fire_due(jobs) == []
    assert [found.name for found in schedules.list()] == ["nightly"]


def test_due_slot_becomes_a_job(jobs, schedules, set_back):
    known = schedules.add(NIGHTLY)
    set_back("nightly", days=1)
    (job,) = fire_due(jobs)
    assert (job.kind, job.parameters, job.priority, job.name) == ("vision", {"every": 2}, Priority.LOW, "nightly")
    assert job.schedule_id == known.id
    schedule = schedules.get("nightly")
    assert (schedule.last_job, schedule.last_status, schedule.next_slot) == (job.id, "queued", known.next_slot)
    assert schedule.last_slot.astimezone(UTC).minute == 30
    assert fire_due(jobs) == []


def test_slot_fires_once_however_many_schedulers_run(jobs, schedules, set_back):
    for n in range(12):
        schedules.add(Plan(f"s{n}", "* * * * *", "vision", missed="all"))
        set_back(f"s{n}", minutes=3)
    fired, errors = [], []

    def fire():
        try:
            fired.extend(fire_due(jobs))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=fire) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    fired += fire_due(jobs)  # what was locked when the last one looked
    assert errors == []
    keys = [job.idempotency_key for job in jobs.list(limit=1000)]
    assert len(keys) == len(set(keys)) == len(fired)
    assert 4 * 12 <= len(fired) <= 5 * 12  # the minute may have turned meanwhile


def test_missed_slots_make_one_job(jobs, schedules, set_back):
    schedules.add(EACH_MINUTE)
    since = set_back("each minute", minutes=30)
    (job,) = fire_due(jobs)
    last = schedules.get("each minute").last_slot
    assert last - since >= timedelta(minutes=30)
    assert job.idempotency_key.endswith(last.isoformat())


def test_missed_slots_make_a_job_each_where_that_is_wanted(jobs, schedules, set_back):
    schedules.add(Plan("each", "* * * * *", "vision", missed="all"))
    since = set_back("each", minutes=250)
    fired = [job.idempotency_key.partition(":")[2].partition(":")[2] for job in fire_due(jobs)]
    assert fired[:251] == [(since + timedelta(minutes=n)).isoformat() for n in range(251)]


def test_missed_slots_are_let_go_where_that_is_wanted(jobs, schedules, set_back):
    schedules.add(Plan("skips", f"0 {(datetime.now(UTC) - timedelta(hours=2)).hour} * * *", "vision", missed="skip"))
    set_back("skips", hours=3)
    assert fire_due(jobs) == []
    schedule = schedules.get("skips")
    assert (schedule.last_slot, schedule.trouble) == (None, None)
    assert schedule.next_slot > datetime.now(UTC)


def test_punctual_slot_is_not_missed(jobs, schedules, set_back):
    schedules.add(Plan("skips", "* * * * *", "vision", missed="skip"))
    set_back("skips", minutes=5)
    assert len(fire_due(jobs)) == 1


def test_slot_that_fired_does_not_fire_again_when_the_clock_goes_back(jobs, schedules, set_back):
    schedules.add(Plan("each", "* * * * *", "vision", missed="all"))
    set_back("each", minutes=2)
    first = fire_due(jobs)
    set_back("each", minutes=2)
    again = fire_due(jobs)
    assert len(first) >= 3
    assert {job.id for job in again}.isdisjoint(job.id for job in first)
    assert len(jobs.list()) == len(first) + len(again)


def test_scheduler_that_dies_while_firing_leaves_the_slot(jobs, schedules, set_back):
    schedules.add(EACH_MINUTE)
    slot = set_back("each minute", minutes=0)

    class Dying(Jobs):
        def enter(self, connection, wish):
            super().enter(connection, wish)
            raise SystemExit

    with pytest.raises(SystemExit):
        fire_due(Dying(jobs.database, jobs.queue, jobs.notebooks))
    assert jobs.list() == []
    assert schedules.get("each minute").next_slot == slot
    assert len(fire_due(jobs)) == 1


def test_job_is_owed_its_message_while_the_broker_is_away(jobs, schedules, set_back):
    schedules.add(EACH_MINUTE)
    set_back("each minute", minutes=1)
    away = Jobs(jobs.database, RabbitQueue(lambda: "amqp://127.0.0.1:1", patience_s=0.0), jobs.notebooks)
    (job,) = fire_due(away)
    assert jobs.database.row("select announced_at from jobs where id = %s", [job.id])["announced_at"] is None


def test_schedule_whose_notebook_is_gone_says_so_and_goes_on_when_it_is_back(jobs, schedules, set_back):
    schedules.add(EACH_MINUTE)
    notebook = jobs.notebooks / "vision.ipynb"
    notebook.rename(jobs.notebooks / "Away.ipynb")
    set_back("each minute", minutes=1)
    assert fire_due(jobs) == []
    schedule = schedules.get("each minute")
    assert "no kind of job is called 'vision'" in schedule.trouble
    assert schedule.next_slot > datetime.now(UTC)
    (jobs.notebooks / "Away.ipynb").rename(notebook)
    set_back("each minute", minutes=1)
    assert len(fire_due(jobs)) == 1
    assert schedules.get("each minute").trouble is None


def test_schedule_whose_parameters_no_longer_fit_says_so(jobs, schedules, set_back, write_notebook):
    schedules.add(Plan("each minute", "* * * * *", "vision", {"every": 2}, missed="all"))
    write_notebook(jobs.notebooks / "vision.ipynb", "each = 1")
    set_back("each minute", minutes=3)
    assert fire_due(jobs) == []
    assert "every" in schedules.get("each minute").trouble


def test_schedule_whose_zone_is_gone_is_paused_with_the_reason(jobs, schedules, set_back):
    schedules.add(EACH_MINUTE)
    schedules.add(Plan("other", "* * * * *", "vision"))
    jobs.database.execute("update schedules set time_zone = 'Mars/Olympus' where name = 'each minute'")
    for name in ("each minute", "other"):
        set_back(name, minutes=1)
    assert [job.name for job in fire_due(jobs)] == ["other"]
    schedule = schedules.get("each minute")
    assert schedule.paused
    assert "Mars/Olympus" in schedule.trouble
    assert schedules.edit("each minute", zone="Europe/Vienna").trouble is None
    assert not schedules.resume("each minute").paused


def test_paused_schedule_lets_slots_go_by(jobs, schedules, set_back):
    schedules.add(EACH_MINUTE)
    assert schedules.pause("each minute").paused
    set_back("each minute", hours=1)
    assert fire_due(jobs) == []
    assert seconds_to_next(jobs.database) is None
    schedule = schedules.resume("each minute")
    assert not schedule.paused
    assert schedule.next_slot > datetime.now(UTC) - timedelta(seconds=30)


def test_edited_schedule_takes_the_change_from_its_next_slot_on(schedules):
    known = schedules.add(NIGHTLY)
    assert schedules.edit("nightly", parameters={"every": 3}).next_slot == known.next_slot
    edited = schedules.edit(known.id, name="hourly", cron="@hourly")
    assert (edited.name, edited.cron, edited.parameters) == ("hourly", "0 * * * *", {"every": 3})
    assert edited.next_slot.minute == 0
    with pytest.raises(InvalidJob, match="every"):
        schedules.edit("hourly", parameters={"every": "often"})


def test_run_now_submits_besides_the_slots_even_in_a_pause(schedules):
    known = schedules.add(NIGHTLY)
    schedules.pause("nightly")
    first, second = schedules.run_now("nightly"), schedules.run_now("nightly", {"model": "lite"})
    assert (first.parameters, second.parameters) == ({"every": 2}, {"every": 2, "model": "lite"})
    assert first.schedule_id == second.schedule_id == known.id
    schedule = schedules.get("nightly")
    assert (schedule.last_job, schedule.last_slot, schedule.next_slot) == (second.id, None, known.next_slot)


def test_removed_schedule_leaves_its_jobs(jobs, schedules):
    schedules.add(NIGHTLY)
    job = schedules.run_now("nightly")
    schedules.remove("nightly")
    assert schedules.list() == []
    assert jobs.get(job.id).schedule_id is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "nightly"}, "called 'nightly' already"),
        ({"name": ""}, "1 to 100"),
        ({"name": "n" * 101}, "1 to 100"),
        ({"name": "a\nb"}, "visible"),
        ({"cron": "0 25 * * *"}, "no hour"),
        ({"zone": "Mars"}, "no time zone"),
        ({"kind": "../vision"}, "no kind"),
        ({"parameters": {"out": "/etc"}}, "out"),
    ],
)
def test_schedule_that_cannot_be_is_refused(schedules, changes, reason):
    schedules.add(NIGHTLY)
    values = {"name": "other", "cron": "@daily", "kind": "vision"} | changes
    with pytest.raises((InvalidSchedule, InvalidJob), match=reason):
        schedules.add(Plan(**values))
    assert len(schedules.list()) == 1


def test_unknown_schedule_is_said(schedules):
    for which in ("nothing", uuid4()):
        for use in (schedules.get, schedules.pause, schedules.resume, schedules.remove, schedules.run_now):
            with pytest.raises(InvalidSchedule, match="no schedule"):
                use(which)
