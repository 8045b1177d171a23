"""`python -m api.first_key`: make the first key of a new ledger and print it; print nothing when one exists."""

import sys

from api.secret import hash_of, make_key
from core.database import transaction
from core.ids import new_id
from core.queries import api_keys
from core.tables import DEFAULT_PROJECT, ApiKey


def make_first_key() -> str | None:
    """The text of an admin key, or None when the ledger has a key already. It can never be shown again."""
    with transaction() as session:
        api_keys.lock_first(session)
        if api_keys.any_exist(session):
            return None
        id = new_id("key")
        text = make_key(id)
        scopes = ["read", "write", "admin"]
        api_keys.add(
            session, ApiKey(id=id, project_id=DEFAULT_PROJECT, name="first", hash=hash_of(text), scopes=scopes)
        )
    return text


if __name__ == "__main__":
    made = make_first_key()
    if made is not None:
        sys.stdout.write(made + "\n")
