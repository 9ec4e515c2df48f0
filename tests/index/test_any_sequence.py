"""Any sequence of calls, crashes and lost or older files leaves what plain Python and a fresh build have."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from index.collection import Collection
from index.config import ChunkingConfig, LibraryConfig, SearchConfig, VectorsConfig
from index.description import Description
from index.embedding import WordEmbedder
from index.engine.embedded import EmbeddedEngine
from index.errors import ChangeNotKept, DocumentNotFound, DocumentRetired, InvalidDocumentId
from index.filters import Comparison
from index.history.retention import Retention
from index.records import Put
from tests.agreement import ALL, check_answers, check_citation, check_documents, found, letters
from tests.model import Handed, Kept, Model, Written, handed, sentence
from tests.opening import collection_in, store_in
from tests.sizes import FULL

SENTENCES = [sentence(n) for n in range(12)]
IDS = ("a.txt", "b.txt", "c.txt", "sub/d.txt")
METADATA = st.sampled_from([(), (("kind", "sea"),), (("kind", "land"), ("year", "2020"))])
TEXTS = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6, unique=True).map("\n\n".join)
WRITTEN = st.builds(
    Written, st.sampled_from(IDS), TEXTS, title=st.sampled_from(["", "", "Tides"]), metadata=METADATA
)
Moment = list[tuple[Kept, tuple[int, str]]]
"""What was there after a change: each document, and the number and text of its newest version then."""

QUESTIONS = [
    (SENTENCES[0], None),
    ("lantern", None),
    ("granite harbour", Comparison("eq", "kind", ("sea",))),
    ("tides", Comparison("ne", "kind", ("sea",))),
]


has_documents = precondition(lambda self: self.model.live)


class AnySequence(RuleBasedStateMachine):
    """Makes the same calls on a collection and on a model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.root = tempfile.TemporaryDirectory()
        self.lives = 0
        self.folder = Path(self.root.name) / "0" / "default"
        self.opened: list[Collection] = []
        self.model = Model()
        self.handed: list[Handed] = []
        self.derived: list[Path] = []
        self.moments: dict[int, Moment] = {}
        self.backups: list[tuple[Path, Model, dict[int, Moment]]] = []

    def teardown(self) -> None:
        if self.opened:
            self.collection.embed_pending()
            self.equals_a_fresh_build()
        for one in self.opened:
            one.close()
        self.root.cleanup()

    @property
    def collection(self) -> Collection:
        return self.opened[-1]

    def open(self) -> Collection:
        self.opened.append(collection_in(self.folder, embedder=WordEmbedder(), config=self.config))
        return self.collection

    def other_folder(self) -> Path:
        self.lives += 1
        return Path(self.root.name) / str(self.lives)

    @initialize(
        kind=st.sampled_from(["flat", "ivf"]),
        merged=st.sampled_from([0, 1800]),
        written=st.lists(WRITTEN, min_size=2, max_size=4, unique_by=lambda one: one.id),
        compacts=st.booleans(),
    )
    def begin(self, kind: str, merged: int, written: list[Written], compacts: bool) -> None:
        self.config = LibraryConfig(
            chunking=ChunkingConfig(max_tokens=16, overlap_tokens=8),
            search=SearchConfig(merge_characters=merged),
            vectors=VectorsConfig(kind=kind),  # type: ignore[arg-type]
        )
        self.open()
        self.put(written)
        self.collection.embed_pending()
        if compacts:
            self.another_process_compacts()

    # Writing

    @rule(written=st.lists(WRITTEN, min_size=1, max_size=3))
    def put(self, written: list[Written]) -> None:
        self.put_into(self.collection, written)

    def put_into(self, collection: Collection, written: Sequence[Written]) -> None:
        outcomes = collection.put_many([one.source for one in written])
        for one, outcome in zip(written, outcomes, strict=True):
            assert isinstance(outcome, Put)
            assert outcome.status == self.model.put(one)

    @has_documents
    @rule(data=st.data(), text=TEXTS)
    def replace(self, data: st.DataObject, text: str) -> None:
        """Put another text, one that the document had, or the same again."""
        document = self.drawn(data)
        text = data.draw(st.sampled_from([text, *(text for _, text in document.versions)]))
        self.put([replace(document.put, id=document.id, text=text)])

    @has_documents
    @rule(data=st.data(), to=st.sampled_from(IDS))
    def rename(self, data: st.DataObject, to: str) -> None:
        id_ = self.drawn(data).id
        if to in self.model.documents:
            with pytest.raises(InvalidDocumentId):
                self.collection.editor.rename(id_, to)
        else:
            self.collection.editor.rename(id_, to)
            self.model.rename(id_, to)

    @has_documents
    @rule(
        data=st.data(),
        changed=st.dictionaries(st.sampled_from(["kind", "year"]), st.sampled_from(["sea", "land", None])),
    )
    def describe(self, data: st.DataObject, changed: dict[str, str | None]) -> None:
        id_ = self.drawn(data).id
        self.collection.editor.describe(id_, changed)
        self.model.describe(id_, changed)

    @has_documents
    @rule(data=st.data())
    def retire(self, data: st.DataObject) -> None:
        ids = data.draw(
            st.lists(st.sampled_from(sorted(self.model.live)), min_size=1, max_size=2, unique=True)
        )
        self.collection.editor.retire(ids)
        self.model.retire(ids)
        with pytest.raises(DocumentRetired):
            self.collection.editor.describe(ids[0], {"kind": "sea"})

    @precondition(lambda self: self.model.documents)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """A retired document is erased likewise."""
        id_ = data.draw(st.sampled_from(sorted(self.model.documents)))
        self.collection.editor.delete(id_)
        self.model.delete(id_)
        with pytest.raises(DocumentNotFound):
            self.collection.editor.delete(id_)

    def drawn(self, data: st.DataObject) -> Kept:
        return self.model.live[data.draw(st.sampled_from(sorted(self.model.live)))]

    @rule(keep=st.integers(1, 2))
    def prune(self, keep: int) -> None:
        pruned = self.collection.editor.prune(Retention(keep_versions=keep))
        assert len(pruned.versions) == self.model.prune(keep)

    @rule(limit=st.sampled_from([1, 3, None]))
    def embed(self, limit: int | None) -> None:
        self.collection.embed_pending(limit=limit)

    @rule()
    def purge(self) -> None:
        while erasure := self.collection.purging.pending():
            assert self.collection.purging.run(erasure)

    @rule(written=WRITTEN, embeds=st.booleans())
    def another_process_writes(self, written: Written, embeds: bool) -> None:
        with collection_in(self.folder, embedder=WordEmbedder(), config=self.config) as other:
            self.put_into(other, [written])
            if embeds:
                other.embed_pending()
        self.collection.refresh()

    @rule()
    def another_process_compacts(self) -> None:
        with self.another_engine() as engine:
            engine.dense.compact()

    @contextmanager
    def another_engine(self) -> Iterator[EmbeddedEngine]:
        with closing(store_in(self.folder)) as store:
            description = Description.of_today(WordEmbedder(), self.config)
            engine = EmbeddedEngine(self.folder, store, description, self.config)
            engine.update()
            yield engine
            engine.close()

    # Ends and losses

    @rule()
    def reopen(self) -> None:
        self.collection.close()
        self.open()

    @rule()
    def crash(self) -> None:
        """Go on with the files as they are; what the process before held in memory is lost."""
        self.moved()
        self.open()

    @rule()
    def keep_indexes(self) -> None:
        """Copy the derived files, to put them back later."""
        kept = self.other_folder()
        for name in ("lexical", "vectors"):
            if (self.folder / name).exists():
                shutil.copytree(self.folder / name, kept / name)
        self.derived.append(kept)

    @precondition(lambda self: self.derived)
    @rule(data=st.data(), names=st.sets(st.sampled_from(["lexical", "vectors"]), min_size=1))
    def crash_before_the_indexes_were_written(self, data: st.DataObject, names: set[str]) -> None:
        """Go on with indexes as they were some changes ago, or without them."""
        kept = data.draw(st.sampled_from(self.derived))
        self.moved()
        for name in names:
            shutil.rmtree(self.folder / name, ignore_errors=True)
            if (kept / name).exists():
                shutil.copytree(kept / name, self.folder / name)
        self.open()

    @rule()
    def back_up(self) -> None:
        """Copy the record, to put it back later."""
        kept = self.other_folder() / "store.sqlite"
        kept.parent.mkdir()
        with (
            closing(sqlite3.connect(self.folder / kept.name)) as source,
            closing(sqlite3.connect(kept)) as copy,
        ):
            source.backup(copy)
        self.backups.append((kept, *deepcopy((self.model, self.moments))))

    @precondition(lambda self: self.backups)
    @rule(data=st.data())
    def put_back(self, data: st.DataObject) -> None:
        """Put an older record beside the indexes of today."""
        at = data.draw(st.integers(0, len(self.backups) - 1))
        kept, self.model, self.moments = deepcopy(self.backups[at])
        self.moved()
        for name in ("store.sqlite", "store.sqlite-wal", "store.sqlite-shm"):
            (self.folder / name).unlink(missing_ok=True)
        shutil.copy(kept, self.folder)
        self.open()

    def moved(self) -> None:
        other = self.other_folder() / "default"
        shutil.copytree(self.folder, other)
        self.folder = other

    # What must hold

    @rule()
    def ask(self) -> None:
        for question, where in QUESTIONS:
            for hit in self.collection.ask(question, k=3, where=where).hits:
                citation = hit.citation
                document = self.model.live[citation.document_id]
                assert document.text[citation.start : citation.end] == citation.quote == hit.text
                assert where is None or (document.metadata.get("kind") == "sea") == (where.operator == "eq")
                one = handed(citation.document_id, document.text, citation.start, citation.end)
                assert one.locator == citation.locator
                self.handed.append(one)

    @has_documents
    @rule(data=st.data())
    def cite(self, data: st.DataObject) -> None:
        """Hand out a citation of one sentence of any version."""
        document = self.drawn(data)
        _, text = data.draw(st.sampled_from(document.versions))
        quote = data.draw(st.sampled_from(text.split("\n\n")))
        start = text.index(quote)
        self.handed.append(handed(document.id, text, start, start + len(quote)))

    @rule()
    def remember(self) -> None:
        """Keep what is there after this change, to ask as of it later."""
        self.collection.embed_pending()
        documents = self.model.live.values()
        self.moments[self.collection.state.change] = [(one, one.versions[-1]) for one in documents]

    @precondition(lambda self: self.moments)
    @rule(data=st.data())
    def ask_as_of(self, data: st.DataObject) -> None:
        change = data.draw(st.sampled_from(sorted(self.moments)))
        moment = self.moments[change]
        kept = [id(one) for one in self.model.documents.values()]
        if all(id(one) in kept and version in one.versions for one, version in moment):
            # Each passage has a vector, so each is found.
            answer = self.collection.ask(SENTENCES[0], k=ALL, as_of=change)
            assert found(answer) == {place for one, (_, text) in moment for place in letters(one.id, text)}
        else:
            with pytest.raises(ChangeNotKept):
                self.collection.ask(SENTENCES[0], as_of=change)

    @rule()
    def equals_a_fresh_build(self) -> None:
        self.collection.embed_pending()
        with self.another_engine() as engine:
            assert engine.check() == []
            assert list(engine._followed.store.problems(WordEmbedder().dimension)) == []
        sources = [one.source for one in self.model.in_order()]
        check_answers(self.collection, sources, QUESTIONS, self.other_folder())

    @invariant()
    def documents_are_those_of_the_model(self) -> None:
        if not self.opened:
            return
        check_documents(self.collection, self.model)

    @invariant()
    def citations_resolve_unless_they_were_erased(self) -> None:
        for citation in self.handed[-20:]:
            check_citation(self.collection, self.model, citation)


AnySequence.TestCase.settings = settings(
    max_examples=100 if FULL else 6,
    stateful_step_count=50 if FULL else 25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestAnySequence = AnySequence.TestCase
