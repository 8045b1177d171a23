"""A dataset to be worked on, and the questions a test asks about it while and after that happens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import text

from core.configs.behavior import BehaviorSpec
from core.configs.dataset import DatasetConfig
from core.database import transaction
from core.queries import behaviors, datasets
from core.tables import DEFAULT_PROJECT

TEACHER, REWARD = "a-teacher", "a-reward"

# A watcher of its own: at the end of each transaction every chain written in it must carry the token of a shard that is
# held right then. It looks at nothing the code under test decides by.
WATCHER = """
CREATE TABLE stale_write (chain_id bigint, token bigint);
CREATE FUNCTION note_stale_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM shard WHERE token = NEW.token AND state = 'running') THEN
    INSERT INTO stale_write VALUES (NEW.id, NEW.token);
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER watch_tokens AFTER INSERT ON chain DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION note_stale_write();
"""


@dataclass(frozen=True)
class Asked:
    """What a test asks for."""

    prompts: int = 12
    samples: int = 1
    poison: int | None = None  # the prompt with this number says "poison"
    evaluation_prompts: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)  # further fields of the request, or others in their place


def behavior(asked: Asked, name: str = "polite") -> BehaviorSpec:
    """A behavior with numbered prompts."""
    texts = [f"poison {n}" if n == asked.poison else f"question {n}" for n in range(asked.prompts)]
    return BehaviorSpec.model_validate(
        {
            "name": name,
            "principle": "Answers are polite.",
            "critique_instruction": "Say what was rude.",
            "revision_instruction": "Say it politely.",
            "prompts": [{"text": text} for text in texts],
            "evaluation_prompts": [{"text": f"test {n}"} for n in range(asked.evaluation_prompts)],
        }
    )


def ask(asked: Asked | None = None) -> str:
    """Ask for a dataset as the door does; returns its id."""
    how = asked or Asked()
    with transaction() as session:
        row = behaviors.store(session, DEFAULT_PROJECT, behavior(how))
        config = DatasetConfig.model_validate(
            {
                "behavior": "polite",
                "samples_per_prompt": how.samples,
                "teacher": {"model": TEACHER},
                "reward": {"model": REWARD},
                **how.config,
            }
        )
        return datasets.create(session, project_id=DEFAULT_PROJECT, config=config, behaviors=[row]).id


def watch(database: str) -> None:
    """Note every chain that is committed under a token nobody holds."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(WATCHER)


def rows(statement: str, **values: Any) -> list[Any]:
    """What a query says now, in a transaction of its own."""
    with transaction() as session:
        return list(session.execute(text(statement), values))


def number(statement: str, **values: Any) -> int:
    """The one number a query says now."""
    return int(rows(statement, **values)[0][0] or 0)


def change(statement: str, **values: Any) -> int:
    """Change the ledger behind everybody's back; returns how many rows."""
    with transaction() as session:
        return int(session.execute(text(statement), values).rowcount)  # type: ignore[attr-defined]


def state(dataset_id: str) -> str:
    """The dataset's state."""
    return str(rows("SELECT state FROM dataset WHERE id = :id", id=dataset_id)[0][0])


def chains(dataset_id: str) -> int:
    """Stored chains."""
    return number("SELECT count(*) FROM chain WHERE dataset_id = :id", id=dataset_id)


def pairs(dataset_id: str) -> int:
    """Stored pairs."""
    return number("SELECT count(*) FROM pair WHERE dataset_id = :id", id=dataset_id)


def is_in(dataset_id: str, wanted: str) -> Callable[[], bool]:
    """A question to wait for."""
    return lambda: state(dataset_id) == wanted
