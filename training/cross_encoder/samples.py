"""Samples: a question, a window of sentences, and what is known of whether and where it answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from index.search.cross_encoder.encoding import window_head
from index.text import Span
from training.cross_encoder import invented
from training.cross_encoder.asked import exchange_asked
from training.cross_encoder.contexts import Contexts
from training.cross_encoder.encoding import Encoder
from training.cross_encoder.names import Exchange, Names, exchange_figure, exchange_title
from training.cross_encoder.neighbours import Numbers, passages
from training.cross_encoder.pairs import CLAIM_SETS, TOLD, WRITTEN, Pair, tells, terms, words
from training.cross_encoder.predicates import exchange_predicate, is_yes_no
from training.cross_encoder.windows import Window, choose, locate, overlapping, split, window
from training.cross_encoder.wording import keywords, mistyped, naming

KINDS: Mapping[str, float] = {
    "answers": 0.38,
    "group": 0.09,
    "words": 0.10,
    "cut": 0.09,
    "exchanged": 0.12,
    "title": 0.06,
    "predicate": 0.10,
    "word": 0.10,
    "asked": 0.03,
}
"""How often each kind of sample is tried first for an answerable pair. The next one is tried where it cannot
be made."""
_KINDS_WRITTEN: Mapping[str, float] = {
    "answers": 0.5, "group": 0.2, "words": 0.08, "cut": 0.17, "exchanged": 0.05,
}  # fmt: skip
"""Of questions that were written as people ask: as often without their answer, so that they do not tell."""
_KINDS_OTHER: Mapping[str, float] = {
    "answers": 0.42, "group": 0.23, "words": 0.15, "cut": 0.15, "exchanged": 0.05,
}  # fmt: skip
"""Of questions that are not in English, of which no words are exchanged but numbers and years."""
CLAIMS = {
    "entailment": 0, "SUPPORTS": 0, "contradiction": 1, "REFUTES": 1, "neutral": 2, "NOT ENOUGH INFO": 2,
    "supports": 0, "contradicts": 1, "neither": 2,
}  # fmt: skip
_PREFIXES = frozenset({"medquad", "stackexchange_small", "covid_faq_jhu", "conditionalqa_evidence"})
"""Sets whose passages answer from their beginning, so that a long one may be cut at its end."""
_LONGEST_SPAN = 160
_NO_KEYWORDS = frozenset({"near", "group", "cut", "marked", "predicate", "property", "role", "word", "asked"})
"""Kinds whose questions are not cut to key words, because what was exchanged could be lost."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the model reads, and what it should say."""

    question: str
    head: str
    """Title and section, before the window's text. May be empty."""
    text: str
    sentences: tuple[Span, ...]
    kind: str
    set_name: str
    answers: bool | None
    """None for claims."""
    answering: tuple[int, ...] | None = None
    """Numbers of the sentences that answer; None if it is not known which do."""
    span: Span | None = None
    """The answer in ``text``."""
    claim: int | None = None
    """0: the text supports the claim, 1: contradicts it, 2: neither."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A pair's passage, perhaps among sentences of other passages, and where it answers."""

    pair: Pair
    row: int
    passage: str
    sentences: tuple[Span, ...]
    answer: Span | None
    answering: tuple[int, ...] | None


class Sampler:
    """Makes samples of pairs. The same pair and the same random state make the same sample."""

    def __init__(
        self, pairs: Sequence[Pair], found: Numbers, encoder: Encoder, names: Names, contexts: Contexts
    ) -> None:
        self._pairs = pairs
        self._found = found
        self._encoder = encoder
        self._names = names
        self._contexts = contexts
        self._texts = passages(pairs)
        self._numbers = {text: number for number, text in enumerate(self._texts)}
        self._of_passage: dict[int, list[int]] = {}
        self._of_group: dict[str, list[int]] = {}
        for row, pair in enumerate(pairs):
            self._of_passage.setdefault(self._numbers[pair.passage], []).append(row)
            if pair.group:
                self._of_group.setdefault(pair.group, []).append(row)

    @cached_property
    def _makers(self) -> dict[str, Callable[[_Source, random.Random], Sample | None]]:
        return {
            "answers": self._answers,
            "group": self._other_of_group,
            "words": self._neighbour,
            "cut": self._cut_out,
            "exchanged": self._exchanged,
            "title": self._title_exchanged,
            "predicate": self._predicate_exchanged,
            "word": self._word_exchanged,
            "asked": self._asked_exchanged,
            "marked": self._marked,
            "near": self._near,
        }

    def sample(self, row: int, draw: random.Random, kind: str = "") -> Sample | None:
        """Make a sample of a pair, of the given kind or of one chosen at random; None if that cannot be."""
        pair = self._pairs[row]
        if pair.label in CLAIMS and pair.set_name in CLAIM_SETS:
            return _claim(pair)
        source = self._source(row, draw)
        weights = {**(_KINDS_WRITTEN if pair.set_name == WRITTEN else KINDS)}
        if pair.language != "en":
            weights = {**_KINDS_OTHER}
        if pair.set_name == TOLD:
            weights = {"answers": 1.0}
        if not pair.answerable:
            weights = {"near": 1.0} if pair.near else {"marked": 0.7, "group": 0.15, "words": 0.15}
        if kind:
            weights = {kind: 1.0} if kind in weights else {}
        while weights:
            chosen = draw.choices(list(weights), list(weights.values()))[0]
            del weights[chosen]
            if made := self._makers[chosen](source, draw):
                return self._worded(made, pair, draw)
        return None

    def _source(self, row: int, draw: random.Random) -> _Source:
        """The passage of a pair; a single sentence is often set among others."""
        pair = self._pairs[row]
        sentences = split(pair.passage, _language(pair))
        if len(sentences) == 1 and draw.random() < 0.6:
            return self._among_others(row, draw)
        if pair.answer:
            answering: tuple[int, ...] | None = overlapping(sentences, *pair.answer)
        else:
            answering = (0,) if len(sentences) == 1 else None
        return _Source(pair, row, pair.passage, sentences, pair.answer, answering)

    def _among_others(self, row: int, draw: random.Random) -> _Source:
        pair = self._pairs[row]
        others = [
            self._texts[n]
            for n in self._found[row][4:]
            if n >= 0 and self._is_wrong(pair, int(n)) and len(split(self._texts[n])) == 1
        ]
        parts = draw.sample(others, min(len(others), draw.randint(1, 4)))
        at = draw.randrange(len(parts) + 1)
        parts.insert(at, pair.passage)
        text = " ".join(parts)
        starts = [sum(len(part) + 1 for part in parts[:n]) for n in range(len(parts))]
        spans = tuple((start, start + len(part)) for start, part in zip(starts, parts, strict=True))
        answer = (pair.answer[0] + starts[at], pair.answer[1] + starts[at]) if pair.answer else None
        return _Source(pair, row, text, spans, answer, (at,))

    def _answers(self, source: _Source, draw: random.Random) -> Sample | None:
        made = self._window_with_answer(source, draw)
        return None if made is None else self._positive(source, *made)

    def _positive(self, source: _Source, one: Window, head: str) -> Sample:
        span, answering = None, None
        if source.answering is not None:
            answering = tuple(at for at, number in enumerate(one.numbers) if number in source.answering)
        if source.answer and source.answer[1] - source.answer[0] <= _LONGEST_SPAN:
            span = locate(one, source.sentences, *source.answer)
        pair = source.pair
        return Sample(
            pair.question, head, one.text, one.sentences, "answers", pair.set_name, True, answering, span
        )

    def _window_with_answer(self, source: _Source, draw: random.Random) -> tuple[Window, str] | None:
        head = self._head(source.pair, draw)
        lengths = self._encoder.sentence_lengths(source.passage, source.sentences)
        budget = self._encoder.budget(source.pair.question, head)
        if source.answering is None:
            numbers = _beginning(lengths, budget)
            if len(numbers) < len(lengths) and source.pair.set_name not in _PREFIXES:
                return None
        else:
            least = sum(lengths[n] for n in source.answering)
            wanted = max(least, draw.randint(budget // 5, budget)) if least <= budget else 0
            avoided = self._dropped(source, draw)
            numbers = choose(lengths, wanted, source.answering, avoided, draw)
        return (window(source.passage, source.sentences, numbers), head) if numbers else None

    def _dropped(self, source: _Source, draw: random.Random) -> list[int]:
        """Sometimes a sentence that does not answer is left out, so that a gap tells nothing."""
        others = [n for n in range(len(source.sentences)) if n not in (source.answering or ())]
        return [draw.choice(others)] if len(others) > 1 and draw.random() < 0.2 else []

    def _head(self, pair: Pair, draw: random.Random) -> str:
        if not pair.title or draw.random() >= 0.6:
            return ""
        return window_head(pair.title, pair.section) if draw.random() < 0.7 else pair.title

    def _negative(
        self, source: _Source, passage: str, head: str, kind: str, draw: random.Random
    ) -> Sample | None:
        """A window of another passage; often the one with most words of the question."""
        sentences = split(passage, _language(source.pair))
        lengths = self._encoder.sentence_lengths(passage, sentences)
        budget = self._encoder.budget(source.pair.question, head)
        wanted = draw.randint(budget // 5, budget)
        start = draw.randrange(len(sentences))
        if draw.random() < 0.6:
            asked = _content(source.pair.question)
            shared = [len(asked & _content(passage[a:b])) for a, b in sentences]
            start = shared.index(max(shared))
        wanted = min(budget, max(wanted, lengths[start]))
        numbers = choose(lengths, wanted, (start,), (), draw)
        if not numbers:
            return None
        one = window(passage, sentences, numbers)
        if source.answer and tells(source.passage[slice(*source.answer)], f"{head} {one.text}"):
            return None
        return Sample(
            source.pair.question, head, one.text, one.sentences, kind, source.pair.set_name, False, ()
        )

    def _other_of_group(self, source: _Source, draw: random.Random) -> Sample | None:
        rows = self._of_group.get(source.pair.group, ())
        for row in draw.sample(rows, min(len(rows), 6)):
            other = self._pairs[row]
            if other.passage != source.pair.passage and self._is_wrong(
                source.pair, self._numbers[other.passage]
            ):
                return self._negative(source, other.passage, self._head(other, draw), "group", draw)
        return None

    def _neighbour(self, source: _Source, draw: random.Random) -> Sample | None:
        """A passage of another document that is near to the question; never the same document's."""
        found = [int(n) for n in self._found[source.row] if n >= 0]
        if source.answer is None:
            found = found[6:]  # the first may answer, too, and no span tells
        draw.shuffle(found)
        for number in found[:8]:
            other = self._pairs[self._of_passage[number][0]]
            is_other = not other.group or other.group != source.pair.group
            if is_other and self._is_wrong(source.pair, number):
                return self._negative(source, other.passage, self._head(other, draw), "words", draw)
        return None

    def _is_wrong(self, pair: Pair, number: int) -> bool:
        """Whether a passage does not seem to answer: no similar question is its, and no part is shared."""
        text = self._texts[number]
        if text == pair.passage or words(text)[:60] in words(pair.passage):
            return False
        if words(pair.passage)[:60] in words(text):
            return False
        if pair.answer and tells(pair.passage[slice(*pair.answer)], text):
            return False
        asked = _content(pair.question)
        for row in self._of_passage[number]:
            theirs = _content(self._pairs[row].question)
            if len(asked & theirs) > 0.5 * len(asked | theirs):
                return False
        return True

    def _cut_out(self, source: _Source, draw: random.Random) -> Sample | None:
        """The window around the sentences that answer, without them."""
        answering = source.answering
        if answering is None or len(source.sentences) == len(answering):
            return None
        head = self._head(source.pair, draw)
        lengths = self._encoder.sentence_lengths(source.passage, source.sentences)
        budget = self._encoder.budget(source.pair.question, head)
        left = [n for n in range(len(lengths)) if n not in answering]
        near = min(left, key=lambda n: (abs(n - answering[0]), draw.random()))
        wanted = min(budget, max(draw.randint(budget // 5, budget), lengths[near]))
        numbers = choose(lengths, wanted, (near,), answering, draw)
        if not numbers:
            return None
        one = window(source.passage, source.sentences, numbers)
        told = [source.answer] if source.answer else [source.sentences[n] for n in answering]
        if any(tells(source.passage[slice(*part)], f"{head} {one.text}") for part in told):
            return None
        pair = source.pair
        return Sample(pair.question, head, one.text, one.sentences, "cut", pair.set_name, False, ())

    def _with_exchange(
        self, source: _Source, draw: random.Random, exchange: Callable[[str], Exchange | None]
    ) -> Sample | None:
        made = self._window_with_answer(source, draw)
        if made is None:
            return None
        one, head = made
        done = exchange(f"{head} {one.text}")
        if done is None:
            return None
        return Sample(
            done.question, head, one.text, one.sentences, done.kind, source.pair.set_name, False, ()
        )

    def _exchanged(self, source: _Source, draw: random.Random) -> Sample | None:
        question = source.pair.question
        if is_yes_no(question):
            return None
        is_english = source.pair.language == "en"
        exchange = self._names.exchange if is_english else exchange_figure
        return self._with_exchange(source, draw, lambda read: exchange(question, read, draw))

    def _title_exchanged(self, source: _Source, draw: random.Random) -> Sample | None:
        pair = source.pair
        near = [self._pairs[self._of_passage[int(n)][0]] for n in self._found[source.row] if n >= 0]
        titles = dict.fromkeys(
            other.title for other in near if other.set_name == pair.set_name and other.title
        )
        kind = self._names.kind(pair.title)
        others = [title for title in titles if self._names.kind(title) == kind]
        return self._with_exchange(
            source, draw, lambda read: exchange_title(pair.question, pair.title, others, read)
        )

    def _predicate_exchanged(self, source: _Source, draw: random.Random) -> Sample | None:
        question = source.pair.question
        return self._with_exchange(source, draw, lambda read: exchange_predicate(question, read, draw))

    def _word_exchanged(self, source: _Source, draw: random.Random) -> Sample | None:
        question = source.pair.question
        return self._with_exchange(source, draw, lambda read: self._contexts.exchange(question, read, draw))

    def _asked_exchanged(self, source: _Source, draw: random.Random) -> Sample | None:
        question = source.pair.question
        return self._with_exchange(source, draw, lambda read: exchange_asked(question, read, draw))

    def _marked(self, source: _Source, draw: random.Random) -> Sample | None:
        """A window of a passage that does not answer, as people judged."""
        whole = replace(source, answer=None)
        return self._negative(whole, source.pair.passage, self._head(source.pair, draw), "marked", draw)

    def _near(self, source: _Source, draw: random.Random) -> Sample | None:
        """A window around what a hasty reader would take for the answer."""
        pair = source.pair
        if pair.near is None:
            return None
        near = overlapping(source.sentences, *pair.near)
        made = self._window_with_answer(replace(source, answering=near), draw)
        if made is None:
            return None
        one, head = made
        return Sample(pair.question, head, one.text, one.sentences, "near", pair.set_name, False, ())

    def _worded(self, made: Sample, pair: Pair, draw: random.Random) -> Sample:
        question, luck = made.question, draw.random()
        if luck < 0.05 and made.kind not in _NO_KEYWORDS:
            question = keywords(question)
        elif luck < 0.11 and pair.title:
            question = naming(question, pair.title, draw) if made.kind not in {"title", "name"} else question
        if draw.random() < 0.06:
            question = mistyped(question, draw)
        return replace(made, question=question)


def _language(pair: Pair) -> str:
    """Of the passage: questions in African languages are about English and French ones."""
    return "en" if pair.set_name == "afriqa" else pair.language


def from_case(case: invented.Case) -> Sample:
    """The sample of an invented case."""
    text, spans = "", []
    for line in case.lines:
        text += case.separator if text else ""
        spans.append((len(text), len(text) + len(line)))
        text += line
    span = None
    if case.answer:
        line_number, words_of_it = case.answer
        start = spans[line_number][0] + case.lines[line_number].rfind(words_of_it)
        span = start, start + len(words_of_it)
    answering = (case.answer[0],) if case.answer else ()
    kind = case.kind if case.answer else f"{case.kind} missing"
    return Sample(
        case.question, case.title, text, tuple(spans), kind, "invented", bool(case.answer), answering, span
    )


def _content(text: str) -> set[str]:
    """The longer words of a text; of languages without spaces pairs of letters."""
    return {one for one in terms(text).split() if len(one) > 3 or not one.isascii()}


def _claim(pair: Pair) -> Sample:
    spans = split(pair.passage)
    label = CLAIMS[pair.label]
    kind = ("supports", "contradicts", "neither")[label]
    return Sample(
        pair.question, pair.title, pair.passage, spans, kind, pair.set_name, None, None, None, label
    )


def _beginning(lengths: Sequence[int], budget: int) -> list[int]:
    numbers, used = [], 0
    for number, length in enumerate(lengths):
        used += length
        if used > budget:
            break
        numbers.append(number)
    return numbers
