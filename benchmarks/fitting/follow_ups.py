"""Fit what decides whether a follow-up needs its conversation: ``python -m benchmarks.fitting.follow_ups``.

The follow-up questions are made of questions of SQuAD 2.0's training part, two about one paragraph: in the
second a pronoun stands for what both name, or only its first words are asked. Changes of topic are two
questions about different articles, or a second one that no document answers. The answer before is the
sentence that answers the first question, a decline that lists passages, or nothing. The conversations of
MTRAG-UN's development half are used too (:func:`is_development`). Each is asked with and without reading,
because the same weights serve both.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import hashlib
import json
import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import regex
from rich.console import Console

from benchmarks import sets
from benchmarks.answerability.fitting import regression
from evaluation import questions
from index.answers import DECLINED, Turn
from index.collection import Collection
from index.config import LibraryConfig
from index.ingest import Source
from index.library import Library
from index.search import Question, Regression
from index.search.question import __file__ as question_folder
from index.search.question.conversation import FEATURES, features
from index.search.question.references import references
from index.search.results import Judged
from index.sources import put_all
from index.text.sentences import sentence_spans

SHARED = Path(__file__).parents[3] / "shared" / "data"
SEED = 27
_MOST = 220
"""Cases of a kind."""
_WEIGHTS = {"topic": 4.0, "stranger": 0.25, "mtrag": 8.0}
"""Weights of kinds other than 1, chosen on these cases: so that people's own conversations gain most, and one
answer of two hundred is lost to a change of topic. Little is at stake where no document answers."""
_DEPTH = 10
_LONGEST_NAME = 5
_AUXILIARY = frozenset("is are was were did do does has have had can could will would should".split())
_FIRST_WORDS = regex.compile(
    r"(?:(?:in|at|on|by|from|for|to) )?(?:what|which) \p{L}+|"
    r"how (?:many|much|long|old|far)(?: \p{L}+)?|when|where|who|why",
    regex.IGNORECASE,
)
console = Console()


@dataclass(frozen=True, slots=True)
class Pair:
    """A question of the training part, its paragraph, and the sentence of it that answers."""

    question: str
    document: str
    article: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Case:
    """A follow-up question or a change of topic; ``relevant`` are the documents that answer, if any do."""

    kind: str
    question: str
    turns: Sequence[Turn]
    relevant: frozenset[str]


def is_development(question: questions.Question) -> bool:
    """Whether a question of MTRAG-UN is of the half of its conversations that may be fitted to."""
    conversation = question.id.partition("<")[0]
    return hashlib.sha256(conversation.encode()).digest()[0] % 2 == 0


def rows(name: str) -> Iterator[dict[str, object]]:
    """The pairs of a training set."""
    with gzip.open(SHARED / "train" / name / "pairs.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def documents() -> dict[str, str]:
    """The paragraphs of the training part by their ids."""
    return {_id(str(one["passage"])): str(one["passage"]) for one in rows("squad2_train_part")}


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def pairs() -> list[Pair]:
    """The questions that are answered, with the sentences that answer them."""
    found = []
    for one in rows("squad2_train_part"):
        if not one["answerable"]:
            continue
        text, start = str(one["passage"]), int(str(one["answer_start"]))
        sentence = next((text[a:b] for a, b in sentence_spans(text, 0, len(text)) if a <= start < b), "")
        found.append(Pair(str(one["question"]), _id(text), str(one.get("group", "")), sentence.strip()))
    return found


def with_pronoun(question: str, before: str) -> str | None:
    """The question with a pronoun for the longest name that the one before has too; None without one."""
    words, others = question.rstrip("? ").split(), f" {before.rstrip('? ')} "
    for length in range(_LONGEST_NAME, 0, -1):
        for at in range(1, len(words) - length + 1):
            name = words[at : at + length]
            bare = " ".join(name).removesuffix("'s")
            if name[0][0].isupper() and f" {bare} " in others.replace("'s ", " ") and name[-1][0].isupper():
                start = at - 1 if words[at - 1].lower() == "the" else at
                return _replaced(words, start, at + length, f"{question} {before}")
    return None


def _replaced(words: Sequence[str], start: int, end: int, said: str) -> str:
    is_person = bool(regex.search(r"\b(?:who|whose|he|his|she|her)\b", said.lower()))
    is_subject = words[start - 1].lower() in _AUXILIARY
    if words[end - 1].endswith("'s"):
        pronoun = "his" if is_person else "its"
    elif is_person:
        pronoun = "he" if is_subject else "him"
    else:
        pronoun = "it"
    return " ".join([*words[:start], pronoun, *words[end:]]) + "?"


def shortened(question: str) -> str | None:
    """Only what the question asks for, as one more question: "And in what year?"."""
    match = _FIRST_WORDS.match(question)
    if match is None:
        return None
    words = match[0].split()
    if words[-1].lower() in _AUXILIARY:
        del words[-1]
    return f"And {' '.join(words).lower()}?"


def cases(draw: random.Random) -> Iterator[Case]:
    """Follow-up questions and changes of topic, at most :data:`_MOST` of each kind."""
    every, texts = pairs(), list(documents().values())
    draw.shuffle(every)
    beside: dict[str, list[Pair]] = {}
    for one in every:
        beside.setdefault(one.document, []).append(one)
    strangers = [str(one["question"]) for one in rows("nq_open_oracle")]
    counts: Counter[str] = Counter()

    def case(kind: str, question: str | None, before: Pair, relevant: frozenset[str]) -> Iterator[Case]:
        if question is not None and counts[kind] < _MOST:
            counts[kind] += 1
            yield Case(kind, question, _turns(before, texts, draw), relevant)

    for at, one in enumerate(every):
        gold = frozenset((one.document,))
        if others := [other for other in beside[one.document] if other is not one]:
            before = draw.choice(others)
            pronoun = with_pronoun(one.question, before.question)
            yield from case("pronoun", pronoun, before, gold)
            if pronoun is not None:
                yield from case("ellipsis", shortened(one.question), before, gold)
            yield from case("same", one.question, before, gold)
        other = every[(at * 7 + 1) % len(every)]
        if other.article != one.article and not references(one.question).is_dependent:
            yield from case("topic", one.question, other, gold)
            yield from case("stranger", f"{strangers[at % len(strangers)]}?", other, frozenset())


def _turns(before: Pair, texts: Sequence[str], draw: random.Random) -> list[Turn]:
    """The exchange before a question; one in four is a decline, one in four has no answer."""
    asked, kind = Turn("user", before.question), draw.randrange(4)
    if kind == 0:
        return [asked]
    if kind == 1:
        nearest = "\n\n".join(f"{text} [{n}]" for n, text in enumerate(draw.sample(texts, 3), 1))
        return [asked, Turn("assistant", f"{DECLINED} The nearest passages:\n\n{nearest}")]
    return [asked, Turn("assistant", f"{before.sentence} [1]")]


def conversations() -> Iterator[Case]:
    """The questions of MTRAG-UN's development half that follow others."""
    for one in questions.load(SHARED / "mtrag", split="conversational"):
        if one.relevant and one.turns and is_development(one):
            yield Case("mtrag", one.text, one.turns, frozenset(one.relevant))


@dataclass(frozen=True, slots=True)
class Example:
    """A case in which it matters: its features, whether context is right, and by how much it matters."""

    kind: str
    row: Sequence[float]
    needs_context: bool
    weight: float


def examples(collection: Collection, some: Sequence[Case], *, read: bool) -> Iterator[Example]:
    """Ask each case alone and with its context. A question that no document answers is to be asked alone.

    ``read``: the cross-encoder reads the first passages.
    """
    sums: dict[str, list[tuple[float, float]]] = {}
    for one in some:
        asked = replace(Question.validate(one.question, turns=one.turns, k=_DEPTH), read=read)
        alone, together = collection.questions.variants(asked)
        if together is None:
            continue
        values = gain(alone, one.relevant), gain(together, one.relevant)
        sums.setdefault(one.kind, []).append(values)
        weight = abs(values[1] - values[0]) if one.relevant else 1.0
        if weight:
            near = together.query.near
            row = features(references(one.question), alone.logit, together.logit, near)[0].tolist()
            yield Example(one.kind, row, values[1] > values[0], weight)
    for kind, each in sums.items():
        before, after = np.mean(each, axis=0).tolist()
        console.print(
            f"{kind}: {len(each)} cases, nDCG@{_DEPTH} {before:.3f} alone, {after:.3f} with context"
        )


def gain(found: Judged, relevant: frozenset[str]) -> float:
    """The nDCG of the documents that were found; 0 where none is relevant."""
    documents = dict.fromkeys(hit.citation.document_id for hit in found.found.hits)
    discounts = [1.0 / math.log2(rank + 1) for rank in range(1, _DEPTH + 1)]
    found_gain = sum(
        discount for document, discount in zip(documents, discounts, strict=False) if document in relevant
    )
    return found_gain / max(1e-9, sum(discounts[: len(relevant)]))


def fit(found: Sequence[Example]) -> Regression:
    """Fit the weights; each kind counts as much as :data:`_WEIGHTS` says."""
    sums: dict[str, float] = {}
    for one in found:
        sums[one.kind] = sums.get(one.kind, 0.0) + one.weight
    weight = np.array([_WEIGHTS.get(one.kind, 1.0) * one.weight / sums[one.kind] for one in found])
    truth = np.array([one.needs_context for one in found])
    values = np.array([one.row for one in found])
    fitted = regression(FEATURES, values, truth, weight)
    right = (fitted.logits(values) > 0) == truth
    for kind in sums:
        of = np.array([one.kind == kind for one in found])
        share = float((right * weight)[of].sum() / weight[of].sum())
        console.print(f"{kind}: {of.sum()} decide, {share:.3f} of their weight right")
    return fitted


def main() -> None:
    """Ask, fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=sets.DATA, help="where collections are kept")
    parser.add_argument("--rows", type=Path, help="a file to keep the features in, for inspection")
    options = parser.parse_args()
    found: list[Example] = []
    cross_encoder = sets.cross_encoder()
    with Library(
        options.data, embedder=sets.embedder(), config=LibraryConfig(), cross_encoder=lambda _: cross_encoder
    ) as library:
        collection = library.open("squad2-train-part", create=True)
        for _ in put_all(collection, _sources()):
            pass
        for read in (False, True):
            found += examples(collection, list(cases(random.Random(SEED))), read=read)
            found += examples(sets.collection_of(library, SHARED / "mtrag"), list(conversations()), read=read)
    if options.rows:
        options.rows.write_text(
            json.dumps([[one.kind, one.row, one.needs_context, one.weight] for one in found])
        )
    fitted = fit(found)
    content = {
        "weights": fitted.as_json(),
        "provenance": {
            "fitted": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "source": "follow-up questions and changes of topic made of SQuAD 2.0's training part and of "
            "questions of NQ, and the development half of MTRAG-UN's conversations",
            "examples": dict(Counter(one.kind for one in found)),
            "method": "logistic regression with a ridge penalty on the differences in nDCG@10",
            "weights_of_kinds": _WEIGHTS,
            "command": "python -m benchmarks.fitting.follow_ups",
        },
    }
    path = Path(question_folder).with_name("conversation.json")
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    console.print(f"Written: {path}")


def _sources() -> Iterator[Source]:
    for id_, text in documents().items():
        yield Source(id_, text.encode(), media_type="text/plain")


if __name__ == "__main__":
    main()
