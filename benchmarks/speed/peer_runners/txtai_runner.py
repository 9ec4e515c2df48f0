"""txtai: an Embeddings database with the documents' content, by meaning and by words (``hybrid``).

See neuml.github.io/txtai/embeddings. Whole documents; the model's own limit of 256 tokens cuts them. The
database is in memory, and is not saved.
"""

from timing import K, measure, whole
from txtai import Embeddings


class Txtai:
    """An index of whole documents."""

    def __init__(self, model, folder):
        self._embeddings = Embeddings(path=model, content=True, hybrid=True)
        self._embeddings.batchtransform(["Is anyone there?"])  # the model is loaded when it is first used

    def index(self, documents):
        """See :func:`timing.measure`."""
        self._embeddings.index((id_, whole(title, text), None) for id_, title, text in documents)
        return self._embeddings.count()

    def ask(self, question):
        """See :func:`timing.measure`."""
        return [row["id"] for row in self._embeddings.search(question, K)]


if __name__ == "__main__":
    measure(Txtai, ["txtai", "torch", "transformers"])
