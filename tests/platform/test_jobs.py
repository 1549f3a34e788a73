"""What is promised of jobs, whichever queue wakes the workers."""

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from ascension_core.errors import InvalidJob
from ascension_core.platform.jobs import Failure, LeaseLost, Wish, reconcile
from ascension_core.platform.jobs.lease import pause_after
from ascension_core.platform.queue import Priority

PASSING = Failure("ServerUnavailable", "the object store cannot be used", passing=True)
FINAL = Failure("UnreadableVideo", "no video stream", cell=3)
WAIT_S = 60.0


@pytest.fixture
def later(database):
    """Lets time pass for all jobs: ``later(hours=1)``. What lies ahead comes nearer, what has been is longer ago."""

    def later(**span):
        times = ("created_at", "not_before", "deadline", "started_at", "lease_until", "announced_at")
        moved = ", ".join(f"{name} = {name} - %(span)s" for name in times)
        database.execute(f"update jobs set {moved}", {"span": timedelta(**span)})

    return later


def kinds_of(events):
    return [event.kind for event in events]


def test_job_is_done_from_end_to_end(jobs, worksheet, take):
    sheet = worksheet()
    job = jobs.submit(Wish("vision", {"every": 2}))
    lease = take(sheet)
    assert (lease.job.id, lease.job.parameters, lease.job.attempts) == (job.id, {"every": 2}, 1)
    sheet.progress(lease, "pose", 0.5, "half of it")
    sheet.succeed(lease, {"moves": 7}, notebook_key="jobs/x/out.ipynb", mlflow_run="r")
    done = jobs.get(job.id)
    assert (done.status, done.result, done.notebook_key, done.mlflow_run) == (
        "succeeded",
        {"moves": 7},
        "jobs/x/out.ipynb",
        "r",
    )
    assert (done.stage, done.worker, done.lease_until) == ("pose", None, None)
    assert kinds_of(jobs.events(job.id)) == ["submitted", "started", "progress", "succeeded"]


def test_what_belongs_to_a_result_is_written_with_it_or_not_at_all(jobs, worksheet, take, database):
    sheet = worksheet()
    job = jobs.submit(Wish("vision"))
    lease = take(sheet)

    def store(connection, document="{}"):
        query = "insert into analyses (job_id, schema_version, document) values (%s, '1', %s)"
        connection.execute(query, [job.id, document])

    with pytest.raises(psycopg.errors.CheckViolation):
        sheet.succeed(lease, {}, also=lambda connection: store(connection, "[]"))
    assert (jobs.get(job.id).status, database.rows("select * from analyses")) == ("running", [])
    sheet.succeed(lease, {}, also=store)
    assert (jobs.get(job.id).status, len(database.rows("select * from analyses"))) == ("succeeded", 1)
    with pytest.raises(LeaseLost):
        sheet.succeed(lease, {}, also=store)


def test_nobody_is_woken_without_a_job(jobs, worksheet):
    sheet = worksheet()
    assert sheet.take(0.0) is None
    assert sheet.take(0.2) is None


def test_worker_is_not_woken_for_kinds_it_cannot_do(jobs, worksheet, take):
    sheet = worksheet(kinds=["training"])
    jobs.submit(Wish("vision"))
    assert sheet.take(0.3) is None
    job = jobs.submit(Wish("training"))
    assert take(sheet).job.id == job.id


def test_worker_that_waits_is_woken_at_once(jobs, worksheet, take):
    sheet, taken = worksheet(), []
    thread = threading.Thread(target=lambda: taken.append(take(sheet)))
    thread.start()
    time.sleep(0.3)
    job = jobs.submit(Wish("vision"))
    thread.join(WAIT_S)
    assert [lease.job.id for lease in taken] == [job.id]


def test_worker_is_given_a_job_whose_row_somebody_is_writing_to(jobs, worksheet, take, database):
    sheet, taken = worksheet(), []
    thread = threading.Thread(target=lambda: taken.append(take(sheet)))
    with database.transaction() as connection:
        job = jobs.enter(connection, Wish("vision"))[0]
    with database.transaction() as connection:
        connection.execute("update jobs set stage = null where id = %s", [job.id])
        jobs.queue.announce([job.wake(0.0)])
        thread.start()
        time.sleep(0.5)
    thread.join(WAIT_S)
    assert [lease.job.id for lease in taken] == [job.id]


def test_urgent_jobs_go_first(jobs, worksheet, take):
    sheet = worksheet()
    order = [Priority.LOW, Priority.NORMAL, Priority.HIGH]
    for priority in order:
        jobs.submit(Wish("vision", priority=priority))
    taken = []
    for _ in order:
        lease = take(sheet)
        taken.append(lease.job.priority)
        sheet.succeed(lease, {})
    assert taken == order[::-1]


def test_workers_share_jobs_and_do_each_one_once(jobs, worksheet):
    ids = {jobs.submit(Wish("vision")).id for _ in range(40)}
    done, sheets = [], [worksheet(f"worker {n}") for n in range(4)]

    def work(sheet):
        while len(done) < len(ids):
            lease = sheet.take(0.2)
            if lease is not None:
                sheet.succeed(lease, {})
                done.append(lease.job.id)

    threads = [threading.Thread(target=work, args=[sheet]) for sheet in sheets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert sorted(done) == sorted(ids)
    assert {job.attempts for job in jobs.list(limit=100)} == {1}


def test_same_key_gives_the_same_job(jobs, worksheet, take):
    first = jobs.submit(Wish("vision", idempotency_key="k"))
    assert jobs.submit(Wish("vision", idempotency_key="k")).id == first.id
    sheet = worksheet()
    sheet.succeed(take(sheet), {})
    assert sheet.take(0.2) is None
    assert jobs.submit(Wish("vision", idempotency_key="k")).status == "succeeded"
    with pytest.raises(InvalidJob, match="belongs to job"):
        jobs.submit(Wish("vision", {"every": 3}, idempotency_key="k"))


def test_same_key_from_many_at_once_gives_one_job(jobs, make_queue, notebooks):
    ids = []
    threads = [
        threading.Thread(target=lambda: ids.append(jobs.submit(Wish("vision", idempotency_key="k")).id)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert (len(ids), len(set(ids))) == (8, 1)


def test_job_waits_until_it_may_start(jobs, worksheet, take):
    sheet = worksheet()
    due = datetime.now(UTC) + timedelta(seconds=1.2)
    job = jobs.submit(Wish("vision", not_before=due))
    lease = take(sheet)
    assert lease.job.id == job.id
    assert lease.job.started_at >= due


def test_failure_that_may_pass_is_tried_again_after_a_pause(jobs, worksheet, take):
    sheet = worksheet()
    job = jobs.submit(Wish("vision"))
    first = take(sheet)
    sheet.fail(first, PASSING, notebook_key="jobs/x/failed.ipynb")
    waiting = jobs.get(job.id)
    assert (waiting.status, waiting.error["class"]) == ("queued", "ServerUnavailable")
    assert waiting.notebook_key == "jobs/x/failed.ipynb"
    second = take(sheet)
    assert (second.job.id, second.job.attempts) == (job.id, 2)
    assert (second.job.started_at - first.job.started_at).total_seconds() >= pause_after(1)


def test_failure_that_passes_too_often_is_final(jobs, worksheet, take):
    sheet = worksheet()
    job = jobs.submit(Wish("vision", max_attempts=1))
    sheet.fail(take(sheet), PASSING)
    assert jobs.get(job.id).status == "failed"


def test_pauses_grow_up_to_ten_minutes():
    assert [pause_after(n) for n in (1, 2, 3, 20)] == [2, 4, 8, 600]


def test_final_failure_is_kept_with_its_reason_until_it_is_sent_back(jobs, worksheet, take):
    sheet = worksheet()
    job = jobs.submit(Wish("vision"))
    sheet.fail(take(sheet), FINAL, notebook_key="jobs/x/failed.ipynb")
    failed = jobs.get(job.id)
    assert (failed.status, failed.notebook_key) == ("failed", "jobs/x/failed.ipynb")
    assert failed.error == {"class": "UnreadableVideo", "message": "no video stream", "cell": 3, "passing": False}
    assert sheet.take(0.3) is None
    assert jobs.retry(job.id).status == "queued"
    again = take(sheet)
    assert again.job.attempts == 1
    sheet.succeed(again, {})
    assert jobs.get(job.id).error is None


def test_failed_job_lies_among_the_dead_until_it_is_taken_out(jobs, worksheet, take, eventually):
    sheet = worksheet()
    job = jobs.submit(Wish("vision"))
    sheet.fail(take(sheet), FINAL)
    assert not jobs.queue.exhume(uuid4())
    assert eventually(lambda: jobs.queue.exhume(job.id))  # a broker moves it there after it has answered


def test_job_that_waits_is_cancelled_at_once_and_never_done(jobs, worksheet):
    job = jobs.submit(Wish("vision"))
    assert jobs.cancel(job.id).status == "cancelled"
    assert worksheet().take(0.3) is None


def test_job_that_runs_is_cancelled_by_its_worker(jobs, worksheet, take):
    sheet = worksheet()
    job = jobs.submit(Wish("vision"))
    lease = take(sheet)
    assert not sheet.pulse(lease).cancelled
    assert jobs.cancel(job.id).status == "running"
    assert sheet.pulse(lease).cancelled
    sheet.cancel(lease)
    assert jobs.get(job.id).status == "cancelled"


def test_job_that_ended_can_not_be_cancelled_nor_tried_again(jobs, worksheet, take):
    sheet = worksheet()
    job = jobs.submit(Wish("vision"))
    sheet.succeed(take(sheet), {})
    with pytest.raises(InvalidJob, match="succeeded already"):
        jobs.cancel(job.id)
    with pytest.raises(InvalidJob, match="only one that failed"):
        jobs.retry(job.id)


def test_worker_hears_that_the_deadline_has_passed(jobs, worksheet, take, later):
    sheet = worksheet()
    jobs.submit(Wish("vision", deadline=datetime.now(UTC) + timedelta(hours=1)))
    lease = take(sheet)
    assert not sheet.pulse(lease).late
    later(hours=2)
    assert sheet.pulse(lease).late


def test_job_that_nobody_took_before_its_deadline_fails(jobs, worksheet, later):
    job = jobs.submit(Wish("vision", deadline=datetime.now(UTC) + timedelta(hours=1)))
    later(hours=2)
    assert worksheet().take(0.2) is None
    assert reconcile(jobs).late == 1
    assert jobs.get(job.id).error["class"] == "DeadlineExceeded"


def test_job_of_a_dead_worker_is_done_by_another_and_has_one_result(jobs, worksheet, take, later):
    dying, other = worksheet("dying"), worksheet("other")
    job = jobs.submit(Wish("vision"))
    lease = take(dying)
    later(hours=1)
    assert other.take(0.2) is None
    assert reconcile(jobs).lost == 1
    second = take(other)
    other.succeed(second, {"by": "other"})
    for late in (lambda: dying.succeed(lease, {"by": "dying"}), lambda: dying.fail(lease, FINAL), lambda: dying.pulse(lease)):
        with pytest.raises(LeaseLost):
            late()
    assert jobs.get(job.id).result == {"by": "other"}
    assert kinds_of(jobs.events(job.id)) == ["submitted", "started", "lost", "started", "succeeded"]


def test_job_whose_workers_die_each_time_fails(jobs, worksheet, take, later):
    job = jobs.submit(Wish("vision", max_attempts=1))
    take(worksheet("dying"))
    later(hours=1)
    reconcile(jobs)
    assert (jobs.get(job.id).status, jobs.get(job.id).error["class"]) == ("failed", "WorkerLost")


def test_job_of_a_dead_worker_that_was_to_be_cancelled_is_cancelled(jobs, worksheet, take, later):
    job = jobs.submit(Wish("vision"))
    take(worksheet("dying"))
    jobs.cancel(job.id)
    later(hours=1)
    reconcile(jobs)
    assert jobs.get(job.id).status == "cancelled"


def test_job_that_is_handed_back_is_done_by_another_without_counting(jobs, worksheet, take):
    leaving, other = worksheet("leaving"), worksheet("other")
    job = jobs.submit(Wish("vision"))
    leaving.hand_back(take(leaving))
    lease = take(other)
    assert (lease.job.id, lease.job.attempts) == (job.id, 1)


def test_pulse_keeps_the_lease(jobs, worksheet, take, later):
    sheet = worksheet(lease_s=600)
    job = jobs.submit(Wish("vision"))
    lease = take(sheet)
    for _ in range(3):
        later(minutes=9)
        assert reconcile(jobs).lost == 0
        sheet.pulse(lease)
    sheet.succeed(lease, {})
    assert jobs.get(job.id).attempts == 1


def test_rerun_is_a_new_job_with_other_parameters(jobs):
    old = jobs.submit(Wish("vision", {"every": 2, "fast": True}, priority=Priority.LOW))
    new = jobs.rerun(old.id, {"every": 5})
    assert new.id != old.id
    assert (new.rerun_of, new.parameters, new.priority) == (old.id, {"every": 5, "fast": True}, Priority.LOW)
    with pytest.raises(InvalidJob, match="every"):
        jobs.rerun(old.id, {"every": "many"})


def test_waiting_ends_with_the_job(jobs, worksheet, take):
    sheet = worksheet()
    job = jobs.submit(Wish("vision"))
    lease = take(sheet)
    timer = threading.Timer(0.3, lambda: sheet.succeed(lease, {"n": 1}))
    timer.start()
    assert jobs.wait(job.id, WAIT_S).result == {"n": 1}
    timer.join()


def test_waiting_ends_with_the_time(jobs):
    assert jobs.wait(jobs.submit(Wish("vision")).id, 0.2).status == "queued"


def test_tail_tells_everything_live_and_ends(jobs, worksheet, take):
    sheet = worksheet()
    job = jobs.submit(Wish("vision"))
    told = []
    listener = threading.Thread(target=lambda: told.extend(jobs.tail(job.id, WAIT_S)))
    listener.start()
    lease = take(sheet)
    sheet.progress(lease, "pose", 0.25, "a quarter")
    sheet.fail(lease, FINAL)
    listener.join(WAIT_S)
    assert kinds_of(told) == ["submitted", "started", "progress", "failed"]
    assert (told[2].stage, told[2].fraction, told[3].message) == ("pose", 0.25, "no video stream")


def test_list_shows_the_newest_first_by_status_and_kind(jobs):
    first, second, third = (jobs.submit(Wish(kind)) for kind in ("vision", "training", "vision"))
    jobs.cancel(first.id)
    assert [job.id for job in jobs.list()] == [third.id, second.id, first.id]
    assert [job.id for job in jobs.list(kind="vision", status="queued")] == [third.id]
    assert [job.id for job in jobs.list(limit=1, before=third.created_at)] == [second.id]


def test_job_that_names_a_video_goes_with_its_athlete(jobs, database):
    athlete = database.row("insert into athletes (name) values ('A') returning id")["id"]
    query = """insert into videos (athlete_id, object_key, file_name, content_type, bytes)
        values (%s, 'videos/x/clip.mp4', 'clip.mp4', 'video/mp4', 1) returning id"""
    video = database.row(query, [athlete])["id"]
    job = jobs.submit(Wish("vision", {"video": "videos/x/clip.mp4"}))
    assert (job.video_id, job.athlete_id) == (video, athlete)
    assert jobs.submit(Wish("vision", video_id=video)).athlete_id == athlete
    assert jobs.submit(Wish("vision", {"video": "videos/y/clip.mp4"})).video_id is None
    database.execute("delete from athletes where id = %s", [athlete])
    assert [left.parameters for left in jobs.list()] == [{"video": "videos/y/clip.mp4"}]


def test_job_of_a_deleted_athlete_is_gone_for_its_worker_too(jobs, worksheet, database, take):
    athlete = database.row("insert into athletes (name) values ('A') returning id")["id"]
    sheet = worksheet()
    jobs.submit(Wish("vision", athlete_id=athlete))
    lease = take(sheet)
    database.execute("delete from athletes where id = %s", [athlete])
    with pytest.raises(LeaseLost):
        sheet.pulse(lease)


def test_ten_thousand_jobs_that_wait_do_not_hide_the_next(jobs, worksheet, database, take):
    database.execute("insert into jobs (kind, priority) select 'vision', 2 from generate_series(1, 10000)")
    sheet = worksheet()
    job = jobs.submit(Wish("vision", priority=Priority.HIGH))
    assert take(sheet).job.id == job.id


@pytest.mark.parametrize(
    "wish",
    [
        Wish("vision", idempotency_key=""),
        Wish("vision", idempotency_key="k" * 201),
        Wish("vision", idempotency_key="a\0b"),
        Wish("vision", max_attempts=0),
        Wish("vision", deadline=datetime(2020, 1, 1, tzinfo=UTC)),
        Wish("vision", deadline=datetime(2999, 1, 1)),
        Wish("vision", not_before=datetime(2999, 1, 2, tzinfo=UTC), deadline=datetime(2999, 1, 1, tzinfo=UTC)),
        Wish("vision", athlete_id=uuid4()),
        Wish("nonsense"),
    ],
)
def test_wish_that_cannot_be_granted_is_refused(jobs, wish):
    with pytest.raises(InvalidJob):
        jobs.submit(wish)
    assert jobs.list() == []


def test_unknown_job_is_said(jobs):
    for use in (jobs.get, jobs.cancel, jobs.retry, jobs.rerun, jobs.wait):
        with pytest.raises(InvalidJob, match="no job"):
            use(uuid4())
