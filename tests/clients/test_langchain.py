"""The retriever and the loader inside LangChain."""

import hashlib

import pytest
from loccit_client import AsyncClient, Client

from tests.clients.conftest import Service

pytest.importorskip("langchain_core")
from langchain_core.runnables import RunnableLambda
from loccit_client.langchain import LoccitLoader, LoccitRetriever

pytestmark = pytest.mark.anyio


def test_documents_have_true_offsets_pages_and_probabilities(client: Client) -> None:
    documents = LoccitRetriever(client=client, k=3).invoke("harbour master and the keeper's lamp")
    assert {one.metadata["document_id"] for one in documents} >= {"harbour.pdf", "lamps/north.md"}
    for one in documents:
        text = client.documents.text(one.metadata["document_id"])
        assert text[one.metadata["start_index"] : one.metadata["end_index"]] == one.page_content
        assert one.id == one.metadata["locator"]
        assert client.cite(one.id).quote == one.page_content
        assert one.metadata["link"].startswith("http://127.0.0.1:")
    scores = [one.metadata["score"] for one in documents]
    assert scores == sorted(scores, reverse=True)
    (harbour,) = [one for one in documents if one.metadata["document_id"] == "harbour.pdf"]
    assert (harbour.metadata["page"], harbour.metadata["source"]) == (2, "harbour.pdf")
    lamp = next(one for one in documents if one.metadata["document_id"] == "lamps/north.md")
    assert (lamp.metadata["source"], lamp.metadata["year"]) == ("https://lamps.example/", 1859)
    assert "page" not in lamp.metadata


def test_a_retriever_is_a_part_of_a_chain(client: Client) -> None:
    where = {"type": "eq", "key": "year", "value": 2020}
    retriever = LoccitRetriever(client=client, options={"filter": where})
    chain = retriever | RunnableLambda(lambda documents: [one.page_content for one in documents])
    assert chain.invoke("moons") == ["Mars has two moons, Phobos and Deimos."]
    assert chain.batch(["moons", "moons"])[1] == chain.invoke("moons")


def test_improbable_passages_are_left_out(client: Client) -> None:
    every = LoccitRetriever(client=client).invoke("moons")
    limit = every[0].metadata["score"]
    likely = LoccitRetriever(client=client, score_threshold=limit).invoke("moons")
    assert len(likely) < len(every)
    assert all(one.metadata["score"] >= limit for one in likely)


async def test_the_asynchronous_client_is_used_where_there_is_one(client: Client, service: Service) -> None:
    expected = LoccitRetriever(client=client).invoke("moons")
    async with AsyncClient(service.url) as asynchronous:
        assert await LoccitRetriever(async_client=asynchronous).ainvoke("moons") == expected
        with pytest.raises(ValueError, match="ainvoke"):
            LoccitRetriever(async_client=asynchronous).invoke("moons")
        loader = LoccitLoader(async_client=asynchronous, prefix="lamps/")
        (found,) = [document async for document in loader.alazy_load()]
        assert found.metadata["document_id"] == "lamps/north.md"
        with pytest.raises(ValueError, match="alazy_load"):
            loader.load()
    assert await LoccitRetriever(client=client).ainvoke("moons") == expected
    (same,) = [document async for document in LoccitLoader(client, prefix="lamps/").alazy_load()]
    assert same == found


def test_whole_documents_are_loaded(client: Client) -> None:
    documents = LoccitLoader(client).load()
    assert [one.id for one in documents] == ["harbour.pdf", "lamps/north.md", "mars.txt"]
    for one in documents:
        assert one.page_content == client.documents.text(one.metadata["document_id"])
        assert one.metadata["start_index"] == 0
    assert documents[2].metadata["year"] == 2020


def test_a_document_that_changes_meanwhile_has_the_text_of_its_hash(client: Client) -> None:
    client.collections.create("changing")
    for name in ("a.txt", "b.txt"):
        client.documents.put(name, "The lamp was lit.", collection="changing", wait=True)
    loaded = LoccitLoader(client, collection="changing").lazy_load()
    next(loaded)
    client.documents.put("b.txt", "The lamp was broken.", collection="changing", wait=True)
    one = next(loaded)
    assert hashlib.sha256(one.page_content.encode()).hexdigest() == one.metadata["text_sha256"]
    assert one.metadata["version"] == 1
    client.collections.delete("changing")
