"""Haystack: pipelines over its store in memory, by meaning and by words, joined by reciprocal ranks.

See haystack.deepset.ai/tutorials/33_hybrid_retrieval, without the cross-encoder at its end. Whole documents;
the model's own limit of 256 tokens cuts them. Nothing is kept on disk.
"""

from haystack import Document, Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from timing import K, measure, whole


class Haystack:
    """Two pipelines over one store: one takes documents in, the other answers."""

    def __init__(self, model, folder):
        self._store = InMemoryDocumentStore()
        self._indexing = Pipeline()
        self._indexing.add_component(
            "embedder", SentenceTransformersDocumentEmbedder(model=model, progress_bar=False)
        )
        self._indexing.add_component("writer", DocumentWriter(document_store=self._store))
        self._indexing.connect("embedder", "writer")
        self._asking = self._answering(model)
        self._indexing.warm_up()
        self._asking.warm_up()

    def _answering(self, model):
        asking = Pipeline()
        asking.add_component("text", SentenceTransformersTextEmbedder(model=model, progress_bar=False))
        asking.add_component("meaning", InMemoryEmbeddingRetriever(self._store))
        asking.add_component("words", InMemoryBM25Retriever(self._store))
        asking.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=K))
        asking.connect("text.embedding", "meaning.query_embedding")
        asking.connect("meaning", "joiner")
        asking.connect("words", "joiner")
        return asking

    def index(self, documents):
        """See :func:`timing.measure`."""
        made = [Document(id=id_, content=whole(title, text)) for id_, title, text in documents]
        self._indexing.run({"embedder": {"documents": made}})
        return self._store.count_documents()

    def ask(self, question):
        """See :func:`timing.measure`."""
        found = self._asking.run({"text": {"text": question}, "words": {"query": question}})
        return [document.id for document in found["joiner"]["documents"]]


if __name__ == "__main__":
    measure(Haystack, ["haystack-ai", "sentence-transformers-haystack", "sentence-transformers", "torch"])
