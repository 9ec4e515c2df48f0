"""Documents about lamps, and their citations as the routes give them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote as percent_encode

import bibtexparser
from starlette.testclient import TestClient

LAMP = "The lamp in the north tower was lit at dusk by the keeper of the light."
TEXT = f"# Lamps\n\nAn introduction to lamps.\n\n## Towers\n\n{LAMP}\n\nOil lamps need a wick and oil.\n"
NEWER = {
    "current": TEXT.replace("Oil lamps need a wick and oil.", "Electric lamps need neither."),
    "moved": TEXT.replace("An introduction", "It is a long and winding introduction"),
    "changed": TEXT.replace("lit at dusk by the keeper", "lit at dawn by the wife of the keeper"),
    "gone": "# Dogs\n\nNothing but sleeping animals, all day long, on warm stones.\n",
}


def locator_of(record: dict[str, Any], text: str, words: str) -> str:
    start = text.index(words)
    return f"{record['document_id']}@{record['text_sha256'][:12]}:{start}-{start + len(words)}"


def stored_text(client: TestClient, record: dict[str, Any]) -> str:
    return client.get(record["links"]["text"]).text


def cited(client: TestClient, locator: str, **params: Any) -> dict[str, Any]:
    response = client.get(f"/v1/citations/{percent_encode(locator)}", params=params)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def read_bibtex(text: str) -> dict[str, str]:
    library = bibtexparser.parse_string(text)
    assert not library.failed_blocks
    (entry,) = library.entries
    return {field.key: field.value for field in entry.fields}
