"""Whatever the text, a citation names a slice of it, and every shape of it can be read."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, assume, given, settings, strategies as st
from starlette.testclient import TestClient

from index.citations.formats import FORMATS
from tests.service.faces.api.routes.citations.lamps import cited, read_bibtex
from tests.service.http_service import assert_error
from tests.sizes import examples

TEXTS = st.one_of(
    st.text(min_size=1, max_size=200),
    st.lists(
        st.sampled_from(
            [
                "The lamp was lit. ",
                "lamp ",
                "e\u0301",
                "👩‍🚒",
                "🇩🇪",
                "\n\n",
                "= ",
                "猫は寝る。",
                "\u200f",
                "…",
                "a",
            ]
        ),
        min_size=1,
        max_size=40,
    ).map("".join),
)


def check(client: TestClient, citation: dict[str, Any]) -> None:
    """A citation is the slice it claims to be, and its selectors find it."""
    text = client.get(citation["links"]["text"]).content.decode()
    start, end, words = citation["start"], citation["end"], citation["quote"]
    assert text[start:end] == words
    position, by_words = citation["selectors"]
    assert (position["start"], position["end"], by_words["exact"]) == (start, end, words)
    prefix, suffix = by_words["prefix"], by_words["suffix"]
    assert text[:start].endswith(prefix)
    assert text[end:].startswith(suffix)
    assert len(prefix) <= 32
    assert len(suffix) <= 32
    sought = prefix + words + suffix
    once = sum(text.startswith(sought, at) for at in range(len(text))) == 1
    assert by_words["ambiguous"] == (not once)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, data=st.data())
def test_whatever_the_text_a_quote_is_the_slice_that_its_citation_names(
    client: TestClient, text: str, data: st.DataObject
) -> None:
    response = client.put("/v1/documents/any.txt?wait=true", json={"text": text})
    if response.status_code == 422:
        assert response.json()["error"]["code"] in {"empty_document", "undecodable_text"}
        return
    assert response.status_code in {200, 201}, response.text
    record = response.json()
    stored = client.get(record["links"]["text"]).content.decode()
    assert len(stored) == record["length"]

    if any(map(str.isalnum, stored)):
        asked = client.post("/v1/ask", json={"question": stored[:500], "k": 10})
        if asked.status_code == 422:
            assert_error(asked, 422, "empty_question")
        else:
            for passage in asked.json()["passages"]:
                assert passage["text"] == passage["citation"]["quote"]
                check(client, passage["citation"])
                for one in passage["evidence"]:
                    assert stored[one["start"] : one["end"]] in passage["text"]

    start = data.draw(st.integers(0, len(stored) - 1), label="start")
    end = data.draw(st.integers(start + 1, len(stored)), label="end")
    found = cited(client, f"any.txt@{record['text_sha256'][:12]}:{start}-{end}", around=7)
    assert found["quote"] == stored[start:end]
    assert found["before"] == stored[max(0, start - 7) : start]
    assert found["after"] == stored[end : end + 7]
    assert found["standing"]["status"] == "current"
    check(client, found)


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(FORMATS), text=TEXTS)
def test_whatever_the_text_every_shape_can_be_read(client: TestClient, name: str, text: str) -> None:
    response = client.put("/v1/documents/any.txt", json={"text": text, "title": text[:40]})
    assume(response.status_code != 422)
    record = response.json()
    locator = f"any.txt@{record['text_sha256'][:12]}:0-{record['length']}"
    shape = client.get(f"/v1/citations/{locator}?format={name}")
    assert shape.status_code == 200
    told = shape.content.decode()
    if "json" in shape.headers["content-type"]:
        assert isinstance(json.loads(told), dict)
    elif name == "bibtex":
        assert read_bibtex(told)["note"] == locator
    else:
        assert locator.partition(":")[0] in told
