"""The examples of the pages in docs/integrations run against a service."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.integrations import run_python
from tests.service.http_service import app_of, live

TEXT = "# Lamps\n\nThe lamp was lit at dusk. The keeper slept.\n"


@pytest.fixture
def service(library: Library) -> Iterator[tuple[httpx.Client, str]]:
    """A client of a service with a document, and a key that may read it."""
    app = app_of(library)
    with live(app) as client:
        client.put("/v1/documents/lamps.md?wait=true", content=TEXT)
        token, key = new_key("a program", Scope.READ, KeyOptions())
        app.state.runtime.keyring.add(key)
        client.headers["authorization"] = f"Bearer {token}"
        yield client, token


@pytest.mark.parametrize("page", ["mcp", "cohere", "dify", "anthropic", "open-webui"])
def test_an_example_finds_the_sentence(
    page: str, service: tuple[httpx.Client, str], capsys: pytest.CaptureFixture[str]
) -> None:
    client, token = service
    names = run_python(page, str(client.base_url).rstrip("/"), token)
    said = capsys.readouterr().out
    if page == "cohere":  # its client cannot be closed
        names["client"]._client_wrapper.httpx_client.httpx_client.close()
    if page == "dify":
        (record,) = names["reply"].json()["records"]
        assert "lit at dusk" in record["content"]
    else:
        assert "The lamp was lit at dusk." in said
    if page == "anthropic":
        locator = said.splitlines()[-1]
        assert client.get(f"/v1/citations/{locator}").json()["quote"] == "The lamp was lit at dusk."
