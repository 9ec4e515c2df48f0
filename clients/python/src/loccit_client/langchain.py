"""LangChain: a retriever of passages with true offsets, and a loader of whole documents.

Needs the extra ``loccit-client[langchain]``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from loccit_client import models
from loccit_client.api.asking import AskOptions
from loccit_client.async_client import AsyncClient
from loccit_client.client import Client
from loccit_client.models import AskResult, Passage
from loccit_client.passage_metadata import claims_of, metadata_of

__all__ = ["LoccitLoader", "LoccitRetriever"]


class LoccitRetriever(BaseRetriever):
    """Retrieves the passages that answer a question, the most probable first.

    The metadata of each has ``start_index`` and ``end_index``, the offsets in the document's text, ``page``
    (from 1), ``source``, ``locator``, ``link`` and ``score``, the calibrated probability that the passage
    answers. Passages below ``score_threshold`` are left out. ``options`` are those of ``Client.ask``. Without
    ``async_client`` the asynchronous methods use ``client`` in a thread.
    """

    client: Client | None = None
    async_client: AsyncClient | None = None
    k: int = 5
    score_threshold: float = 0.0
    options: dict[str, Any] = Field(default_factory=dict)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        if self.client is None:
            raise ValueError("This retriever has an async_client only. Give it a client, or use `ainvoke`.")
        return self._documents(self.client.ask(query, **self._options()), self.client.url_of)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        if self.async_client is None:
            return await super()._aget_relevant_documents(query, run_manager=run_manager)
        found = await self.async_client.ask(query, **self._options())
        return self._documents(found, self.async_client.url_of)

    def _options(self) -> AskOptions:
        return cast(AskOptions, {"k": self.k, **self.options})

    def _documents(self, found: AskResult, url_of: Callable[[str], str]) -> list[Document]:
        return [_document(passage, url_of) for passage in found.at_least(self.score_threshold)]


def _document(passage: Passage, url_of: Callable[[str], str]) -> Document:
    citation = passage.citation
    where = {"start_index": citation.start, "end_index": citation.end, "score": passage.probability}
    return Document(
        id=citation.locator,
        page_content=passage.text,
        metadata={**metadata_of(passage, url_of), **where},
    )


class LoccitLoader(BaseLoader):
    """Loads whole documents of a collection: the texts to which all offsets refer.

    ``prefix`` selects those whose ids begin with it.
    """

    def __init__(
        self,
        client: Client | None = None,
        *,
        async_client: AsyncClient | None = None,
        prefix: str = "",
        collection: str | None = None,
    ) -> None:
        self._client = client
        self._async_client = async_client
        self._which: dict[str, Any] = {"prefix": prefix, "collection": collection}
        self._collection = collection

    def lazy_load(self) -> Iterator[Document]:
        """The documents, one by one."""
        if self._client is None:
            raise ValueError("This loader has an async_client only. Give it a client, or use `alazy_load`.")
        for one in self._client.documents.list(**self._which):
            yield _whole_document(
                one, self._client.documents.text(one.document_id, **self._text_version(one))
            )

    async def alazy_load(self) -> AsyncIterator[Document]:
        """The documents, one by one."""
        if self._async_client is None:
            async for document in super().alazy_load():
                yield document
            return
        documents = self._async_client.documents
        async for one in documents.list(**self._which):
            yield _whole_document(one, await documents.text(one.document_id, **self._text_version(one)))

    def _text_version(self, one: models.Document) -> dict[str, Any]:
        """Arguments that read the very version of the text whose hash the list has."""
        return {"version": one.version, "collection": self._collection}


def _whole_document(one: models.Document, text: str) -> Document:
    own = {
        "document_id": one.document_id,
        "title": one.title,
        "source": one.source or one.document_id,
        "version": one.version,
        "text_sha256": one.text_sha256,
        "start_index": 0,
        **({"says_of_itself": claims} if (claims := claims_of(one.says_of_itself)) else {}),
    }
    return Document(id=one.document_id, page_content=text, metadata={**one.metadata, **own})
