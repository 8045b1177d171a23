"""The invariants of the ledger, each a query that must find nothing."""

from sqlalchemy import text

from core.database import transaction
from tests.factories.scene import rows

# A budget that is used up ends shards whose rows were not all begun: they are counted, and fewer than asked for.
# Chains are made by shards that generate, or that read an import.
MAKES = "(stage = 'generate' OR (stage = 'gather' AND d.config->>'pairs' IS NOT NULL))"

# I1: what a shard that is done was to make is there; and the stage after it has its rows too.
FINISHED = {
    "I1: a done generate shard lacks a chain": """
        SELECT s.id, p.index FROM shard s
        JOIN prompt p ON p.dataset_id = s.dataset_id AND p.index BETWEEN s.first AND s.last
        JOIN dataset d ON d.id = s.dataset_id
        WHERE s.stage = 'generate' AND s.state = 'done' AND p.quarantined_at IS NULL AND d.stopped IS NULL
        AND (SELECT count(*) FROM chain c WHERE c.prompt_id = p.id) <> (d.config->>'samples_per_prompt')::int
    """,
    "I1: a done pair shard lacks a pair": """
        SELECT s.id, c.id FROM shard s
        JOIN prompt p ON p.dataset_id = s.dataset_id AND p.index BETWEEN s.first AND s.last
        JOIN chain c ON c.prompt_id = p.id AND c.state = 'done' LEFT JOIN pair ON pair.chain_id = c.id
        WHERE s.stage = 'pair' AND s.state = 'done' AND pair.id IS NULL
    """,
    "I1: a completed dataset has a chain without scores or pair": """
        SELECT c.id FROM chain c JOIN dataset d ON d.id = c.dataset_id
        WHERE d.state = 'completed' AND c.state = 'done'
        AND ((SELECT count(*) FROM score WHERE chain_id = c.id) <> 2 * jsonb_array_length(d.config->'reward')
             OR (SELECT count(*) FROM pair WHERE chain_id = c.id) <> 1)
    """,
}
DOUBLED = {
    "I2: a chain twice": "SELECT prompt_id, sample FROM chain GROUP BY 1, 2 HAVING count(*) > 1",
    "I2: a pair twice": "SELECT chain_id FROM pair GROUP BY 1 HAVING count(*) > 1",
    "I2: a score twice": """
        SELECT chain_id, evaluation_answer_id, answer, scorer FROM score GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
    """,
    "I2: an evaluation answer twice": """
        SELECT evaluation_id, prompt_id, role, sample FROM evaluation_answer GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
    """,
}
STALE = {"I4: a chain under a token nobody held": "SELECT * FROM stale_write"}
COUNTED = {
    "I6: completed chains": f"""
        SELECT d.id, made.n, told.n FROM dataset d,
        LATERAL (SELECT count(*) n FROM chain WHERE dataset_id = d.id AND state = 'done') made,
        LATERAL (SELECT coalesce(sum(completed), 0) n FROM shard WHERE dataset_id = d.id AND {MAKES}) told
        WHERE made.n <> told.n
    """,
    "I6: failed chains and rows given up": """
        SELECT d.id, made.n, given_up.n, told.n FROM dataset d,
        LATERAL (SELECT count(*) n FROM chain WHERE dataset_id = d.id AND state = 'failed') made,
        LATERAL (SELECT count(*) * (d.config->>'samples_per_prompt')::int
                      - (SELECT count(*) FROM chain c JOIN prompt q ON q.id = c.prompt_id
                         WHERE q.dataset_id = d.id AND q.quarantined_at IS NOT NULL) n
                 FROM prompt WHERE dataset_id = d.id AND quarantined_at IS NOT NULL) given_up,
        LATERAL (SELECT coalesce(sum(failed), 0) n FROM shard WHERE dataset_id = d.id AND stage = 'generate') told
        WHERE made.n + given_up.n <> told.n
    """,
    "I6: scored chains": """
        SELECT d.id, made.n, told.n FROM dataset d,
        LATERAL (SELECT count(DISTINCT (chain_id, scorer)) n FROM score JOIN chain c ON c.id = chain_id
                 WHERE c.dataset_id = d.id AND answer <> 'draft' AND score.fingerprint NOT LIKE 'file:%') made,
        LATERAL (SELECT coalesce(sum(completed), 0) n FROM shard
                 WHERE dataset_id = d.id AND stage = 'score' AND role IS NULL) told
        WHERE made.n <> told.n
    """,
    "I6: pairs": """
        SELECT d.id, made.n, told.n FROM dataset d,
        LATERAL (SELECT count(*) n FROM pair WHERE dataset_id = d.id) made,
        LATERAL (SELECT coalesce(sum(completed), 0) n FROM shard WHERE dataset_id = d.id AND stage = 'pair') told
        WHERE made.n <> told.n
    """,
    "I6: pairs by verdict and reason": """
        SELECT d.id, d.counts, made.counts FROM dataset d, LATERAL (
            SELECT jsonb_build_object(
                'kept', count(*) FILTER (WHERE verdict = 'kept'), 'scored', count(score_chosen + score_rejected),
                'dropped', count(*) FILTER (WHERE verdict = 'dropped')
            ) || coalesce((
                SELECT jsonb_object_agg('dropped:' || reason, n) FROM (
                    SELECT reason, count(*) n FROM pair WHERE dataset_id = d.id AND reason IS NOT NULL GROUP BY 1
                ) dropped
            ), '{}') counts FROM pair WHERE dataset_id = d.id
        ) made
        WHERE d.counts <> made.counts
    """,
    "I6: a shard counts more rows than it was to make": "SELECT id FROM shard WHERE completed + failed > total",
}
SUMMED = {
    "I7: the totals of the generate shards are not the dataset": f"""
        SELECT d.id, d.n_prompts, told.n FROM dataset d,
        LATERAL (SELECT coalesce(sum(total), 0) n FROM shard WHERE dataset_id = d.id AND {MAKES}) told
        WHERE d.n_prompts * (d.config->>'samples_per_prompt')::int <> told.n
    """,
    "I7: a shard that ended has rows unaccounted for": """
        SELECT s.id, s.state, completed, failed, total FROM shard s JOIN dataset d ON d.id = s.dataset_id
        WHERE stage <> 'train' AND s.state IN ('done', 'halved', 'quarantined') AND completed + failed <> total
        AND NOT (stage = 'generate' AND d.stopped IS NOT NULL)
    """,
}
ALWAYS = FINISHED | DOUBLED | STALE | COUNTED | SUMMED
LATE = "SELECT id, owner FROM shard WHERE state = 'running' AND lease_expires_at < clock_timestamp()"


def hold() -> None:
    """I1, I2, I4, I6 and I7 hold now."""
    with transaction() as session:
        found = {name: session.execute(text(query)).all() for name, query in ALWAYS.items()}
    broken = {name: answers for name, answers in found.items() if answers}
    assert not broken, broken


def nothing_late() -> None:
    """I3, to be asked after a sweep: nothing is held past its lease."""
    assert not rows(LATE)
