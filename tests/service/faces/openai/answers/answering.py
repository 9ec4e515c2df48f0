"""What the tests of chat completions and responses share: a filled service and OpenAI's official client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from openai import OpenAI
from pydantic import TypeAdapter

from index.library import Library
from tests.service.http_service import app_of, live

LAMPS = (
    "The first lamp burned whale oil. Zinc reflectors threw its light nine miles out.\n\n"
    "Samuel Osgood kept the lamp from 1820 to 1841. His daughter Hannah kept it after him 👩‍🚒.\n\n"
    "The tower was built in 1819. It has 199 steps of granite."
)
QUESTION = "When was the tower built?"
BOTH = "When was the tower built, and what did the first lamp burn?"


@contextmanager
def official_client(library: Library, **settings: Any) -> Iterator[OpenAI]:
    """OpenAI's client of a running service, whose key and address alone are changed."""
    settings = {"min_answerability": 0.0, "api_key": "secret", **settings}
    with live(app_of(library, **settings)) as http:
        http.headers["authorization"] = "Bearer secret"
        for collection in ("default", "manuals"):
            http.put(f"/v1/collections/{collection}")
        for collection, name, text in (
            ("default", "lamps.txt", LAMPS),
            ("manuals", "bell.txt", "The bell was cast in 1901."),
        ):
            put = http.put(
                f"/v1/documents/{name}?wait=true&collection={collection}",
                json={"text": text, "metadata": {"year": 1900}},
            )
            assert put.status_code in (200, 201), put.text
        with OpenAI(base_url=f"{http.base_url}/v1/", api_key="secret", max_retries=0) as client:
            yield client


def validated(kind: Any, value: Any) -> Any:
    """The value as the client's own type, with no field missing and none of a wrong type."""
    return TypeAdapter(kind).validate_json(json.dumps(value), strict=True)


def raw_events(text: str) -> list[Any]:
    """The data of server-sent events; the last one may be ``[DONE]``."""
    found = []
    for block in text.split("\n\n"):
        for line in block.split("\n"):
            if line.startswith("data: "):
                data = line.removeprefix("data: ")
                found.append(data if data == "[DONE]" else json.loads(data))
    return found
