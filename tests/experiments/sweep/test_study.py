import pytest

from ascension_core.errors import InvalidSweep
from experiments.sweep.study import ask, most_trials, open_study


def drawn(database, plan, sessions):
    """Parameters of trials that are asked for in several sessions; each is told a value made of them."""
    for count in sessions:
        with open_study(database, plan) as study:
            for _ in range(count):
                trial = ask(study, plan)
                study.tell(trial.number, trial.params["options/x"] ** 2)
    with open_study(database, plan) as study:
        return [trial.params for trial in study.trials]


def test_a_sweep_that_was_broken_off_goes_on_with_the_trials_it_would_have_run(database, make_plan):
    seeded = {"name": "tpe", "seed": 5}
    whole, torn = (drawn(database, make_plan(sampler=seeded), sessions) for sessions in ([12], [2, 0, 10]))
    assert whole == torn
    assert len({trial["options/x"] for trial in whole}) == 12


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_another_seed_draws_other_values(database, make_plan, sampler):
    first, second = (drawn(database, make_plan(sampler={"name": sampler, "seed": seed}), [2]) for seed in (5, 6))
    assert first != second


def test_a_grid_has_every_point_once_in_an_order_of_its_seed(database, make_plan):
    space = {
        "options/x": {"type": "float", "low": -1, "high": 1, "step": 0.5},
        "mode": {"type": "categorical", "choices": ["a"]},
    }
    plan = make_plan(space=space, sampler={"name": "grid", "seed": 3}, trials=100)
    assert most_trials(plan) == 5
    xs = [trial["options/x"] for trial in drawn(database, plan, [2, 3])]
    assert sorted(xs) == [-1, -0.5, 0, 0.5, 1] != xs


def test_a_grid_may_end_early(make_plan):
    space = {"options/size": {"type": "int", "low": 1, "high": 8}}
    assert most_trials(make_plan(space=space, sampler={"name": "grid"}, trials=3)) == 3


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "vision"}, "kind"),
        ({"parameters": {"mode": "b"}}, "parameters"),
        ({"space": {"options/x": {"type": "float", "low": 0, "high": 1}}}, "space"),
        ({"objectives": [{"path": "summary/loss", "direction": "maximize"}]}, "objectives"),
    ],
)
def test_a_study_is_not_carried_on_with_another_plan(database, make_plan, change, named):
    plan = make_plan()
    with open_study(database, plan):
        pass
    with (
        pytest.raises(InvalidSweep, match=f"begun with other {named}: give"),
        open_study(database, make_plan(name=plan.name, **change)),
    ):
        pass


def test_more_trials_and_another_sampler_are_the_same_study(database, make_plan):
    plan = make_plan()
    drawn(database, plan, [2])
    assert len(drawn(database, make_plan(name=plan.name, trials=9, parallel=7, sampler={"name": "random"}), [1])) == 3
