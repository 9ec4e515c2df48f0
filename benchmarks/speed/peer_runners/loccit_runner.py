"""Loccit itself as a library: a collection on disk, its defaults; all words of a document are embedded."""

from pathlib import Path

from timing import K, measure

from index.ingest import Source
from index.sources import put_all
from service.settings import load_settings
from service.state.library import open_library


class Loccit:
    """A collection of documents, each cut into passages."""

    def __init__(self, model, folder):
        # The model's files are those that the package brings: the same that the others are given.
        self._library = open_library(load_settings(data=Path(folder)))
        self._library.expect_documents()
        self._collection = self._library.open("default", create=True)
        self._library.embedder.embed_queries(["Is anyone there?"])

    def index(self, documents):
        """See :func:`timing.measure`."""
        sources = [
            Source(id_, text.encode(), media_type="text/plain", title=title) for id_, title, text in documents
        ]
        for _ in put_all(self._collection, sources):
            pass
        return self._collection.archive.counts().passages

    def ask(self, question):
        """See :func:`timing.measure`."""
        return [hit.citation.document_id for hit in self._collection.ask(question, k=K).hits]


if __name__ == "__main__":
    measure(Loccit, ["loccit", "sentence-transformers", "torch"])
