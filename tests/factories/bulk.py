"""Completed datasets of any size, made inside the database: prompts, chains, scores and pairs in four statements."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.queries import pairs
from core.tables import Dataset
from tests.factories import ledger

FIRST = 1_000  # index of the first prompt that is added here
STATEMENTS = (
    """
    INSERT INTO prompt (dataset_id, behavior_id, index, split, messages, guard, tags)
    SELECT :id, (SELECT behavior_id FROM prompt WHERE dataset_id = :id LIMIT 1), :first + n,
           CASE WHEN n % 10 = 0 THEN 'validation' ELSE 'train' END,
           jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'Question ' || n || '?')), false, '{}'
    FROM generate_series(1, :number) n
    """,
    """
    INSERT INTO chain (dataset_id, prompt_id, sample, state, draft, critique, revision, engine, model_fingerprint,
                       template_hash, seed, token, seconds)
    SELECT :id, p.id, 0, 'done', repeat('No ' || p.index || '. ', :times), 'Rude.',
           repeat('Yes ' || p.index || '. ', :times), 'import', 'f', 't', 1, 0, 0
    FROM prompt p WHERE p.dataset_id = :id AND p.index > :first
    """,
    """
    INSERT INTO score (chain_id, answer, scorer, fingerprint, value)
    SELECT c.id, answer, :scorer, 'f', CASE answer WHEN 'draft' THEN 0 ELSE (p.index % 200) / 100.0 - 1 END
    FROM prompt p JOIN chain c ON c.prompt_id = p.id, (VALUES ('draft'), ('revision')) a (answer)
    WHERE p.dataset_id = :id AND p.index > :first
    """,
    """
    INSERT INTO pair (id, dataset_id, prompt_id, chain_id, split, chosen, rejected, scorer, score_chosen,
                      score_rejected, chosen_answer, rejected_answer, verdict)
    SELECT 'pair_' || :tag || lpad(p.index::text, 20, '0'), :id, p.id, c.id, p.split, c.revision, c.draft, :scorer,
           (p.index % 200) / 100.0 - 1, 0, 'revision', 'draft', 'kept'
    FROM prompt p JOIN chain c ON c.prompt_id = p.id WHERE p.dataset_id = :id AND p.index > :first
    """,
)


def bulk(session: Session, number: int, *, words: int = 20) -> str:
    """The id of a completed dataset of so many kept pairs and a few more; each side has about that many words.

    The margins of a hundred neighbours run evenly from -1 to 1.
    """
    row = ledger.made_dataset(session)
    told = {"id": row.id, "first": FIRST, "number": number, "times": words // 2, "scorer": ledger.REWARD}
    for statement in STATEMENTS:
        session.execute(text(statement), told | {"tag": row.id[-6:]})
    row = session.get_one(Dataset, row.id)
    row.counts, row.n_prompts = pairs.counts(session, row.id), row.n_prompts + number
    return row.id
