"""The retriever inside LlamaIndex.

It is imported where it is needed: that takes long, and every process of tests reads this file.
"""

import threading

import httpx
import pytest
from loccit_client import AsyncClient, Client, NotFound

from tests.clients.conftest import Service
from tests.clients.test_filters import LLAMA_INDEX

pytestmark = pytest.mark.anyio


def test_nodes_have_true_offsets_and_probabilities(client: Client) -> None:
    from llama_index.core.schema import MetadataMode, TextNode
    from loccit_client.llama_index import LoccitRetriever

    found = LoccitRetriever(client, similarity_top_k=3).retrieve("harbour master and the keeper's lamp")
    for one in found:
        node = one.node
        assert isinstance(node, TextNode)
        text = client.documents.text(node.metadata["document_id"])
        assert text[node.start_char_idx : node.end_char_idx] == node.text
        assert client.cite(node.node_id).quote == node.text
        assert node.ref_doc_id == node.metadata["document_id"]
    scores = [one.score for one in found]
    assert scores == sorted(scores, key=lambda score: -(score or 0.0))
    (harbour,) = [one.node for one in found if one.node.metadata["document_id"] == "harbour.pdf"]
    assert harbour.metadata["page"] == 2
    shown = harbour.get_content(MetadataMode.LLM)
    assert "page: 2" in shown
    assert "text_sha256" not in shown


def test_a_query_engine_answers_from_the_nodes(client: Client) -> None:
    from llama_index.core.base.response.schema import Response
    from llama_index.core.llms import MockLLM
    from llama_index.core.postprocessor import SimilarityPostprocessor
    from llama_index.core.query_engine import RetrieverQueryEngine
    from llama_index.core.response_synthesizers import get_response_synthesizer
    from loccit_client.llama_index import LoccitRetriever

    retriever = LoccitRetriever(client, similarity_top_k=2)
    engine = RetrieverQueryEngine(
        retriever=retriever,
        response_synthesizer=get_response_synthesizer(llm=MockLLM()),
        node_postprocessors=[SimilarityPostprocessor(similarity_cutoff=0.0)],
    )
    response = engine.query("Which moons has Mars?")
    assert isinstance(response, Response)
    assert "Phobos" in str(response)
    assert response.source_nodes[0].node.metadata["document_id"] == "mars.txt"


def test_improbable_nodes_are_left_out(client: Client) -> None:
    from loccit_client.llama_index import LoccitRetriever

    every = LoccitRetriever(client).retrieve("moons")
    limit = every[0].score
    assert limit is not None
    assert len(LoccitRetriever(client, similarity_cutoff=limit).retrieve("moons")) < len(every)


def test_filters_select_documents(client: Client) -> None:
    from llama_index.core.vector_stores import (
        FilterCondition,
        FilterOperator,
        MetadataFilter,
        MetadataFilters,
    )
    from loccit_client.llama_index import LoccitRetriever

    filters = MetadataFilters(
        filters=[
            MetadataFilter(key="year", value=1900, operator=FilterOperator.GT),
            MetadataFilters(
                filters=[
                    MetadataFilter(key="year", value=[2020, 2021], operator=FilterOperator.IN),
                    MetadataFilter(key="title", value="Lamps"),
                ],
                condition=FilterCondition.OR,
            ),
        ]
    )
    found = LoccitRetriever(client, filters=filters).retrieve("lamp moons")
    assert [one.node.metadata["document_id"] for one in found] == ["mars.txt"]


def test_filters_without_a_counterpart_are_refused() -> None:
    from llama_index.core.vector_stores import (
        FilterCondition,
        FilterOperator,
        MetadataFilter,
        MetadataFilters,
    )
    from loccit_client.llama_index import filter_of

    assert {one.value for one in FilterOperator} == LLAMA_INDEX
    unknown = MetadataFilter(key="title", value="amp", operator=FilterOperator.CONTAINS)
    with pytest.raises(ValueError, match="'contains'"):
        filter_of(MetadataFilters(filters=[unknown]))
    with pytest.raises(ValueError, match="'not'"):
        filter_of(MetadataFilters(filters=[], condition=FilterCondition.NOT))


async def test_the_asynchronous_client_is_used_where_there_is_one(client: Client, service: Service) -> None:
    from loccit_client.llama_index import LoccitRetriever

    expected = LoccitRetriever(client).retrieve("moons")
    async with AsyncClient(service.url) as asynchronous:
        retriever = LoccitRetriever(async_client=asynchronous)
        assert await retriever.aretrieve("moons") == expected
        with pytest.raises(ValueError, match="aretrieve"):
            retriever.retrieve("moons")
    assert await LoccitRetriever(client).aretrieve("moons") == expected


async def test_a_client_that_blocks_is_used_in_a_thread() -> None:
    from loccit_client.llama_index import LoccitRetriever

    threads = []

    def refuse(_: httpx.Request) -> httpx.Response:
        threads.append(threading.current_thread())
        return httpx.Response(404)

    http = httpx.Client(base_url="http://loccit.test", transport=httpx.MockTransport(refuse))
    with pytest.raises(NotFound):
        await LoccitRetriever(Client(http=http)).aretrieve("moons")
    assert threads != [threading.main_thread()]
