import threading

import pytest

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.jobs import Failure
from experiments.sweep import running
from experiments.sweep.running import Patience, sweep
from experiments.sweep.trials import Standing

pytestmark = pytest.mark.filterwarnings("default")  # MLflow's


@pytest.fixture
def client(kept):
    from mlflow import MlflowClient

    from ascension_core.platform.tracking import tracking_uri

    return MlflowClient(tracking_uri())


@pytest.fixture
def runs_of(client):
    """The run of a study, and those of its trials in order."""

    def runs_of(found):
        parent = client.get_run(found["run"])
        below = f"tags.`mlflow.parentRunId` = '{found['run']}'"
        children = client.search_runs([parent.info.experiment_id], below)
        return parent, sorted(children, key=lambda run: int(run.data.tags["trial"]))

    return runs_of


def artifacts(client, found):
    return {file.path for file in client.list_artifacts(found["run"])}


def test_a_sweep_finds_the_best_and_keeps_all_of_it(worker, queue_of_sums, make_plan, client, runs_of):
    worker()
    plan, told = make_plan(), []
    found = sweep(plan, queue_of_sums, progress=lambda *said: told.append(said))
    jobs = {job.result["summary"]["loss"]: job for job in queue_of_sums.list()}
    (best,) = found["best"]
    assert best["values"] == {"loss": min(jobs)}
    assert best["job"] == str(jobs[min(jobs)].id)
    assert {name: found[name] for name in ("study", "trials", "failed", "running")} == {
        "study": plan.name, "trials": 6, "failed": 0, "running": 0,
    }  # fmt: skip
    assert told[-1][:2] == ("sweep", 1.0)
    assert told[-1][2] == f"6 of 6, 0 at work; best loss {min(jobs):g}"

    parent, children = runs_of(found)
    assert (parent.info.run_name, parent.info.status, len(children)) == (plan.name, "FINISHED", 6)
    assert [run.info.run_name for run in children] == [f"{plan.name} {number}" for number in range(6)]
    assert {run.data.tags["job"]: run.data.metrics["loss"] for run in children} == {
        str(job.id): loss for loss, job in jobs.items()
    }
    assert set(children[0].data.params) == {"options/x", "mode"}
    assert children[0].data.metrics.keys() == {"loss", "cost", "job_seconds"}
    marked = [run for run in children if run.data.tags.get("best") == "true"]
    assert [run.info.run_id for run in marked] == [parent.data.tags["best_runs"]]
    assert marked[0].data.metrics["loss"] == min(jobs)
    assert f"| {best['trial']} | {min(jobs)}" in parent.data.tags["mlflow.note.content"]
    assert [(m.step, m.value) for m in client.get_metric_history(found["run"], "loss")] == [
        (number, run.data.metrics["loss"]) for number, run in enumerate(children)
    ]
    pictures = {"history-loss.png", "importances-loss.png", "parallel-loss.png"}
    assert artifacts(client, found) == pictures | {"trials.csv", f"{plan.name}.yaml"}


def test_more_trials_later_belong_to_the_same_run_and_may_be_better(worker, queue_of_sums, make_plan, runs_of):
    worker()
    plan = make_plan(trials=2)
    first = sweep(plan, queue_of_sums)
    assert sweep(plan, queue_of_sums) == first
    later = sweep(plan.model_copy(update={"trials": 8}), queue_of_sums)
    parent, children = runs_of(later)
    assert (later["run"], later["trials"], len(children)) == (first["run"], 8, 8)
    assert [run.data.tags["trial"] for run in children if run.data.tags.get("best") == "true"] == [
        str(trial["trial"]) for trial in later["best"]
    ]
    assert parent.info.status == "FINISHED"


def test_several_sweeps_of_one_study_share_its_trials(worker, queue_of_sums, make_plan, runs_of):
    worker()
    plan, found = make_plan(trials=8, parallel=3), []
    threads = [threading.Thread(target=lambda: found.append(sweep(plan, queue_of_sums))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1] == found[2]
    assert len(queue_of_sums.list()) == 8
    _, children = runs_of(found[0])
    assert [run.data.tags["trial"] for run in children] == [str(number) for number in range(8)]


def test_failed_trials_are_failed_runs_that_say_why(worker, queue_of_sums, make_plan, client, runs_of):
    worker(lambda job: Failure("UnreadableVideo", "no video stream"))
    found = sweep(make_plan(trials=2), queue_of_sums)
    assert (found["failed"], found["best"]) == (2, [])
    parent, children = runs_of(found)
    assert {(run.info.status, run.data.tags["error"]) for run in children} == {("FAILED", "UnreadableVideo: no video stream")}
    assert parent.data.tags["best_runs"] == ""
    assert artifacts(client, found) == {"trials.csv", f"{found['study']}.yaml"}


def test_a_run_that_was_not_written_to_its_end_is_written_again(worker, queue_of_sums, make_plan, client, runs_of):
    worker()
    plan = make_plan(trials=2)
    _, (first, _) = runs_of(sweep(plan, queue_of_sums))
    client.update_run(first.info.run_id, status="RUNNING")
    _, children = runs_of(sweep(plan, queue_of_sums))
    assert [run.info.status for run in children] == ["FINISHED", "FINISHED"]


def test_of_two_goals_every_good_trade_is_best(worker, queue_of_sums, make_plan, client, runs_of):
    worker()
    goals = [{"path": f"summary/{name}", "direction": "minimize"} for name in ("loss", "cost")]
    found = sweep(make_plan(trials=8, objectives=goals, parallel=4), queue_of_sums)
    values = [tuple(trial["values"].values()) for trial in found["best"]]
    assert all(not (a[0] <= b[0] and a[1] <= b[1]) for a in values for b in values if a is not b)
    assert "pareto.png" in artifacts(client, found)
    _, children = runs_of(found)
    assert sum(run.data.tags.get("best") == "true" for run in children) == len(values)


def test_one_step_submits_and_goes(queue_of_sums, make_plan, kept):
    found = sweep(make_plan(parallel=3), queue_of_sums, wait=False)
    assert (found["trials"], found["running"], found["best"]) == (0, 3, [])
    assert len(queue_of_sums.list()) == 3


def test_it_says_once_that_nobody_works(monkeypatch):
    monkeypatch.setattr(running, "UNATTENDED_S", 0.0)
    told = []
    patience = Patience("sum", told.append)
    waiting, working = (Standing(wanted=2, ended=0, failed=0, running=2, unattended=nobody) for nobody in (True, False))
    patience.see(waiting)
    patience.see(working)
    patience.see(waiting)
    assert told == []
    patience.see(waiting)
    patience.see(waiting)
    assert told == ["no worker takes jobs of kind sum: start `ascension worker` or `ascension up`"]


def test_it_stands_a_server_that_is_away_for_a_while(monkeypatch):
    tries = []

    def work():
        tries.append(1)
        if len(tries) < 3:
            raise ServerUnavailable("away")
        return "done"

    monkeypatch.setattr(running, "PAUSE_S", 0.0)
    assert running._steadily(work) == "done"
    monkeypatch.setattr(running, "AWAY_S", -1.0)
    tries.clear()
    with pytest.raises(ServerUnavailable):
        running._steadily(work)
    assert len(tries) == 1
