"""Chroma: a collection of a persistent client, embedded by its function for sentence-transformers.

See docs.trychroma.com. Whole documents; the model's own limit of 256 tokens cuts them. By meaning alone:
that is what a local client searches by.
"""

import chromadb
from chromadb.utils.batch_utils import create_batches
from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction
from timing import K, measure, whole


class Chroma:
    """A collection of whole documents."""

    def __init__(self, model, folder):
        self._client = chromadb.PersistentClient(path=folder)
        function = SentenceTransformerEmbeddingFunction(model_name=model)
        self._collection = self._client.create_collection("documents", embedding_function=function)

    def index(self, documents):
        """See :func:`timing.measure`."""
        ids = [id_ for id_, _, _ in documents]
        texts = [whole(title, text) for _, title, text in documents]
        for part, _, _, contents in create_batches(self._client, ids=ids, documents=texts):
            self._collection.add(ids=part, documents=contents)
        return self._collection.count()

    def ask(self, question):
        """See :func:`timing.measure`."""
        return self._collection.query(query_texts=[question], n_results=K)["ids"][0]


if __name__ == "__main__":
    measure(Chroma, ["chromadb", "sentence-transformers", "torch"])
