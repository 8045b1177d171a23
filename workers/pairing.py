"""Pairs from scored chains: the best revision chosen, the draft rejected whatever the scores say; filters decide."""

from functools import partial
from typing import Any

from core.configs.filters import FilterConfig
from core.database import transaction
from core.ids import new_id
from core.queries import datasets, pairs, prompts, verdicts
from core.queries.rows import AnyRow
from workers.candidates import answers, best, critiques, finish, unscored
from workers.filters import verdict
from workers.filters.conversation import conversation
from workers.filters.held_out import HeldOut, held_out
from workers.filters.pair_text import PairText
from workers.lease import Lease
from workers.persist import persist

BATCH = 500  # pairs in one statement


def pair(lease: Lease) -> None:
    """Make the pair of every chain in the claim's range that has none."""
    claim = lease.claim
    with transaction() as session:
        filters = datasets.filters(session, claim.dataset_id)
        waiting = pairs.waiting(session, claim)
        tests = prompts.evaluation_messages(session, claim.dataset_id) if filters.decontamination else []
    apart = held_out(tests, filters.decontamination)
    common = {"dataset_id": claim.dataset_id, "scorer": claim.model}
    for start in range(0, len(waiting), BATCH):
        rows = []
        for row in waiting[start : start + BATCH]:
            rows.append(_pair(row, filters, apart) | common)
            lease.moved()
        persist(lease, partial(verdicts.write, claim=claim, rows=rows))


def _pair(row: AnyRow, filters: FilterConfig, apart: HeldOut) -> dict[str, Any]:
    answer, score = best(row)
    chosen = answers(row)[answer]
    reason = verdict(
        PairText(
            chosen=chosen,
            rejected=row.draft,
            chosen_finish=finish(row, answer),
            rejected_finish=row.draft_finish,
            prompt=conversation(row.messages),
            critiques=critiques(row),
            score_chosen=score,
            score_rejected=row.score_draft,
            unscored=unscored(row, answer, "draft"),
            held_out=apart,
        ),
        filters,
    )
    return {
        "id": new_id("pair"),
        "prompt_id": row.prompt_id,
        "chain_id": row.chain_id,
        "split": row.split,
        "chosen": chosen,
        "rejected": row.draft,
        "chosen_answer": answer,
        "rejected_answer": "draft",
        "score_chosen": score,
        "score_rejected": row.score_draft,
        "verdict": "kept" if reason is None else "dropped",
        "reason": reason,
    }
