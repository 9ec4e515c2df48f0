"""LlamaIndex: a retriever of nodes with true offsets.

Needs the extra ``loccit-client[llama-index]``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.callbacks import CallbackManager
from llama_index.core.schema import (
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.vector_stores import FilterCondition, MetadataFilters

from loccit_client.api.asking import AskOptions
from loccit_client.async_client import AsyncClient
from loccit_client.client import Client
from loccit_client.filters import comparison
from loccit_client.models import AskResult, Passage
from loccit_client.passage_metadata import OWN, metadata_of

__all__ = ["LoccitRetriever"]

_NOT_FOR_MODELS = sorted(OWN - {"title", "source", "section", "page"})
"""Metadata that tell a language model nothing."""


class LoccitRetriever(BaseRetriever):
    """Retrieves the passages that answer a question, the most probable first.

    ``start_char_idx`` and ``end_char_idx`` of each node are the offsets in the document's text, its id is the
    locator, and ``score`` the calibrated probability that the passage answers. Nodes below
    ``similarity_cutoff`` are left out. ``options`` are those of ``Client.ask``. Without
    ``async_client`` the asynchronous methods use ``client`` in a thread.
    """

    def __init__(
        self,
        client: Client | None = None,
        *,
        async_client: AsyncClient | None = None,
        similarity_top_k: int = 5,
        similarity_cutoff: float = 0.0,
        filters: MetadataFilters | None = None,
        options: AskOptions | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        super().__init__(callback_manager=callback_manager)
        self._client = client
        self._async_client = async_client
        self._cutoff = similarity_cutoff
        self._options: AskOptions = {"k": similarity_top_k}
        if filters is not None:
            self._options["filter"] = filter_of(filters)
        self._options = {**self._options, **(options or {})}

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        if self._client is None:
            raise ValueError("This retriever has an async_client only. Give it a client, or use `aretrieve`.")
        return self._nodes(self._client.ask(query_bundle.query_str, **self._options), self._client.url_of)

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        if self._async_client is None:
            return await asyncio.to_thread(self._retrieve, query_bundle)
        found = await self._async_client.ask(query_bundle.query_str, **self._options)
        return self._nodes(found, self._async_client.url_of)

    def _nodes(self, found: AskResult, url_of: Callable[[str], str]) -> list[NodeWithScore]:
        return [
            NodeWithScore(node=_node(passage, url_of), score=passage.probability)
            for passage in found.at_least(self._cutoff)
        ]


def _node(passage: Passage, url_of: Callable[[str], str]) -> TextNode:
    citation = passage.citation
    document = RelatedNodeInfo(node_id=citation.document_id, hash=citation.text_sha256)
    return TextNode(
        id_=citation.locator,
        text=passage.text,
        start_char_idx=citation.start,
        end_char_idx=citation.end,
        metadata=metadata_of(passage, url_of),
        excluded_llm_metadata_keys=_NOT_FOR_MODELS,
        excluded_embed_metadata_keys=_NOT_FOR_MODELS,
        relationships={NodeRelationship.SOURCE: document},
    )


def filter_of(filters: MetadataFilters) -> dict[str, Any]:
    """LlamaIndex's filters as one of Loccit. Raises :class:`ValueError` for what has no counterpart."""
    parts = [
        filter_of(one)
        if isinstance(one, MetadataFilters)
        else comparison(one.operator.value, one.key, one.value)
        for one in filters.filters
    ]
    condition = filters.condition or FilterCondition.AND
    if condition not in {FilterCondition.AND, FilterCondition.OR}:
        raise ValueError(f"Loccit has no filter {condition.value!r}. Use `and` and `or`.")
    return {"type": condition.value, "filters": parts}
