"""Plant gaps among questions that documents answer, and count what the page of gaps would show.

Twenty topics that no document mentions are asked in six ways each, among 1,880 questions of three sets about
their own documents. A gap is shown if a group of at least three questions is kept; it is found if most of
these are of one topic, and false if they are of none.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import yaml

from benchmarks import sets
from evaluation.measures import Estimate
from index.collection import Collection
from index.ingest import Source
from index.library import Library
from index.search import Question
from service.flows.gaps import group_questions
from service.state.questions import UNCERTAIN, AskedQuestion

_DATA = Path(__file__).parents[3] / "shared" / "data"
_SETS = ("xquad/en", "clapnq", "chunking_eval")
_OTHERS = 1_880
_LEAST = 3
"""Questions of a group that is shown."""
_COMMIT = 64
_PLANTED = Path(__file__).with_name("planted.yaml")


def study() -> Mapping[str, Estimate]:
    """Count the planted gaps that are found, and the groups of other questions that are shown."""
    planted = yaml.safe_load(_PLANTED.read_text())
    asked = [(form.format(topic), topic) for topic in planted["topics"] for form in planted["asked"]]
    others = [(text, "") for name in _SETS for text in _answerable(_DATA / name)][:_OTHERS]
    embedder = sets.embedder()
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder), embedder=embedder) as library:
        collection = library.open("default", create=True)
        sources = [one for name in _SETS for one in _documents(_DATA / name, name)]
        for at in range(0, len(sources), _COMMIT):
            collection.put_many(sources[at : at + _COMMIT])
        collection.embed_pending()
        kept = [(text, topic) for text, topic in (*asked, *others) if _is_kept(collection, text)]
    vectors = np.asarray(embedder.embed_queries([text for text, _ in kept]), dtype=np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    topics = dict(kept)
    questions = [AskedQuestion(float(at), "default", text, 0.0) for at, (text, _) in enumerate(kept)]
    found, false = set(), 0
    for group in group_questions(questions, vectors):
        if group.count < _LEAST:
            break
        (topic, count), *_ = Counter(topics[one.question] for one in group.questions).most_common(1)
        if topic and 2 * count > group.count:
            found.add(topic)
        else:
            false += 1
    return {
        "found": _exactly(len(found)),
        "mistaken": _exactly(false),
        "kept_of_others": _exactly(sum(not topic for _, topic in kept)),
        "others": _exactly(len(others)),
    }


def _is_kept(collection: Collection, text: str) -> bool:
    return collection.questions.answer(Question(text, 3, read=False)).answerability < UNCERTAIN


def _exactly(count: int) -> Estimate:
    return Estimate(float(count), float(count), float(count), 1)


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
