"""Lists go on where their last page ended, as the API's do."""

import re

import pytest
from starlette.testclient import TestClient

from core.database import transaction
from tests.factories import ledger


@pytest.mark.parametrize("noun", ["datasets", "behaviors"])
def test_a_list_leads_to_its_older_page_and_back(signed_in: TestClient, noun: str) -> None:
    with transaction() as session:
        for name in ("polite", "brief"):
            ledger.dataset(session, name=name)
    listed = signed_in.get(f"/dashboard/{noun}?limit=1")
    assert listed.status_code == 200, listed.text
    older = re.search(rf'href="(/dashboard/{noun}\?after=[^"]+)">Older', listed.text)
    assert older is not None
    rest = signed_in.get(f"{older[1]}&limit=1").text
    assert f'href="/dashboard/{noun}">Newest' in rest
    assert "Older" not in rest
    link = rf'href="/dashboard/{noun}/([\w]+)"'
    first, second = (set(re.findall(link, text)) - {"import"} for text in (listed.text, rest))
    assert (len(first), len(second)) == (1, 1)
    assert first != second
