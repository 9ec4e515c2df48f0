"""Plant gaps among questions that documents answer, and count what the page of gaps would show.

Topics that no document mentions are asked in several ways each, among questions of sets about their own
documents. A gap is shown if no document seems to answer a group of at least three questions; it is found if
most of these are of one topic, and false if they are of none. What is chosen or fitted is so by the half for
development, which has other sets, topics and ways to ask, some of them in people's own words.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import numpy as np
import yaml

from benchmarks import sets
from evaluation.measures import Estimate, share
from index.ingest import Source
from index.library import Library
from index.search import Question
from service.flows.gaps import group_questions
from service.state.questions import UNCERTAIN, AskedQuestion

_HERE = Path(__file__).parent
_DATA = _HERE.parents[2] / "shared" / "data"
_OTHERS = 1_880
_PASSAGES = 600
"""Documents of a set of pairs."""
_LEAST = 3
"""Questions of a group that is shown."""
_COMMIT = 64


@dataclass(slots=True)
class _Asked:
    """Documents, questions that they answer, and planted ones with their topics."""

    documents: list[Source] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    planted: dict[str, str] = field(default_factory=dict)


def study() -> Mapping[str, Estimate]:
    """Count the planted gaps that are found, and the groups of other questions that are shown."""
    return _count(_reported())


def development() -> Mapping[str, Estimate]:
    """Count the same of the half for development."""
    return _count(_development())


def _reported() -> _Asked:
    asked = _Asked(planted=_planted("reported"))
    for name in ("xquad/en", "clapnq", "chunking_eval"):
        asked.documents += _documents(_DATA / name, name)
        asked.others += _answerable(_DATA / name)
    return asked


def _development() -> _Asked:
    asked = _Asked(planted=_planted("development"))
    asked.documents += _documents(_DATA / "covidqa", "covidqa")
    asked.others += islice(_answerable(_DATA / "covidqa"), 900)
    for name, most in (("squad2_dev_half", 700), ("nq_open_oracle", 280)):
        pairs = list(_pairs(_DATA / "train" / name))
        passages = list(dict.fromkeys(passage for _, passage in pairs))[:_PASSAGES]
        asked.documents += [Source(f"{name}/{n}.txt", one.encode()) for n, one in enumerate(passages)]
        known = set(passages)
        asked.others += islice((question for question, passage in pairs if passage in known), most)
    return asked


def _planted(half: str) -> dict[str, str]:
    told = yaml.safe_load((_HERE / f"{half}.yaml").read_text())
    same = {form.format(topic): topic for topic in told["topics"] for form in told["asked"]}
    own = {text: topic for topic, texts in told.get("in_own_words", {}).items() for text in texts}
    return same | own


def _count(asked: _Asked) -> Mapping[str, Estimate]:
    others = asked.others[:_OTHERS]
    embedder = sets.embedder()
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder), embedder=embedder) as library:
        collection = library.open("default", create=True)
        for at in range(0, len(asked.documents), _COMMIT):
            collection.put_many(asked.documents[at : at + _COMMIT])
        collection.embed_pending()
        kept = []
        for at, text in enumerate(chain(asked.planted, others)):
            probability = collection.questions.answer(Question(text, 3, read=False)).answerability
            if probability < UNCERTAIN:
                kept.append(AskedQuestion(float(at), "default", text, probability))
    vectors = np.asarray(embedder.embed_queries([one.question for one in kept]), dtype=np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    groups = [one for one in group_questions(kept, vectors) if one.count >= _LEAST]
    found, false = _judge(asked.planted, (one.questions for one in groups if not one.is_uncertain))
    also, uncertain = _judge(asked.planted, (one.questions for one in groups if one.is_uncertain))
    topics = len(set(asked.planted.values()))
    return {
        "found": _of(len(found), topics),
        "mistaken": _rare(false),
        "uncertain_found": _of(len(also - found), topics),
        "uncertain_mistaken": _rare(uncertain),
    }


def _judge(planted: Mapping[str, str], groups: Iterable[Iterable[AskedQuestion]]) -> tuple[set[str], int]:
    """The topics of groups, and how many groups are of none."""
    found, false = set(), 0
    for group in groups:
        topics = Counter(planted.get(one.question, "") for one in group)
        (topic, count), *_ = topics.most_common(1)
        if topic and 2 * count > topics.total():
            found.add(topic)
        else:
            false += 1
    return found, false


def _of(count: int, all_: int) -> Estimate:
    part = share(count / all_, all_)
    return Estimate(float(count), part.low * all_, part.high * all_, all_)


def _rare(count: int) -> Estimate:
    """A count of what is rare, with the exact interval of Poisson's distribution (Garwood 1936)."""
    from scipy.stats import chi2  # takes a second to load

    low = float(chi2.ppf(0.025, 2 * count)) / 2 if count else 0.0
    return Estimate(float(count), low, float(chi2.ppf(0.975, 2 * count + 2)) / 2, count)


def _lines(path: Path) -> Iterator[dict[str, object]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _documents(folder: Path, name: str) -> Iterator[Source]:
    for one in _lines(folder / "corpus.jsonl"):
        title = str(one.get("title") or "")
        yield Source(f"{name}/{one['_id']}.txt", str(one["text"]).encode(), title=title)


def _answerable(folder: Path) -> Iterator[str]:
    for one in _lines(folder / "queries.jsonl"):
        metadata = one.get("metadata")
        if not (isinstance(metadata, dict) and metadata.get("unanswerable")):
            yield str(one["text"])


def _pairs(folder: Path) -> Iterator[tuple[str, str]]:
    """Questions with the passages that answer them."""
    with gzip.open(folder / "pairs.jsonl.gz", "rt", encoding="utf-8") as lines:
        for one in map(json.loads, lines):
            if one["answerable"]:
                yield one["question"], one["passage"]
