"""The features of all cases of a set in arrays, kept in a file so that fitting does not ask again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from benchmarks import sets
from benchmarks.answerability.cases import Asking, Case, sample
from benchmarks.answerability.parts import Part, Whole
from evaluation import questions
from evaluation.questions import Question
from index.config import LibraryConfig, SearchConfig
from index.embedding import MULTILINGUAL_MODEL
from index.embedding.cosine_scale import cosine_scale
from index.library import Library
from index.protocols import Embedder, Snapshot
from index.search import FEATURES, PASSAGE_FEATURES, Question as Checked, of_passages
from index.search.cross_encoder.model import CrossEncoder
from index.search.question import Query, is_spelt
from index.search.question.conversation import add_context
from index.search.search import Search
from index.store import open_catalogue
from index.text.analysis import Analyzer

_SHARED = Path(__file__).parents[3] / "shared" / "data"
OWN = Path(__file__).with_name("own")
"""Short documents of this project's own, with questions: tables, lists, manuals, a contract."""
EVERYDAY = Path(__file__).with_name("everyday")
"""24 documents as people have them, with 399 questions in words of their own, by somebody who knew nothing of
the service: a policy, minutes, a lease, lists of prices. Of those that are not answered most ask for what
stands beside something that is told."""
SETS = {
    **{name: _SHARED / name for name in ("clapnq", "mtrag", "covidqa", "scifact", "chunking_eval")},
    **{f"xquad-{name}": _SHARED / "xquad" / name for name in ("en", "zh", "hi")},
    "cmrc2018": _SHARED / "cmrc2018",
    "own": OWN,
    "everyday": EVERYDAY,
}
_XQUAD = _SHARED / "xquad"
MULTILINGUAL_SETS = {
    **{name: SETS[name] for name in ("clapnq", "xquad-en", "xquad-zh", "cmrc2018", "own", "everyday")},
    "xquad-ar": _XQUAD / "ar", "xquad-en-zh": _XQUAD / "zh", "xquad-ar-en": _XQUAD / "en",
}  # fmt: skip
"""Those for the multilingual model. None is in a language that is left out in training a cross-encoder."""
_ASKED_IN = {"xquad-en-zh": _XQUAD / "en", "xquad-ar-en": _XQUAD / "ar"}
"""Where the questions are in another language than the documents."""
READ_SETS = ("clapnq", "mtrag", "covidqa", "scifact", "chunking_eval", "xquad-en", "own", "everyday")
_FOLDERS = ("own", "everyday")
"""Sets that are folders of files."""
"""Those in a language that the cross-encoder knows."""
_SPLITS = {"mtrag": ("test", "conversational"), "scifact": ("train", "test")}
_OFF_TOPIC = ("clapnq", "covidqa", "chunking_eval", "scifact")
_OTHERS = 16
MOST = 600
"""Questions of a set with known documents that are asked at most.

With half as many cases in a cell as today, even perfect probabilities have a calibration error of .05.
"""
_MOST_READ = 300
"""The same where passages are read, which takes several times as long."""
_MOST_MULTILINGUAL = {False: 300, True: 150}
"""The same with the multilingual model, which is larger; by whether passages are read."""


def family(set_name: str) -> str:
    """What is left out together: a set, or all languages of XQuAD, whose questions are the same."""
    return set_name.partition("-")[0]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """n cases of one set: ``features`` (n, f), and what :class:`Case` says of each.

    ``passages`` (p, 10) are the features of all hits, without the logit of the question; hit i is of case
    ``of[i]``, and ``relevant[i]`` says whether it answers. ``turns``: the question follows a conversation.
    """

    features: NDArray[np.float64]
    size: NDArray[np.int64]
    kind: NDArray[np.str_]
    dev: NDArray[np.bool_]
    turns: NDArray[np.bool_]
    passages: NDArray[np.float64]
    of: NDArray[np.int64]
    relevant: NDArray[np.bool_]

    def save(self, path: Path) -> None:
        """Write the arrays; :meth:`load` reads them."""
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            path, names=FEATURES, **{one.name: getattr(self, one.name) for one in fields(self)}
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the arrays. Raises ``ValueError`` if they are of other features."""
        with np.load(path) as found:
            if tuple(found["names"].tolist()) != FEATURES:
                raise ValueError(f"{path} has other features: delete it.")
            return cls(**{one.name: found[one.name] for one in fields(cls)})


def table(
    name: str,
    library: Library,
    data: Path,
    embedder: Embedder,
    cross_encoder: CrossEncoder | None = None,
    *,
    most: int = MOST,
) -> Table:
    """Ask at most so many questions of a set that are answered in all their cases, and the others."""
    folder = (SETS | MULTILINGUAL_SETS)[name]
    collection = sets.collection_of(library, folder)
    asked = _questions(name)
    if name in _FOLDERS:
        asked = questions.locate_quotes(asked, collection)
    known = [one for one in asked if one.relevant and one.answerable is not False]
    asked = [
        *sample(known, most),
        *(one for one in asked if one.answerable is False),
    ]
    strangers = _strangers(name)
    catalogue = open_catalogue(data)
    analyzer = Analyzer.of_version(str((catalogue.description(collection.name) or {})["analysis"]))
    with closing(catalogue.open(collection.name)) as store, store.snapshot() as moment:
        whole = Whole(store, analyzer, embedder.dimension)
        asking = Asking(name, whole, moment, keys_of(moment), SearchConfig(), cross_encoder=cross_encoder)
        search = Search(moment, moment, Part(whole), analyzer, SearchConfig())
        rows = Rows(search)
        for question, query in zip(asked, queries(embedder, asked), strict=True):
            for case in asking.cases(question, query):
                rows.add(case, bool(question.turns))
        for question, query in zip(strangers, queries(embedder, strangers), strict=True):
            for case in asking.off_topic(question, query):
                rows.add(case, False)
    return rows.table()


class Rows:
    """Collects cases; :meth:`table` has them as arrays."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._cases: list[tuple[list[float], int, str, bool, bool]] = []
        self._passages: list[NDArray[np.float64]] = [np.empty((0, len(PASSAGE_FEATURES)))]
        self._of: list[int] = []
        self._relevant: list[bool] = []

    def add(self, case: Case, turns: bool) -> None:
        """Add a case that found something."""
        if not case.found.hits:
            return
        named = self._search.features(case.query, case.found)
        self._passages.append(of_passages(case.found.hits, 0.0))
        self._of += [len(self._cases)] * len(case.found.hits)
        self._relevant += case.relevant
        self._cases.append(([named[name] for name in FEATURES], case.size, case.kind, case.is_dev, turns))

    def table(self) -> Table:
        """All cases in arrays."""
        features, size, kind, dev, turns = zip(*self._cases, strict=True)
        return Table(
            np.array(features), np.array(size), np.array(kind), np.array(dev), np.array(turns),
            np.concatenate(self._passages), np.array(self._of), np.array(self._relevant),
        )  # fmt: skip


def _questions(name: str) -> list[Question]:
    if name in _FOLDERS:
        return questions.load(SETS[name] / "questions.jsonl")
    if name in _ASKED_IN:
        # Answers are spans of the documents in the language of the question.
        return [replace(one, answers=()) for one in questions.load(_ASKED_IN[name])]
    folder = (SETS | MULTILINGUAL_SETS)[name]
    return [one for split in _SPLITS.get(name, ("test",)) for one in questions.load(folder, split=split)]


def _strangers(name: str) -> list[Question]:
    """Questions of other sets."""
    others = [other for other in _OFF_TOPIC if other != name and SETS[other].exists()]
    return [
        one
        for other in others
        for one in sample([each for each in _questions(other) if each.relevant and not each.turns], _OTHERS)
    ]


def queries(embedder: Embedder, asked: Sequence[Question]) -> Iterator[Query]:
    """Each question as the search needs it."""
    for one in asked:
        checked = Checked.validate(one.text, turns=one.turns)
        vectors, context = embedder.embed_queries(checked.texts), checked.context.questions
        (starts,) = embedder.token_starts([checked.text])
        spelt = is_spelt(checked.text, starts.tolist())
        vector, scale = add_context(vectors[: len(context) + 1], context), cosine_scale(embedder.fingerprint)
        yield Query(checked.text, vector, context, spelt, scale=scale)


def keys_of(moment: Snapshot) -> dict[str, int]:
    """The documents' keys by their ids."""
    found: dict[str, int] = {}
    last = ""
    while page := moment.documents(after=last, limit=1000):
        found |= {one.id: one.key for one in page}
        last = page[-1].id
    return found


def folder_of(data: Path, *, read: bool) -> Path:
    """The folder of the tables, which differ where the cross-encoder ``read`` passages."""
    return data / ("answerability-read" if read else "answerability")


def tables(
    data: Path, names: Sequence[str] = (), *, read: bool = False, multilingual: bool = False
) -> Iterator[tuple[str, Table]]:
    """The tables of some sets, by default of all, that are on this machine.

    They are made where the data folder does not have them. ``read``: the cross-encoder reads the first
    passages, and only sets in its language are taken by default. ``multilingual``: with that model, which has
    a data folder within.
    """
    model = MULTILINGUAL_MODEL if multilingual else ""
    data = data / model
    names = names or tuple(MULTILINGUAL_SETS if multilingual else READ_SETS if read else SETS)
    cross_encoder = sets.cross_encoder(model) if read else None
    most = _MOST_MULTILINGUAL[read] if multilingual else _MOST_READ if read else MOST
    embedder: Embedder | None = None
    for name in names:
        path = folder_of(data, read=read) / f"{name}.npz"
        if not path.exists():
            if not (SETS | MULTILINGUAL_SETS)[name].exists():
                continue
            embedder = embedder or sets.embedder(model)
            with Library(data, embedder=embedder, config=LibraryConfig()) as library:
                table(name, library, data, embedder, cross_encoder, most=most).save(path)
        yield name, Table.load(path)
