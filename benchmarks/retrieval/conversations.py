"""Questions after other turns: ``python -m benchmarks.retrieval.conversations``.

How many lose their answer, and follow-ups of the half that nothing was fitted to.

A question is asked alone, and after each of ten histories: answered, declined, greetings, other languages, a
long text. Its answer is lost if it was right alone (its first sentence is in the document that answers, and
the probability is not below the default threshold) and is not right after them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import sets
from benchmarks.fitting.follow_ups import SHARED, is_development
from evaluation import measures, questions
from evaluation.harness import evaluate
from evaluation.measures import Estimate
from evaluation.questions import Question
from index.answers import DECLINED, Answer, Turn
from index.collection import Collection
from index.config import LibraryConfig
from index.ingest import Source
from index.library import Library
from index.search.cross_encoder.model import CrossEncoder
from index.search.extraction import first_sentence
from index.sources import FolderIngest, put_all
from service.settings import Settings

_QUESTIONS = 100
_CORPUS = Path(__file__).parents[2] / "corpus"
_ASKED = Path(__file__).with_name("corpus_questions.jsonl")
"""A hundred questions about the corpus, made of templates and its own words."""


def study(data: Path = sets.DATA) -> Mapping[str, Estimate]:
    """Answers lost in the corpus and in COVID-QA, and nDCG@10 of MTRAG-UN's other half.

    Each without reading and, with ``_read`` behind its name, where the cross-encoder reads.
    """
    found = dict(_figures(data, None))
    return found | {f"{name}_read": one for name, one in _figures(data, sets.cross_encoder()).items()}


def _figures(data: Path, cross_encoder: CrossEncoder | None) -> Mapping[str, Estimate]:
    with Library(
        data, embedder=sets.embedder(), config=LibraryConfig(), cross_encoder=lambda _: cross_encoder
    ) as library:
        mtrag = sets.collection_of(library, SHARED / "mtrag")
        follow_ups = [
            one
            for one in questions.load(SHARED / "mtrag", split="conversational")
            if one.relevant and not is_development(one)
        ]
        found = evaluate(mtrag, follow_ups, name="follow-ups").estimates()
        return {
            "follow_ups": found["ndcg@10"],
            "corpus_lost": lost(*_corpus(library)),
            "covidqa_lost": lost(*_covidqa(library)),
        }


def histories(other: Question, answer: Answer) -> Mapping[str, Sequence[Turn]]:
    """Ten conversations before a question; ``answer`` is that to another question."""
    first = first_sentence(answer)
    quote = "" if first is None else first.text
    passages = "\n\n".join(f"{hit.text} [{hit.rank}]" for hit in answer.hits[:3])
    bread = "What is the price of bread?"

    def exchange(asked: str, said: str) -> Sequence[Turn]:
        return Turn("user", asked), Turn("assistant", said)

    return {
        "answered": exchange(other.text, f"{quote} [1]"),
        "declined": exchange(bread, DECLINED),
        "nearest": exchange(bread, f"{DECLINED} The nearest passages:\n\n{passages}"),
        "greeting": exchange("Hello!", "Hello, how can I help you?"),
        "thanks": (*exchange(other.text, quote), *exchange("Thank you!", "You are welcome.")),
        "german": exchange("Was kostet ein Brot in der Stadt?", "Das steht hier nicht."),
        "chinese": exchange("面包多少钱？", DECLINED),
        "model": exchange(other.text, "I believe that this is something else, but I am not sure about it."),
        "long": exchange(f"{passages[:2000]} {other.text}", passages[:2000]),
        "follow-up": (*exchange(other.text, quote), *exchange("And who was it?", DECLINED)),
    }


def lost(collection: Collection, asked: Sequence[Question]) -> Estimate:
    """The mean number, over the histories, of questions of a hundred whose answer is lost."""
    least = Settings.model_fields["min_answerability"].default

    def is_right(question: Question, turns: Sequence[Turn]) -> bool:
        answer = collection.ask(question.text, turns=turns)
        first = first_sentence(answer)
        right = first is not None and first.hit.citation.document_id in question.relevant
        return right and answer.answerability >= least

    before = [histories(one, collection.ask(one.text)) for one in (asked[-1], *asked[:-1])]
    answered = [at for at, one in enumerate(asked) if is_right(one, ())]
    values = [float(not is_right(asked[at], turns)) for at in answered for turns in before[at].values()]
    return measures.mean(values)


def _corpus(library: Library) -> tuple[Collection, list[Question]]:
    collection = library.open("corpus", create=True)
    FolderIngest(collection).run(sets.documents_in(_CORPUS))
    return collection, questions.locate_quotes(questions.load(_ASKED), collection)


def _covidqa(library: Library) -> tuple[Collection, list[Question]]:
    """A hundred questions of the half that nothing is fitted to, in a collection of their papers."""
    asked = [one for one in questions.load(SHARED / "covidqa") if one.relevant]
    asked = sorted(
        (one for one in asked if not sets.is_dev(min(one.relevant))), key=lambda one: min(one.relevant)
    )[:_QUESTIONS]
    papers = {id_ for one in asked for id_ in one.relevant}
    collection = library.open("covidqa-conversations", create=True)
    for _ in put_all(collection, _papers(papers)):
        pass
    return collection, asked


def _papers(ids: set[str]) -> Iterator[Source]:
    yield from (one for one in questions.sources(SHARED / "covidqa") if one.id in ids)


if __name__ == "__main__":
    for name, one in study(*map(Path, sys.argv[1:2])).items():
        print(f"{name}: {one.value:.4f} ({one.low:.4f} to {one.high:.4f}) of {one.questions}")
