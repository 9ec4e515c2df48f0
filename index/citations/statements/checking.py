"""Check the sentences of an answer by the passages that they cite, else by those that a search finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from index.answers import Citation
from index.citations.statements.judging import (
    Judgement,
    SentenceEmbedder,
    Source,
    Statement,
    judge,
    makes_claim,
    statements,
)
from index.citations.statements.words import Terms

_LONGEST_PASSAGE = 20_000
"""Code points of a cited passage that are read: a locator may name a whole document."""
_LONGEST_SEARCHED = 1000


@dataclass(frozen=True, slots=True)
class Claimed:
    """A sentence to check, and the passages by which: all that the answer was given, if it names none.

    Without passages it is checked by those that a search finds.
    """

    text: str
    cited: Sequence[Citation]


@dataclass(frozen=True, slots=True)
class Checked:
    """A judgement, the passage that it is by, and whether that is another than the cited ones."""

    judgement: Judgement
    passage: Citation | None
    is_elsewhere: bool = False


KnownSources = dict[tuple[str, str], Source]
"""Passages that were read and embedded, by the locator and the hash of the text that it names."""


class Checking:
    """Checks the sentences of one request. ``find`` returns the passages that are most like a text.

    Passages are read and embedded once: use it for one request, in one thread. ``known`` keeps them for the
    next sentences of the same answer.
    """

    def __init__(
        self,
        terms: Terms,
        embedder: SentenceEmbedder,
        find: Callable[[str], Sequence[Citation]],
        known: KnownSources | None = None,
    ) -> None:
        self._terms, self._embedder, self._find = terms, embedder, find
        self._sources: KnownSources = {} if known is None else known

    def makes_claim(self, sentence: str) -> bool:
        """See :func:`index.citations.statements.judging.makes_claim`."""
        return makes_claim(sentence, self._terms)

    def check(self, claims: Sequence[Claimed]) -> list[Checked]:
        """Judge each claim. Raises :class:`index.errors.ModelFailed`."""
        ready = statements([one.text for one in claims], self._terms, self._embedder)
        return [self._checked(one, claim) for one, claim in zip(ready, claims, strict=True)]

    def _checked(self, statement: Statement, claim: Claimed) -> Checked:
        judged = self._judged(statement, claim.cited)
        if claim.cited and judged.judgement.status != "unsupported":
            return judged
        found = self._judged(statement, self._find(claim.text[:_LONGEST_SEARCHED]))
        if not claim.cited:
            return found
        # What other passages say is told, but the answer cited these: the probability is theirs.
        if found.judgement.status == "supported":
            probability = judged.judgement.probability
            elsewhere = replace(found.judgement, status="unsupported", probability=probability)
            return Checked(elsewhere, found.passage, is_elsewhere=True)
        return judged

    def _judged(self, statement: Statement, passages: Sequence[Citation]) -> Checked:
        judged = judge(statement, [self._source(one) for one in passages])
        return Checked(judged, None if judged.source is None else passages[judged.source])

    def _source(self, passage: Citation) -> Source:
        name = passage.locator, passage.text_sha256
        known = self._sources.get(name)
        if known is None or known.embedder is not self._embedder:  # an upgrade has replaced the model
            context = " ".join([passage.title, *passage.section])
            text = passage.quote[:_LONGEST_PASSAGE]
            known = self._sources[name] = Source(text, context, self._terms, self._embedder)
        return known
