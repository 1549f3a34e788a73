"""Results that have a table of their own."""

import json
from types import SimpleNamespace

import pytest

from ascension_core.errors import InvalidResult
from ascension_core.platform.jobs import Wish
from ascension_core.platform.jobs.kinds import Kind
from services.worker.results import row_of

ANALYSIS = Kind("vision", None, {}, {}, "analysis.json", "analysis")
PROGRAM = Kind("training", None, {}, {}, "program.json", "program")


@pytest.fixture(scope="module")
def program(planned):
    return json.loads(planned("office-v5").model_dump_json())


@pytest.fixture
def athlete(database):
    return database.row("insert into athletes (name) values ('A') returning id")["id"]


@pytest.fixture
def finish(jobs, worksheet, take):
    """Does a job with a given result, as a worker does."""

    def finish(kind, document, files, **wish):
        job = jobs.submit(Wish(kind.name, **wish))
        sheet = worksheet()
        lease = take(sheet)
        sheet.succeed(lease, document, also=row_of(kind, lease.job, document, files))
        return job

    return finish


@pytest.mark.parametrize("make_queue", ["postgres"], indirect=True)
class TestRows:
    def test_analysis_gets_a_row_with_its_track_and_its_owner(self, finish, analysis, database, athlete):
        query = """insert into videos (athlete_id, object_key, file_name, content_type, bytes)
            values (%s, 'videos/x/clip.mp4', 'clip.mp4', 'video/mp4', 1) returning id"""
        video = database.row(query, [athlete])["id"]
        job = finish(ANALYSIS, analysis, {"track.json.gz": {"key": "jobs/x/out/track.json.gz"}}, video_id=video)
        row = database.row("select * from analyses")
        assert (row["job_id"], row["video_id"], row["athlete_id"]) == (job.id, video, athlete)
        assert (row["track_key"], row["schema_version"], row["pipeline"]) == ("jobs/x/out/track.json.gz", "1.1", "vision 0.1.0")
        assert row["document"] == analysis

    def test_analysis_of_nobody_has_a_row_too(self, finish, analysis, database):
        finish(ANALYSIS, analysis, {})
        row = database.row("select * from analyses")
        assert (row["video_id"], row["athlete_id"], row["track_key"]) == (None, None, None)

    def test_program_of_an_athlete_gets_a_row(self, finish, program, database, athlete):
        job = finish(PROGRAM, program, {}, athlete_id=athlete)
        row = database.row("select * from programs")
        assert (row["job_id"], row["athlete_id"], str(row["starts_on"])) == (job.id, athlete, program["start"])
        assert row["document"] == program

    def test_program_of_nobody_is_the_result_of_its_job_only(self, finish, program, database):
        finish(PROGRAM, program, {})
        assert database.rows("select * from programs") == []


def test_document_that_is_not_what_was_promised_is_refused(analysis):
    with pytest.raises(InvalidResult, match=r"analysis\.json is no Analysis: summary\.frames"):
        row_of(ANALYSIS, None, analysis | {"summary": {}}, {})
    with pytest.raises(InvalidResult, match="is no Program"):
        row_of(PROGRAM, SimpleNamespace(athlete_id=None), analysis, {})


def test_other_results_have_no_table():
    assert row_of(Kind("other", None, {}, {}, "r.json"), None, {"n": 1}, {}) is None
