"""The data of the conditions."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from evaluation import questions
from evaluation.questions import Question
from index.collection import Collection
from index.config import EmbeddingConfig
from index.embedding import DEFAULT_MODEL, MULTILINGUAL_MODEL, load_embedder, model_folder
from index.errors import InvalidInput
from index.library import Library
from index.protocols import Embedder
from index.search import load_cross_encoder, load_multilingual_cross_encoder
from index.search.cross_encoder.model import CrossEncoder
from index.sources import FolderIngest, put_all

SCIFACT = Path(__file__).parents[2] / "shared" / "data" / "scifact"
DATA = Path("data/benchmarks")
"""The data folder of what is measured."""
MODELS = DATA / "models"
_ABOUT = "loccit.md"
"""A document of ``corpus/`` that is no data: it tells of this program, and changes with it."""


def embedder(model: str = "") -> Embedder:
    """A model, or the package's default, with float vectors: those that the kept figures are of."""
    return load_embedder(model or DEFAULT_MODEL, config=EmbeddingConfig(precision="float", cache=MODELS))


@cache
def cross_encoder(model: str = "") -> CrossEncoder | None:
    """The installed cross-encoder for collections of an embedding model, by default the package's."""
    if model == MULTILINGUAL_MODEL:
        return load_multilingual_cross_encoder(model_folder(model, unpacked=MODELS))
    return load_cross_encoder()


def prepared(library: Library, folder: Path, split: str) -> tuple[Collection, list[Question]]:
    """A collection of the folder's documents, and its questions."""
    collection = collection_of(library, folder)
    if (folder / "corpus.jsonl").exists():
        return collection, questions.load(folder, split=split)
    return collection, questions.locate_quotes(questions.load(folder / "questions.jsonl"), collection)


def collection_of(library: Library, folder: Path) -> Collection:
    """A collection of the folder's documents; nothing is embedded twice."""
    parts = folder.parts[folder.parts.index("data") + 1 :] if "data" in folder.parts else folder.parts[-1:]
    collection = library.open("-".join(parts).lower().replace(".", "-"), create=True)
    if not (folder / "corpus.jsonl").exists():
        FolderIngest(collection).run(documents_in(folder))
        return collection
    for outcomes in put_all(collection, questions.sources(folder)):
        for outcome in outcomes:
            if isinstance(outcome, InvalidInput):
                raise outcome
    return collection


def documents_in(folder: Path) -> list[Path]:
    """The documents of a folder, such as ``corpus/``, that conditions are measured on."""
    return sorted(one for one in folder.iterdir() if one.suffix != ".jsonl" and one.name != _ABOUT)


def part(question: Question, folder: Path, split: str) -> str:
    """Whether a question belongs to the part that is fitted to, ``dev``, or to that which measures, ``test``.

    Decided by the hash of its first relevant document, which is the same for all questions and, in sets
    with translations, for all languages. Where a set has a training split, that is the development part,
    without the questions that share a document with a question of the test split, which is the test part.
    """
    if (folder / "qrels" / "train.tsv").exists():
        return "test" if split == "test" or question.relevant.keys() & _tested(folder) else "dev"
    return "dev" if is_dev(min(question.relevant)) else "test"


def is_dev(document_id: str) -> bool:
    """Whether a document is of the half whose questions may be used for choosing and fitting."""
    return hashlib.sha256(document_id.encode()).digest()[0] % 2 == 0


@cache
def _tested(folder: Path) -> frozenset[str]:
    """The documents that are relevant to a question of the test split."""
    return frozenset(key for one in questions.load(folder, split="test") for key in one.relevant)


def is_held_out(question: Question) -> bool:
    """Whether the document that answers is of the half that the weights of evidence were not fitted to."""
    document_id = (
        question.answers[0][0].document_id if question.answers else min(question.relevant, default="")
    )
    return int(hashlib.sha256(document_id.encode()).hexdigest(), 16) % 2 == 1
