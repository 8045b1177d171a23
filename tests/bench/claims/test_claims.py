"""The claims as they are written down: every inequality is between arms that are measured, and each becomes a row."""

import json
from xml.etree import ElementTree

import pytest

from bench.claims import told
from bench.claims.claim import CLAIMS, SWEEP
from bench.claims.plot import plot
from bench.claims.recipe import SOURCES, kind
from bench.claims.world import KINDS


def made_up(name: str) -> dict[str, list[dict[str, object]]]:
    """Results of two seeds, the arms a little apart."""
    found = {}
    for place, arm in enumerate(CLAIMS[name].arms):
        digits = "".join(str(int(number % (place % 7 + 2) > 0)) for number in range(20))
        cell = {"gold": digits, "style": digits, "style_before": "10" * 10, "perplexity_rise": 0.01 * place,
                "unequal_under_swap": 0, "h_rise": 0.2, "h_end": float(place)}  # fmt: skip
        found[arm.name] = [cell, cell]
    return found


@pytest.mark.parametrize("name", CLAIMS)
def test_every_inequality_becomes_a_row_that_says_whether_it_is_held(name: str) -> None:
    claim, results = CLAIMS[name], made_up(name)
    assert len({arm.name for arm in claim.arms}) == len(claim.arms)
    summary = told.summary(claim, results)
    assert len(summary) == len(claim.inequalities)
    assert all(row["held"] == (row["verdict"] == "held") for row in summary.values())
    assert json.loads(json.dumps(summary)) == summary
    assert len(told.rows(claim, results)) == 2 * len(claim.arms)
    assert len(list(told.table(claim, results))) == len(claim.arms) + len(claim.inequalities)


@pytest.mark.parametrize("name", CLAIMS)
def test_every_arm_is_a_run_that_the_door_takes_on_pairs_that_there_are(name: str) -> None:
    for arm in CLAIMS[name].arms:
        config = arm.config(seed=3, tau=1.5)
        assert config.training.seed == 3
        assert arm.recipe.source in SOURCES
        assert kind(arm.recipe) in KINDS
        if arm.method.get("type") == "rdpo":
            assert config.method.hyperparameters.model_dump()["tau"] == 1.5


def test_the_plot_is_an_svg_with_a_line_for_each_method_and_form() -> None:
    drawn = ElementTree.fromstring(plot(made_up("rdpo") | made_up(SWEEP), seeds=2))
    words = [element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")]
    for name in ("dpo", "conservative_dpo", "robust_dpo", "soft", "filter", "relabel", "offset", "weight"):
        assert name in words
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}polyline"))) == 7 + 5 + 5
    alone = ElementTree.fromstring(plot(made_up("rdpo"), seeds=2))
    assert len(list(alone.iter("{http://www.w3.org/2000/svg}polyline"))) == 7


def test_crossings_are_told_for_each_form_under_both_kinds_of_labels() -> None:
    found = told.crossings(made_up(SWEEP))
    assert len(found) == 10
    assert set(found["rdpo/d/soft/swaps 20%"]["crossing"]) == {"at", "low", "high"}
