import asyncio
import io

import pytest

from ascension_core.platform.jobs import Failure, Wish
from ascension_core.platform.schedules import Plan, Schedules, fire_due
from ascension_core.settings import settings

pytestmark = pytest.mark.slow
NOBODY = "00000000-0000-4000-8000-000000000000"
FORM = {"name": "my try", "input_uri": "notebooks/vision.ipynb", "runtime_environment_name": "ascension"}
TYPED = {"every": "3", "model": "lite", "fast": "true"}
MORNINGS = FORM | {"name": "mornings", "schedule": "0 6 * * MON-FRI", "timezone": "Europe/Vienna", "parameters": TYPED}


@pytest.fixture
def create(ask):
    """Submits the dialog's form, with some fields changed; returns the job's id."""
    return lambda **changes: ask("POST", "jobs", FORM | changes)["job_id"]


@pytest.fixture
def define(ask):
    """Submits the form with a schedule; returns the definition's id."""
    return lambda **changes: ask("POST", "job_definitions", MORNINGS | changes)["job_definition_id"]


@pytest.fixture
def work(sheet, objects, take):
    """Does the next job: stores what a worker does, then ends it."""

    def work(end):
        lease = take(sheet)
        prefix = f"jobs/{lease.job.id}/1/"
        for name in ("notebook.ipynb", "notebook.html", "log.txt", "results/analysis.json"):
            objects.upload_stream(prefix + name, io.BytesIO(name.encode()))
        end(lease, prefix + "notebook.ipynb")

    return work


def status(ask, job):
    return ask("GET", f"jobs/{job}")["status"]


def test_form_becomes_a_job_whose_status_is_live(ask, create, sheet, take):
    job = create(parameters=TYPED)
    assert status(ask, job) == "QUEUED"
    lease = take(sheet)
    assert (str(lease.job.id), lease.job.name) == (job, "my try")
    assert lease.job.parameters == {"every": 3, "model": "lite", "fast": True}
    assert status(ask, job) == "IN_PROGRESS"
    assert ask("GET", "jobs/count", status="in_progress") == {"count": 1}
    sheet.succeed(lease, {"moves": 3})
    shown = ask("GET", f"jobs/{job}")
    assert (shown["status"], shown["parameters"]) == ("COMPLETED", TYPED)
    assert shown["create_time"] <= shown["start_time"] <= shown["end_time"]
    assert ask("GET", "jobs/count") == {"count": 0}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"parameters": {"every": "often"}}, "every: 'often' is not of type 'integer'"),
        ({"parameters": {"nonsense": "1"}}, "nonsense"),
        ({"parameters": {"out": "/tmp"}}, "the worker sets this folder"),
        ({"input_uri": "notebooks/reading.ipynb"}, "no kind of job is called 'reading'"),
        ({"input_uri": "vision.ipynb"}, "not in the folder"),
        ({"input_uri": "../../etc/passwd"}, "not in the folder"),
        ({"input_uri": "notebooks/missing.ipynb"}, "no kind of job"),
        ({"name": "n" * 101}, "a name has 1 to 100"),
        ({"tags": ["a"]}, "take no tags"),
        ({"package_input_folder": True}, "take no packaged input folder"),
        ({"job_definition_id": NOBODY}, "no such"),
    ],
)
def test_form_that_makes_no_job_is_refused_with_the_reason(create, jobs, refused, changes, reason):
    with pytest.raises(refused, match=reason):
        create(**changes)
    assert jobs.list() == []


def test_same_token_gives_the_same_job(create):
    assert create(idempotency_token="t") == create(idempotency_token="t") != create(idempotency_token="u")


def test_job_is_stopped(ask, create, sheet, take):
    running, waiting = create(), create()
    lease = take(sheet)
    for job in (running, waiting):
        ask("PATCH", f"jobs/{job}", {"status": "STOPPED"})
    assert (status(ask, running), status(ask, waiting)) == ("STOPPING", "STOPPED")
    assert sheet.pulse(lease).cancelled


def test_job_is_deleted_with_a_record_of_what_it_stored(ask, create, jobs, refused):
    job = create()
    ask("DELETE", f"jobs/{job}")
    assert jobs.list() == []
    assert jobs.database.row("select objects from deletions")["objects"] == [f"jobs/{job}/"]
    with pytest.raises(refused, match="no such job"):
        ask("DELETE", f"jobs/{job}")


def test_jobs_without_a_name_are_none_of_its_business(ask, jobs, refused):
    job = jobs.submit(Wish("vision"))
    assert ask("GET", "jobs")["jobs"] == []
    with pytest.raises(refused, match="no such job"):
        ask("DELETE", f"jobs/{job.id}")
    assert jobs.get(job.id).status == "queued"


def test_jobs_are_listed_by_page_and_order(ask, create):
    ids = [create(name=name) for name in ("b", "a", "c")]
    listed = ask("GET", "jobs", sort_by="asc(name)", max_items="2")
    assert ([job["name"] for job in listed["jobs"]], listed["total_count"]) == (["a", "b"], 3)
    rest = ask("GET", "jobs", sort_by="asc(name)", max_items="2", next_token=listed["next_token"])
    assert ([job["name"] for job in rest["jobs"]], rest.get("next_token")) == (["c"], None)
    assert [job["job_id"] for job in ask("GET", "jobs")["jobs"]] == ids[::-1]


def test_jobs_are_listed_by_status_and_name(ask, create):
    first, second = create(name="one"), create(name="two")
    ask("PATCH", f"jobs/{first}", {"status": "STOPPED"})
    assert [job["job_id"] for job in ask("GET", "jobs", status="queued")["jobs"]] == [second]
    assert [job["job_id"] for job in ask("GET", "jobs", name="on")["jobs"]] == [first]
    assert ask("GET", "jobs", tags="t")["jobs"] == []


@pytest.mark.parametrize(
    ("path", "query", "reason"),
    [
        ("jobs", {"sort_by": "desc(name; drop table jobs)"}, "cannot sort"),
        ("jobs", {"job_definition_id": "x' or true"}, "is no id"),
        ("jobs/a-b", {}, "is no id"),
        (f"jobs/{NOBODY}", {}, "there is no job"),
        (f"job_definitions/{NOBODY}", {}, "no schedule"),
    ],
)
def test_question_that_makes_no_sense_is_refused(ask, refused, path, query, reason):
    with pytest.raises(refused, match=reason):
        ask("GET", path, **query)


def test_files_of_a_job_are_downloaded_and_opened_from_the_list(ask, create, sheet, work, workspace):
    job = create()
    work(lambda lease, key: sheet.succeed(lease, {}, notebook_key=key))
    before = ask("GET", f"jobs/{job}")
    assert not before["downloaded"]
    assert {file["file_format"] for file in before["job_files"] if file["file_path"]} == {"input"}
    ask("GET", f"jobs/{job}/download_files", redownload="false")
    after = ask("GET", f"jobs/{job}")
    assert after["downloaded"]
    places = {file["file_format"]: workspace / file["file_path"] for file in after["job_files"]}
    assert places["input"] == workspace / "notebooks/vision.ipynb"
    assert (places["ipynb"].read_text(), places["html"].read_text()) == ("notebook.ipynb", "notebook.html")
    assert (places["files"] / "results/analysis.json").read_text() == "results/analysis.json"


def test_failed_job_says_why_and_has_files_too(ask, create, sheet, work, workspace):
    job = create()
    work(lambda lease, key: sheet.fail(lease, Failure("UnreadableVideo", "no video stream", 3), notebook_key=key))
    shown = ask("GET", f"jobs/{job}")
    assert (shown["status"], shown["status_message"]) == ("FAILED", "UnreadableVideo: no video stream")
    ask("GET", f"jobs/{job}/download_files")
    assert ask("GET", f"jobs/{job}")["downloaded"]


def test_job_that_stored_nothing_offers_nothing(ask, create, sheet, take, refused):
    job = create()
    sheet.fail(take(sheet), Failure("InvalidObject", "no such object"))
    assert ask("GET", f"jobs/{job}")["downloaded"]
    with pytest.raises(refused, match="stored no files"):
        ask("GET", f"jobs/{job}/download_files")


def test_definition_is_a_schedule_that_fires_without_jupyter(ask, define, jobs):
    definition = define()
    (schedule,) = Schedules(jobs).list()
    assert str(schedule.id) == definition
    typed = {"every": 3, "model": "lite", "fast": True}
    assert schedule.plan == Plan("mornings", "0 6 * * MON-FRI", "vision", typed, "Europe/Vienna")
    jobs.database.execute("update schedules set next_slot = now() - interval '1 minute'")
    (fired,) = fire_due(jobs)
    (listed,) = ask("GET", "jobs", job_definition_id=definition)["jobs"]
    assert (listed["job_id"], listed["name"], listed["status"]) == (str(fired.id), "mornings", "QUEUED")


def test_schedule_of_the_command_line_is_a_definition(ask, jobs):
    Schedules(jobs).add(Plan("nightly", "@daily", "training", {"rate": 2.5}, "Asia/Tokyo"))
    (shown,) = ask("GET", "job_definitions")["job_definitions"]
    assert (shown["name"], shown["schedule"], shown["timezone"]) == ("nightly", "0 0 * * *", "Asia/Tokyo")
    assert (shown["input_filename"], shown["parameters"], shown["active"]) == ("training.ipynb", {"rate": "2.5"}, True)


def test_definition_is_paused_and_resumed(ask, define, jobs):
    definition = define()
    ask("PATCH", f"job_definitions/{definition}", {"active": False})
    assert Schedules(jobs).get("mornings").paused
    assert not ask("GET", f"job_definitions/{definition}")["active"]
    ask("PATCH", f"job_definitions/{definition}", {"active": True})
    assert not Schedules(jobs).get("mornings").paused


def test_definition_is_edited(ask, define, jobs):
    definition = define()
    changes = {"schedule": "30 7 * * *", "timezone": "UTC", "input_uri": "vision.ipynb"}  # as the form sends it: the name alone
    ask("PATCH", f"job_definitions/{definition}", changes)
    schedule = Schedules(jobs).get("mornings")
    assert (schedule.cron, schedule.zone, schedule.kind) == ("30 7 * * *", "UTC", "vision")
    assert (schedule.next_slot.hour, schedule.next_slot.minute) == (7, 30)
    ask("PATCH", f"job_definitions/{definition}", {"input_uri": "notebooks/training.ipynb", "parameters": {"rate": "2"}})
    schedule = Schedules(jobs).get("mornings")
    assert (schedule.kind, schedule.parameters) == ("training", {"rate": 2})


def test_definition_is_run_now_with_other_parameters(ask, define, jobs):
    definition = define()
    job = ask("POST", f"job_definitions/{definition}/jobs", {"parameters": {"every": "9"}})["job_id"]
    (listed,) = ask("GET", "jobs", job_definition_id=definition)["jobs"]
    assert (listed["job_id"], listed["parameters"]["every"]) == (job, "9")


def test_deleted_definition_leaves_its_jobs(ask, define, jobs):
    definition = define()
    ask("POST", f"job_definitions/{definition}/jobs", {})
    ask("DELETE", f"job_definitions/{definition}")
    assert Schedules(jobs).list() == []
    assert [job["name"] for job in ask("GET", "jobs")["jobs"]] == ["mornings"]


def test_definitions_are_listed_by_page_and_order(ask, define):
    for name in ("b", "a", "c"):
        define(name=name)
    listed = ask("GET", "job_definitions", sort_by="asc(name)", max_items="2")
    assert ([one["name"] for one in listed["job_definitions"]], listed["total_count"]) == (["a", "b"], 3)
    rest = ask("GET", "job_definitions", sort_by="asc(name)", max_items="2", next_token=listed["next_token"])
    assert [one["name"] for one in rest["job_definitions"]] == ["c"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"schedule": "0 25 * * *"}, "'25' is no hour"),
        ({"schedule": None}, "needs a schedule"),
        ({"timezone": "Mars"}, "no time zone"),
        ({"name": "taken"}, "called 'taken' already"),
        ({"parameters": {"every": "often"}}, "every"),
        ({"input_uri": "vision.ipynb"}, "not in the folder"),
    ],
)
def test_definition_that_cannot_be_is_refused_with_the_reason(define, jobs, refused, changes, reason):
    define(name="taken")
    with pytest.raises(refused, match=reason):
        define(**changes)
    assert len(Schedules(jobs).list()) == 1


@pytest.mark.filterwarnings("ignore:The declarative_mixin decorator:DeprecationWarning")  # of jupyter_scheduler, on import
def test_database_that_is_away_is_said(monkeypatch, tmp_path):
    from jupyter_scheduler.exceptions import SchedulerError
    from jupyter_scheduler.models import ListJobsQuery

    from services.lab.environment import Workers
    from services.lab.scheduler import QueueScheduler

    monkeypatch.setenv("ASCENSION_DATABASE_URL", "postgresql://127.0.0.1:1/none")
    settings.cache_clear()
    scheduler = QueueScheduler(str(tmp_path), Workers(), "sqlite://")
    with pytest.raises(SchedulerError, match="the database cannot be used"):
        asyncio.run(scheduler.list_jobs(ListJobsQuery()))
    settings.cache_clear()
