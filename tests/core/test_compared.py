"""Configs and scores of runs held against each other."""

from core.compared import differences, paired


def test_only_fields_that_differ_are_told_with_the_value_of_each() -> None:
    one = {"method": {"type": "dpo", "dpo": {"beta": 0.1}}, "training": {"epochs": 1, "stop": None, "targets": []}}
    two = {"method": {"type": "sft", "sft": {}}, "training": {"epochs": 1, "stop": {"patience": 3}, "targets": ["q"]}}
    assert differences([one, two, one]) == {
        "method.type": ["dpo", "sft", "dpo"],
        "method.dpo.beta": [0.1, None, 0.1],
        "training.stop.patience": [None, 3, None],
        "training.targets": [[], ["q"], []],
    }
    assert differences([one, one]) == {}


def test_answers_are_paired_by_what_was_asked() -> None:
    run = {"judge": {("a", "x", 0): 3.0, ("a", "y", 0): 1.0, ("a", "z", 0): 2.0, ("a", "only", 0): 9.0}}
    against = {"judge": {("a", "x", 0): 1.0, ("a", "y", 0): 1.0, ("a", "z", 0): 4.0, ("a", "other", 0): -9.0}}
    found = paired(run, against, first="judge")
    assert found is not None
    assert (found.scorer, found.n, found.win, found.tie, found.loss) == ("judge", 3, 1, 1, 1)
    assert found.mean == {"run": 2.0, "against": 2.0}
    assert found.difference["mean"] == 0.0
    assert found.difference["low"] < 0 < found.difference["high"]


def test_the_scorer_is_the_first_ones_where_both_have_it_and_else_one_that_both_have() -> None:
    key = ("a", "x", 0)
    both = {"judge": {key: 1.0}, "rule": {key: 0.0}}
    found = paired(both, both, first="rule")
    assert found is not None
    assert found.scorer == "rule"
    found = paired({"rule": {key: 1.0}}, both, first="judge")
    assert found is not None
    assert (found.scorer, found.difference["mean"]) == ("rule", 1.0)
    assert paired({"judge": {key: 1.0}}, {"rule": {key: 1.0}}, first="judge") is None
    assert paired({"judge": {key: 1.0}}, {"judge": {("b", "x", 0): 1.0}}, first="judge") is None
