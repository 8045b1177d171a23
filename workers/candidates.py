"""The answers of a chain by their names, its critiques and scorers, and which revision is chosen."""

from core.queries.rows import AnyRow
from workers.chain import FLAWS


def answers(row: AnyRow) -> dict[str, str]:
    """`draft`, `revision`, and the further candidates `revision.1`, ... of the last round; no flawed candidate."""
    further = [turn for turn in row.more if turn["name"].rpartition(".")[2].isdigit()]
    if not further:
        return {"draft": row.draft, "revision": row.revision}
    candidates = [{"name": "revision", "text": row.revision, "finish": row.revision_finish}, *further]
    whole = {turn["name"]: turn["text"] for turn in candidates if turn["text"] and turn["finish"] not in FLAWS}
    return {"draft": row.draft} | whole


def finish(row: AnyRow, answer: str | None) -> str | None:
    """How the engine ended an answer of the chain; `revision` stands for one without a name. An origin is no turn."""
    ends: dict[str | None, str | None] = {turn["name"]: turn["finish"] for turn in row.more if "finish" in turn}
    return ends.get(answer, row.revision_finish)


def critiques(row: AnyRow) -> tuple[str, ...]:
    """The critique of every round; none of an imported pair or a counterfactual one."""
    earlier = [turn["text"] for turn in row.more if turn["name"].startswith("critique.r")]
    return (*earlier, row.critique) if row.critique is not None else ()


def unscored(row: AnyRow, *sides: str) -> frozenset[str]:
    """Scorers that lack a value of one of the answers with these names."""
    given = {(scorer, answer) for scorer, answer in row.scored or ()}
    return frozenset(scorer for scorer, _ in given if not {(scorer, side) for side in sides} <= given)


def best(row: AnyRow) -> tuple[str, float | None]:
    """The revision with the highest score and that score; the first of equals, the first of all when none is scored."""
    scores: dict[str, float | None] = {"revision": row.score_revision} | (row.candidate_scores or {})
    names = [name for name in answers(row) if name != "draft"]
    scored = [name for name in names if scores.get(name) is not None]
    chosen = max(scored, key=lambda name: scores[name] or 0.0) if scored else names[0]
    return chosen, scores.get(chosen)
