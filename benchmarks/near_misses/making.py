"""Make the near misses: ``python -m benchmarks.near_misses [--show]``.

Those by rule are made of the questions of public sets, which are read from beside the project and never
stored here; those by hand (``hand.yaml``) are about documents of the project. Documents are divided as
elsewhere (:func:`benchmarks.sets.is_dev`): near misses about one half of them may be fitted to, and those
about the other are the test. Of a set and kind, at most so many are kept that the test is about a third.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import sets
from benchmarks.near_misses.exchanging import KINDS, Exchanger, Kind
from evaluation import questions
from evaluation.questions import Question
from index.collection import Collection
from index.ingest import Source
from index.library import Library
from index.sources import put_all

_HERE = Path(__file__)
_SHARED = _HERE.parents[3] / "shared" / "data"
_HAND = _HERE.with_name("hand.yaml")
TATQA = _SHARED / "tatqa" / "dev.json"
_BEIR = {
    "clapnq": _SHARED / "clapnq",
    "covidqa": _SHARED / "covidqa",
    "xquad-en": _SHARED / "xquad" / "en",
    "xquad-zh": _SHARED / "xquad" / "zh",
}
_BY_HAND = {
    "corpus": _HERE.parents[2] / "corpus",
    "own": _HERE.parents[1] / "answerability" / "own",
}
SETS = {**_BEIR, "tatqa": TATQA, **_BY_HAND}
_MOST_DEV, _MOST_TEST = 24, 12
"""Near misses kept of each set and kind, in each part."""
_READ = ("span", "multi-span")
"""Answers of TAT-QA that stand in a report; the others are computed."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A question that a document nearly answers, and the one that it does answer.

    ``is_dev``: it may be used for fitting.
    """

    kind: Kind
    answered: Question
    question: str
    document_id: str
    is_dev: bool


def collection_of(library: Library, name: str) -> Collection:
    """The collection of a set's documents."""
    if name != "tatqa":
        return sets.collection_of(library, SETS[name])
    collection = library.open(name, create=True)
    for outcomes in put_all(collection, [report for report, _ in reports()]):
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
    return collection


def near_misses(name: str, texts: Mapping[str, str]) -> list[NearMiss]:
    """The near misses of a set, made of its questions and of the texts of its documents, by their ids."""
    if name in _BY_HAND:
        return list(_by_hand(name))
    exchanger = Exchanger(texts, are_tables=name == "tatqa")
    found: list[NearMiss] = []
    counts = Counter[tuple[Kind, bool]]()
    for one in _ordered(_questions(name)):
        document_id = _document(one)
        is_dev = sets.is_dev(document_id)
        for kind in sorted(KINDS, key=lambda kind: counts[kind, is_dev]):
            if counts[kind, is_dev] >= (_MOST_DEV if is_dev else _MOST_TEST):
                continue
            exchange = exchanger.exchange(one.text, kind, document_id)
            if exchange is not None:
                counts[kind, is_dev] += 1
                found.append(NearMiss(kind, one, exchange.question, document_id, is_dev))
                break
    return found


def _by_hand(name: str) -> Iterator[NearMiss]:
    for document_id, pairs in yaml.safe_load(_HAND.read_text(encoding="utf-8"))[name].items():
        for number, (kind, answered, missed) in enumerate(pairs):
            asked = Question(f"{document_id}-{number}", answered, {document_id: 1}, answerable=True)
            yield NearMiss(kind, asked, missed, document_id, sets.is_dev(document_id))


def _questions(name: str) -> list[Question]:
    if name == "tatqa":
        return [one for _, asked in reports() for one in asked]
    return [one for one in questions.load(SETS[name]) if one.relevant and one.answerable is not False]


def _document(question: Question) -> str:
    return question.answers[0][0].document_id if question.answers else min(question.relevant)


def _ordered(asked: Iterable[Question]) -> list[Question]:
    """In an order that does not depend on that of the set."""
    return sorted(asked, key=lambda one: hashlib.sha256(one.id.encode()).digest())


def reports() -> Iterator[tuple[Source, list[Question]]]:
    """The reports of TAT-QA's development part as pages, with the questions whose answers stand there."""
    for number, report in enumerate(json.loads(TATQA.read_text(encoding="utf-8"))):
        id_ = f"report-{number:03}"
        page = Source(id_, _page(report).encode(), f"{id_}.html", "text/html", title=f"Report {number}")
        asked = [
            Question(one["uid"], one["question"], {id_: 1}, answerable=True)
            for one in report["questions"]
            if one["answer_type"] in _READ
        ]
        yield page, asked


def _page(report: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>\n"
        for row in report["table"]["table"]
    )
    paragraphs = sorted(report["paragraphs"], key=lambda one: int(one["order"]))
    prose = "".join(f"<p>{html.escape(one['text'])}</p>\n" for one in paragraphs)
    return f"<!DOCTYPE html><html><body>\n<table>\n{rows}</table>\n{prose}</body></html>"


def available(names: Sequence[str] = tuple(SETS)) -> list[str]:
    """The sets whose documents are on this machine."""
    return [name for name in names if SETS[name].exists()]
