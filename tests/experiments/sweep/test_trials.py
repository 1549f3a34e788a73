import pytest
from optuna.trial import TrialState

from ascension_core.platform.jobs import Failure
from ascension_core.platform.queue import Priority
from experiments.sweep.study import ask, open_study
from experiments.sweep.trials import number_at, step


@pytest.fixture
def carry_on(queue_of_sums, eventually):
    """Takes steps until a sweep is done; the study's trials."""

    def carry_on(plan):
        with open_study(queue_of_sums.database, plan) as study:
            assert eventually(lambda: step(study, plan, queue_of_sums).done)
            return study.trials

    return carry_on


def test_trials_are_jobs_whose_results_are_their_values(carry_on, worker, queue_of_sums, make_plan):
    worker()
    plan = make_plan(trials=5, parallel=3)
    trials = carry_on(plan)
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 5
    jobs = {str(job.id): job for job in queue_of_sums.list()}
    for trial in trials:
        job = jobs[trial.user_attrs["job"]]
        x = pytest.approx(trial.params["options/x"], rel=1e-11)
        assert job.parameters == {"options": {"x": x}, "mode": trial.params["mode"]}
        assert (job.name, job.priority) == (f"sweep {plan.name}, trial {trial.number}", Priority.LOW)
        assert job.idempotency_key == f"sweep:{plan.name}:{trial.number}"
        assert trial.values == [job.result["summary"]["loss"]]
        assert trial.user_attrs["metrics"] == {name: job.result["summary"][name] for name in ("loss", "cost")}


def test_no_more_trials_are_at_work_than_wished(queue_of_sums, make_plan):
    plan = make_plan(trials=5, parallel=3)
    with open_study(queue_of_sums.database, plan) as study:
        for _ in range(3):
            standing = step(study, plan, queue_of_sums)
        assert (standing.running, standing.ended, standing.wanted, standing.unattended) == (3, 0, 5, True)
        assert len(queue_of_sums.list()) == 3
        more = plan.model_copy(update={"parallel": 9})
        assert step(study, more, queue_of_sums).running == 5


def test_a_failed_job_is_a_failed_trial_that_names_it(carry_on, worker, queue_of_sums, make_plan):
    worker(lambda job: Failure("UnreadableVideo", "no video stream"))
    trials = carry_on(make_plan(trials=2))
    assert [trial.state for trial in trials] == [TrialState.FAIL] * 2
    assert {trial.user_attrs["error"] for trial in trials} == {"UnreadableVideo: no video stream"}
    assert {trial.user_attrs["job"] for trial in trials} == {str(job.id) for job in queue_of_sums.list()}


@pytest.mark.parametrize("result", [{}, {"summary": {"loss": "low"}}, {"summary": {"loss": None}}, [1], None])
def test_a_result_without_the_number_is_a_failed_trial(carry_on, worker, make_plan, result):
    worker(lambda job: result if result is not None else "text")
    (trial,) = carry_on(make_plan(trials=1))
    assert (trial.state, trial.user_attrs["error"]) == (TrialState.FAIL, "its result has no number at summary/loss")


def test_a_cancelled_job_is_a_failed_trial(queue_of_sums, make_plan):
    plan = make_plan(trials=1)
    with open_study(queue_of_sums.database, plan) as study:
        step(study, plan, queue_of_sums)
        queue_of_sums.cancel(queue_of_sums.list()[0].id)
        assert step(study, plan, queue_of_sums).failed == 1
        assert study.trials[0].user_attrs["error"] == "cancelled: the job was cancelled"


def test_what_a_dead_sweep_began_is_taken_up_and_nothing_is_done_twice(carry_on, worker, queue_of_sums, make_plan):
    plan = make_plan(trials=5, parallel=2)
    with open_study(queue_of_sums.database, plan) as study:
        step(study, plan, queue_of_sums)  # died with two jobs on the queue
        ask(study, plan)  # another one before it had submitted
        study.ask()  # and a third before it had chosen
    worker()
    trials = carry_on(plan)
    assert [trial.state.name for trial in trials] == ["COMPLETE", "COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]
    assert trials[3].user_attrs["error"] == "the sweep was stopped while this trial was chosen"
    keys = [job.idempotency_key for job in queue_of_sums.list()]
    assert sorted(keys) == [f"sweep:{plan.name}:{number}" for number in (0, 1, 2, 4)]


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("a/b_0.2", 3.5),
        ("a/list/1", 7.0),
        ("a/list/2", None),
        ("a/list/-1", None),
        ("a/true", None),
        ("a/text", None),
        ("a/none", None),
        ("a", None),
        ("a/b_0.2/c", None),
        ("", None),
    ],
)
def test_numbers_are_found_by_path(path, number):
    document = {"a": {"b_0.2": 3.5, "list": [1, 7], "true": True, "text": "3", "none": None}}
    assert number_at(document, path) == number
