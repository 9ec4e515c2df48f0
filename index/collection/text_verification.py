"""Verify quotes and claims by texts that come with a request, as by a collection. Nothing is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256

from index.answers import Citation, IndexState
from index.citations import Locator, ReadingBudget, Resolution, StatementVerdict, Verification
from index.citations.quotes.anchoring import AnchoringText
from index.citations.statements import Checking, Conflict, Judging
from index.collection.likeness import Likeness
from index.config import LibraryConfig
from index.derivation import Derivation
from index.description import Description
from index.engine import open_exact_engine
from index.errors import UndecodableText
from index.given_texts import GivenText, record_of
from index.ingest.embedding_queue import EmbeddingQueue
from index.ingest.preparation import Preparation
from index.protocols import ClaimModel, Embedder, RecordStore
from index.readers import InProcessReaders
from index.readers.base.normalisation import decode, normalise, offsets_before, require_text
from index.search import load_answerability
from index.text.cache import TextCache

_PREPARED = 1_000_000
"""Code points of texts that are cached for the quotes of one request, about 20 bytes each."""


@dataclass(frozen=True, slots=True)
class GivenSource:
    """A text as it was given; ``offsets`` in it belong to those of its normalised form, which is verified."""

    text: str
    sha256: str
    offsets: Sequence[int]

    @classmethod
    def read(cls, given: GivenText) -> GivenSource:
        """Normalise a text. Raises :class:`index.errors.Unreadable`."""
        name = f"source {given.id}"
        normal = normalise(decode(given.text.encode(), name=name), name=name)
        require_text(normal, name=name)
        if normal == given.text:
            offsets: Sequence[int] = range(len(normal) + 1)
        else:
            try:
                offsets = offsets_before(given.text, normal)
            except ValueError:
                raise UndecodableText(
                    f"{name}: there are control characters between letters and their accents. Remove them."
                ) from None
        return cls(given.text, sha256(given.text.encode()).hexdigest(), offsets)

    def cite(self, citation: Citation) -> Citation:
        """The citation of the same words in the text as it was given: ``text[start:end] == quote``."""
        start, end = self.offsets[citation.start], self.offsets[citation.end]
        quote = self.text[start:end]
        position, exact = citation.selectors
        return replace(
            citation,
            locator=str(Locator(citation.document_id, self.sha256, start, end)),
            quote=quote,
            start=start,
            end=end,
            text_sha256=self.sha256,
            source_sha256=self.sha256,
            selectors=(replace(position, start=start, end=end), replace(exact, exact=quote)),
        )

    def locate(self, conflict: Conflict) -> Conflict:
        """The conflict with offsets in the text as it was given."""
        return replace(conflict, at=self.offsets[conflict.at], to=self.offsets[conflict.to])


@dataclass(frozen=True, slots=True)
class GivenVerification:
    """A verification by given texts, whose documents have the ids ``1``, ``2`` and so on.

    ``locators`` name each of them as a whole. Citations and verdicts are those of the texts as they are
    verified; the methods return those of the texts as they were given.
    """

    verification: Verification
    sources: Sequence[GivenSource]
    locators: Sequence[Locator]
    state: IndexState

    def cite(self, citation: Citation) -> Citation:
        """The citation of the same words in the text as it was given."""
        return self.sources[int(citation.document_id) - 1].cite(citation)

    def conflicts(self, verdict: StatementVerdict) -> tuple[Conflict, ...]:
        """The conflicts of a verdict with offsets in the text as it was given."""
        if verdict.citation is None:
            return verdict.conflicts
        source = self.sources[int(verdict.citation.document_id) - 1]
        return tuple(source.locate(one) for one in verdict.conflicts)


@dataclass(frozen=True, slots=True)
class TextVerifier:
    """Verifies by given texts with one model. Safe to use from several threads."""

    embedder: Embedder
    config: LibraryConfig
    claim_model: ClaimModel | None = None

    @contextmanager
    def verification(
        self,
        texts: Sequence[GivenText],
        *,
        claims: bool = True,
        most_seconds: float | None = None,
        stop: Callable[[], bool] = lambda: False,
        judging: Judging = Judging(),  # noqa: B008 -- frozen
    ) -> Iterator[GivenVerification]:
        """Open a verification by texts; see :meth:`index.collection.Collection.verification`.

        The ids of the texts are ``1``, ``2`` and so on. Raises :class:`index.errors.EmptyDocument` for one
        without words, and :class:`index.errors.UndecodableText`.
        """
        sources = [GivenSource.read(one) for one in texts]
        with closing(record_of(texts, self.embedder, self.config)) as store, store.snapshot() as moment:
            derived = self._derive(store)
            prepared = TextCache[AnchoringText](_PREPARED, lambda one: len(one.text))
            resolution, likeness = Resolution(moment, prepared), Likeness(moment, derived, None)
            checking = (
                Checking(
                    derived.analyzer.terms,
                    self.embedder,
                    likeness.passages,
                    prepare=likeness.prepare,
                    standard=judging.standard(self.claim_model),
                )
                if claims
                else None
            )
            versions = [moment.version(one.id) for one in texts]
            whole = [Locator(one.document_id, one.text_sha256.hex(), 0, one.length) for one in versions]
            state = IndexState(derived.description.fingerprint, moment.change, 1.0)
            budget = ReadingBudget(None, seconds=most_seconds, stop=stop)
            verification = Verification(resolution, likeness.versions, budget, checking)
            yield GivenVerification(verification, sources, whole, state)

    def _derive(self, store: RecordStore) -> Derivation:
        """Derive what a collection of these texts has. Passages are found by words, and get no vectors."""
        description = Description.of_today(self.embedder, self.config)
        engine, analyzer = open_exact_engine(store, description), description.analyzer()
        engine.update()
        return Derivation(
            generation=0,
            description=description,
            config=self.config,
            embedder=self.embedder,
            engine=engine,
            analyzer=analyzer,
            embedding=EmbeddingQueue(store, self.embedder, analyzer),
            preparation=Preparation(self.embedder, InProcessReaders(self.config.reading), self.config),
            answerability=load_answerability(),
        )
