"""Represent a question as the search needs it: its vectors, its tokens, and the conversation before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from index.embedding.cosine_scale import cosine_scale
from index.protocols import Embedder
from index.search.question.conversation import (
    NO_CONTEXT,
    QUOTED_MEANING,
    QUOTED_WORDS,
    Context,
    ContextTurn,
    FollowUp,
    add_context,
    nearness,
    share_of_context,
    texts_to_embed,
)
from index.search.question.named_documents import NamedDocument
from index.search.question.query import Query, Question, is_spelt
from index.search.question.quoted import Quotes
from index.search.question.referents import resolve
from index.search.stopwatch import Stopwatch
from index.types import Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Queries:
    """A question ready to search: alone, and what of the conversation before it may be used.

    ``vectors`` are those of the question and of the earlier questions of the context. ``follow_up`` decides
    whether the context is used; None without one. ``naming`` is what names a document in it, and
    ``starts`` are the offsets of its tokens.
    """

    alone: Query
    vectors: Vectors
    starts: Sequence[int] = ()
    context: Context = NO_CONTEXT
    follow_up: FollowUp | None = None
    naming: NamedDocument | None = None
    without_name: Query | None = None
    """The question without the words that name a document, where it has some."""
    restate: Callable[[str], Queries] | None = None
    """Represents the question in other words; None for one that already is."""
    resolved: Query | None = None
    """The question with what it refers to put in, where its words and those before it tell that."""

    def in_context(self, quotes: Quotes | None = None) -> Query:
        """The question with its context and what the last answer quotes, or with what it refers to put in."""
        if self.resolved is not None:
            return self.resolved
        if self.follow_up is None:
            return self.alone
        turns, vectors = list(self.context.questions), self.vectors
        if quotes is not None:
            has_vector = quotes.vector is not None
            turns.append(ContextTurn(quotes.names, QUOTED_MEANING * has_vector, QUOTED_WORDS))
            own = np.zeros(vectors.shape[1], np.float32) if quotes.vector is None else quotes.vector
            vectors = np.concatenate([vectors, own[None]])
        near = nearness(vectors, turns)
        share = share_of_context(self.follow_up.references, near)
        turns = [replace(turn, meaning=share * turn.meaning, words=share * turn.words) for turn in turns]
        above = "" if quotes is None else quotes.above
        told = [self.context.said_before(""), above, *(one.text for one in self.context.questions[:1])]
        return replace(
            self.alone,
            question=resolve(self.alone.question, told),
            vector=add_context(vectors, turns),
            context=tuple(turns),
            said=self.context.said_before(self.alone.question),
            near=near,
            topic=quotes.document if quotes is not None and self.follow_up.references.is_dependent else "",
        )


def make_queries(
    embedder: Embedder,
    question: Question,
    vectors: Vectors | None,
    watch: Stopwatch,
    starts: Sequence[int] | None = None,
) -> Queries:
    """Represent a question as the search needs it.

    ``vectors`` are those of its texts, and ``starts`` those of its tokens, where known.
    """

    def restate(text: str) -> Queries:
        return replace(make_queries(embedder, replace(question, text=text), None, watch), restate=None)

    context = question.context
    if vectors is None:
        began = perf_counter()
        vectors = embedder.embed_queries(texts_to_embed(question.text, context))
        watch.note("encode", began)
    began = perf_counter()
    offsets = embedder.token_starts([question.text])[0].tolist() if starts is None else starts
    spelt = is_spelt(question.text, offsets)
    alone = Query(
        question.text, add_context(vectors[:1], ()), (), spelt, question.selection, read=question.read,
        scale=cosine_scale(embedder.fingerprint),
    )  # fmt: skip
    resolved = follow_up = None
    if context:
        alone, resolved = _resolved(alone, context, vectors)
        follow_up = FollowUp.of(question.text)
    vectors = vectors[: 1 + len(context.questions)]
    watch.note("tokens", began)
    naming = NamedDocument.of(question.text)
    if naming is None:
        return Queries(alone, vectors, offsets, context, follow_up, restate=restate, resolved=resolved)
    began = perf_counter()
    (vector,) = embedder.embed_queries([naming.question])
    watch.note("encode", began)
    without = replace(alone, question=naming.question, vector=vector)
    return Queries(alone, vectors, offsets, context, follow_up, naming, without, restate, resolved)


def _resolved(alone: Query, context: Context, vectors: Vectors) -> tuple[Query, Query | None]:
    """A question with what it asks for instead, and the one with what it refers to put in, if that is known.

    The last one of the ``vectors`` is that of the latter.
    """
    found = context.resolve(alone.question)
    if found is None:
        return alone, None
    alone = replace(alone, new=found.new)
    if not found.text:
        return alone, None
    said, vector = context.said_before(alone.question), add_context(vectors[-1:], ())
    return alone, replace(alone, question=found.text, vector=vector, said=said)
