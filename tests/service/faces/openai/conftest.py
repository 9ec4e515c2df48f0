"""A running service, and the official client of OpenAI's API with another address and key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from fastapi import FastAPI

from index.library import Library
from tests.service.http_service import app_of, live

LAMP = b"The lamp was lit at dusk by the keeper of the tower."
SHIP = b"The ship left the harbour at dawn with a cargo of salt."


@pytest.fixture
def app(library: Library) -> FastAPI:
    return app_of(library)


@pytest.fixture
def service(app: FastAPI) -> Iterator[httpx.Client]:
    """A client of Loccit's own interface."""
    with live(app) as http:
        yield http


@pytest.fixture
def address(service: httpx.Client) -> str:
    return f"{str(service.base_url).rstrip('/')}/v1"


@pytest.fixture
def client(address: str) -> Iterator[openai.OpenAI]:  # type: ignore[override]
    # Strict: replies that are not of the library's own types are errors.
    with openai.OpenAI(
        base_url=address, api_key="unused", max_retries=0, _strict_response_validation=True
    ) as made:
        yield made


@pytest.fixture
def lenient(address: str) -> Iterator[openai.OpenAI]:
    """The client as it is used: the strict one refuses vectors in base64 before it decodes them."""
    with openai.OpenAI(base_url=address, api_key="unused", max_retries=0) as made:
        yield made


@pytest.fixture
def store(client: openai.OpenAI) -> Any:
    """A vector store with two files."""
    return filled_store(client)


def filled_store(client: openai.OpenAI) -> Any:
    """A new vector store with two files."""
    made = client.vector_stores.create(name="Manuals")
    for name, text in (("lamp.txt", LAMP), ("ship.txt", SHIP)):
        attached = client.vector_stores.files.upload_and_poll(vector_store_id=made.id, file=(name, text))
        assert attached.status == "completed", attached
    return made
