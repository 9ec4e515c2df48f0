"""Haystack: a component that retrieves passages, and the sentences in them that answer.

Needs the extra ``loccit-client[haystack]``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from haystack import component, default_from_dict, default_to_dict
from haystack.dataclasses import Document, ExtractedAnswer
from haystack.utils import Secret

from loccit_client.api.asking import AskOptions
from loccit_client.async_client import AsyncClient
from loccit_client.client import Client
from loccit_client.filters import comparison
from loccit_client.models import AskResult, Evidence, Passage
from loccit_client.passage_metadata import metadata_of
from loccit_client.requests import DEFAULT_COLLECTION, DEFAULT_URL

__all__ = ["LoccitRetriever"]

_COMBINATIONS = {"AND": "and", "OR": "or"}


@component
class LoccitRetriever:
    """Retrieves the passages that answer a query, the most probable first.

    ``documents`` are the passages: ``score`` is the calibrated probability that each answers, ``meta`` has
    ``source_id``, ``split_idx_start`` (the offset in the document's text), ``page_number``, ``locator`` and
    ``link``. ``answers`` are the sentences in them that answer, with offsets in the passage
    (``document_offset``) and in the document (``meta``). Passages below ``score_threshold`` are left out.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: Secret | None = None,
        collection: str = DEFAULT_COLLECTION,
        filters: dict[str, Any] | None = None,
        top_k: int = 5,
        score_threshold: float = 0.0,
    ) -> None:
        self.url = url
        self.key = key
        self.collection = collection
        self.filters = filters
        self.top_k = top_k
        self.score_threshold = score_threshold

    def to_dict(self) -> dict[str, Any]:
        """The component as a dictionary, with the key as a reference."""
        fields = ("url", "collection", "filters", "top_k", "score_threshold")
        given = {name: getattr(self, name) for name in fields}
        return default_to_dict(self, key=self.key and self.key.to_dict(), **given)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LoccitRetriever:
        """The component of a dictionary."""
        given = data["init_parameters"]
        if (key := given.get("key")) is not None:
            data = {**data, "init_parameters": {**given, "key": Secret.from_dict(key)}}
        made: LoccitRetriever = default_from_dict(cls, data)
        return made

    @component.output_types(documents=list[Document], answers=list[ExtractedAnswer])
    def run(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, Any]:
        """Retrieve the passages that answer the query."""
        with Client(self.url, key=self._token(), collection=self.collection) as client:
            found = client.ask(query, **self._options(filters, top_k))
            return self._outputs(query, found, client.url_of)

    @component.output_types(documents=list[Document], answers=list[ExtractedAnswer])
    async def run_async(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, Any]:
        """Retrieve the passages that answer the query."""
        async with AsyncClient(self.url, key=self._token(), collection=self.collection) as client:
            found = await client.ask(query, **self._options(filters, top_k))
            return self._outputs(query, found, client.url_of)

    def _token(self) -> str | None:
        return None if self.key is None else self.key.resolve_value()

    def _options(self, filters: dict[str, Any] | None, top_k: int | None) -> AskOptions:
        given = self.filters if filters is None else filters
        options: AskOptions = {"k": self.top_k if top_k is None else top_k}
        if given:
            options["filter"] = filter_of(given)
        return options

    def _outputs(self, query: str, found: AskResult, url_of: Callable[[str], str]) -> dict[str, Any]:
        likely = found.at_least(self.score_threshold)
        documents = [_document(passage, url_of) for passage in likely]
        answers = [
            _answer(query, passage, evidence, document)
            for passage, document in zip(likely, documents, strict=True)
            for evidence in passage.evidence
        ]
        return {"documents": documents, "answers": answers}


def _document(passage: Passage, url_of: Callable[[str], str]) -> Document:
    citation = passage.citation
    meta = metadata_of(passage, url_of)
    own = {"source_id": citation.document_id, "split_idx_start": citation.start, "end": citation.end}
    if (page := meta.pop("page", None)) is not None:
        own["page_number"] = page
    return Document(
        id=citation.locator, content=passage.text, meta={**meta, **own}, score=passage.probability
    )


def _answer(query: str, passage: Passage, evidence: Evidence, document: Document) -> ExtractedAnswer:
    start, end = evidence.start, evidence.end
    at = passage.citation.start
    locator = f"{passage.citation.locator.rpartition(':')[0]}:{start}-{end}"
    return ExtractedAnswer(
        query=query,
        # Of the passage answering, and of a person marking the sentence in it.
        score=passage.probability * evidence.score,
        data=passage.sentence(evidence),
        document=document,
        context=passage.text,
        document_offset=ExtractedAnswer.Span(start - at, end - at),
        context_offset=ExtractedAnswer.Span(start - at, end - at),
        meta={"start": start, "end": end, "locator": locator},
    )


def filter_of(filters: dict[str, Any]) -> dict[str, Any]:
    """Haystack's filters as those of Loccit. Raises :class:`ValueError` for what has no counterpart."""
    operator = filters.get("operator", "")
    if operator in _COMBINATIONS:
        parts = [filter_of(one) for one in filters.get("conditions", [])]
        return {"type": _COMBINATIONS[operator], "filters": parts}
    return comparison(operator, str(filters.get("field", "")).removeprefix("meta."), filters.get("value"))
