"""The page before anything was asked: the first file, and questions worth asking."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from index.library import Library
from service.state.identity import KeyOptions, Scope, new_key
from tests.service.faces.pages.pages import LAMP, page, told
from tests.service.http_service import put, served


@pytest.fixture
def keyed(library: Library) -> Iterator[TestClient]:
    with served(library, api_key="correct-horse") as client:
        client.headers["x-api-key"] = "correct-horse"
        yield client


def with_key(client: TestClient, scope: Scope, *collections: str) -> TestClient:
    token, key = new_key("one", scope, KeyOptions(collections=list(collections) or None))
    client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
    client.headers["x-api-key"] = token
    return client


def test_who_may_write_is_invited_to_put_in_files(keyed: TestClient) -> None:
    (form,) = page(keyed, "/").xpath("//form[contains(@class, 'upload')]")
    assert form.get("hidden") is not None  # a script sends it
    assert form.xpath(".//label[@for='files']")
    assert "loccit ingest" in told(page(keyed, "/"))


@pytest.mark.parametrize("scope", [Scope.ASK, Scope.READ])
def test_who_may_not_write_is_told_whom_to_ask(keyed: TestClient, scope: Scope) -> None:
    html = page(with_key(keyed, scope), "/")
    assert not html.xpath("//form[contains(@class, 'upload')]")
    assert "Ask the people who run this service" in told(html)


def test_a_key_of_one_collection_asks_that(keyed: TestClient) -> None:
    keyed.put("/v1/collections/essays")
    put(keyed, "a.md", f"# Lamps\n\n## Who lit the lamp?\n\n{LAMP}\n", collection="essays")
    reader = page(with_key(keyed, Scope.READ, "essays", "empty"), "/")
    assert "1 document to ask" in told(reader)
    asker = page(with_key(keyed, Scope.ASK, "essays", "empty"), "/")
    assert asker.xpath("//select[@name='collection']/option/text()") == ["essays"]
    assert "no documents here" not in told(asker)
    assert "1 document" not in told(asker)
    answer = page(keyed, "/", q="Who lit the lamp?")
    assert answer.xpath("//p[@class='sentence']")
    assert answer.xpath("//header//a[@class='name']/@href") == ["/?collection=essays"]


def test_an_empty_collection_names_one_with_documents(keyed: TestClient) -> None:
    keyed.put("/v1/collections/empty")
    put(keyed, "a.md", LAMP)
    html = page(keyed, "/", collection="empty")
    assert "no documents here" in told(html)
    (link,) = html.xpath("//section[@class='empty']//a[contains(., 'default')]/@href")
    assert "1 document to ask" in told(page(keyed, link))
    assert "default" not in told(page(with_key(keyed, Scope.ASK, "empty"), "/"))
