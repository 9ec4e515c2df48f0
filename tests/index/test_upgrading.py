"""Upgrades: what is asked and written meanwhile, what is left of the old, and what a stop leaves to do."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from index.answers import Answer
from index.collection import Collection
from index.config import ChunkingConfig, LibraryConfig, Precision
from index.embedding import Models, WordEmbedder
from index.errors import ChangeNotKept, CollectionBusy, DiskFull, UpgradeBegun
from index.history import Retention
from index.library import Library
from index.naming import CALIBRATION_FILE
from index.search import Question
from index.upgrading import Progress, Upgrade
from service.flows.upkeep import back_up, check, restore
from tests.agreement import check_answers, check_documents
from tests.model import TOPICS, Model, Written, sentence
from tests.residue import residue

SHORT = LibraryConfig(ChunkingConfig(max_tokens=16, overlap_tokens=8))
LONG = LibraryConfig(ChunkingConfig(max_tokens=40, overlap_tokens=0))
QUESTIONS = [(topic, None) for topic in TOPICS]


def models() -> Models:
    """Words with as many dimensions as their name says; 256 by default."""

    def load(name: str, _: Precision | None) -> WordEmbedder:
        return WordEmbedder(int(name))

    return Models(WordEmbedder, name="256", load=load, most=9)


def written(number: int, version: int = 0, title: str = "") -> Written:
    text = "\n\n".join(sentence(97 * number + 31 * version + at) for at in range(6))
    return Written(f"{number:02}.txt", text, title)


class Kept:
    """A library with one collection, and the model of what must be in it."""

    def __init__(self, library: Library) -> None:
        self.library, self.model = library, Model()
        self.url = library.config.store_url
        self.collection = library.open("notes", create=True)

    @contextmanager
    def elsewhere(self, data: Path) -> Iterator[Collection]:
        """The collection on another machine, with indexes of its own."""
        config = replace(self.library.config, store=SecretStr(self.url))
        with Library(data, embedder=models(), config=config) as library:
            yield library.open("notes")

    def tables(self) -> list[str]:
        """The tables of the collection's record."""
        if self.url:
            with psycopg.connect(self.url) as connection:
                query = "SELECT tablename FROM pg_tables WHERE schemaname LIKE 'collection%'"
                return [name for (name,) in connection.execute(query)]
        with closing(sqlite3.connect(self.collection.folder / "store.sqlite")) as file:
            return [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]

    def another(self, config: LibraryConfig = SHORT, *, embedder: Models | None = None) -> Library:
        """Open the library as another process would."""
        config = replace(config, store=SecretStr(self.url))
        return Library(self.library.data, embedder=embedder or models(), config=config)

    def put(self, *documents: Written) -> None:
        self.collection.put_many([one.source for one in documents])
        for one in documents:
            self.model.put(one)

    def retire(self, *ids: str) -> None:
        self.collection.editor.retire(list(ids))
        self.model.retire(list(ids))

    def delete(self, id_: str) -> None:
        self.collection.editor.delete(id_)
        self.model.delete(id_)

    def check(self, builds: Path) -> None:
        """All documents, counts, answers and the files are those of a fresh build."""
        self.collection.embed_pending()
        check_documents(self.collection, self.model)
        sources = [one.source for one in self.model.in_order()]
        with ExitStack() as stack:
            anew = stack.enter_context(self.elsewhere(builds / "anew")) if self.url else None
            check_answers(self.collection, sources, QUESTIONS, builds, anew=anew)
        if self.url:
            assert list(self.collection._store.problems(self.collection.description.dimension)) == []
        else:
            assert list(check(self.library.data, SHORT)) == []

    def upgrade(
        self, model: str = "", during: Callable[[Progress], None] = lambda _: None, at_once: int = 0
    ) -> None:
        with self.library.upgrade("notes") as upgrade:
            assert upgrade.run(upgrade.plan(model), during, passages_at_once=at_once)


@pytest.fixture(params=["sqlite", "postgresql"])
def config(request: pytest.FixtureRequest) -> LibraryConfig:
    """The settings of a library in one of the stores."""
    if request.param == "sqlite":
        return SHORT
    return replace(SHORT, store=SecretStr(request.getfixturevalue("postgresql_url")))


@pytest.fixture
def kept(tmp_path: Path, config: LibraryConfig) -> Iterator[Kept]:
    """Twelve documents: of some versions, with a new title, and retired."""
    with Library(tmp_path / "data", embedder=models(), config=config) as library:
        kept = Kept(library)
        for documents in (
            [written(number) for number in range(12)],
            [written(number, 1) for number in range(4)],
            [written(5, title="Tides")],
        ):
            kept.put(*documents)
            kept.collection.embed_pending()
        kept.retire("06.txt", "00.txt")
        yield kept


def locators(answer: Answer) -> list[str]:
    return [hit.citation.locator for hit in answer.hits]


def test_to_another_model_and_chunking(kept: Kept, tmp_path: Path) -> None:
    collection = kept.collection
    cited = {hit.citation.locator: hit.text for topic in TOPICS for hit in collection.ask(topic, k=40).hits}
    change, fingerprint = collection.state.change, collection.fingerprint
    kept.library.config = LONG
    with kept.library.upgrade("notes") as upgrade:
        plan = upgrade.plan("64")
        assert plan.changes == ["model", "chunking"]
        assert (plan.documents, plan.begun) == (10, False)
        assert plan.seconds > 0
        assert 0 < plan.bytes < plan.free
        assert upgrade.run(plan)
        assert upgrade.plan().changes == []
    collection.refresh()
    assert collection.description.dimension == 64
    assert collection.config.chunking == LONG.chunking
    assert collection.state.fingerprint == collection.fingerprint != fingerprint
    assert collection.state.change == change + 1
    for locator, text in cited.items():
        assert collection.archive.cite(locator).quote == text
    before = collection.ask(TOPICS[0], k=40, as_of=2)
    assert {one.split("@")[0] for one in locators(before)} <= {f"{number:02}.txt" for number in range(12)}
    assert before.index.fingerprint == collection.fingerprint
    kept.check(tmp_path)
    with kept.another() as again:
        opened = again.open("notes")
        assert opened.description == collection.description
        if not kept.url:
            stored = json.loads((opened.folder / "collection.json").read_text())
            assert stored == opened.description.to_json()
        assert locators(opened.ask(TOPICS[1], k=40)) == locators(collection.ask(TOPICS[1], k=40))


def test_an_earlier_change_answers_as_before(kept: Kept) -> None:
    """By the same rules and model: the passages of all versions are made anew, not only the newest."""
    collection = kept.collection

    def asked() -> list[set[str]]:
        answers = [collection.ask(topic, k=40, as_of=change) for change in changes for topic in TOPICS]
        # A version that was given a title has it from its beginning, then.
        return [{one for one in locators(answer) if not one.startswith("05.txt")} for answer in answers]

    changes = [2, 4, 6, 7]  # those after which all passages had vectors, as now at any
    before = asked()
    assert len({*map(frozenset, before)}) > 2 * len(TOPICS)
    for config in (LONG, SHORT):
        kept.library.config = config
        kept.upgrade()
        collection.refresh()
    assert asked() == before


def test_it_is_asked_and_written_meanwhile(kept: Kept, tmp_path: Path) -> None:
    """Whatever is written at each step is in the new one, and until then in the old."""
    collection, steps = kept.collection, iter(range(100))

    def write(_: Progress) -> None:
        assert collection.description.dimension == 256
        match next(steps):
            case 0:
                kept.put(written(20), written(1, 2))
            case 1:
                kept.delete("02.txt")
            case 2:
                kept.put(written(21), written(5, title="Ebb"), written(0, 3))
                collection.embed_pending()
            case 3:
                kept.retire("20.txt", "07.txt")
            case 4:
                collection.editor.rename("03.txt", "30.txt")
                kept.model.rename("03.txt", "30.txt")
                collection.editor.prune(Retention(keep_versions=1))
                kept.model.prune(1)
        with kept.another() as another:
            answer = another.open("notes").ask(written(4).text.partition("\n")[0])
            assert answer.hits[0].citation.document_id == "04.txt"

    kept.upgrade("64", write, at_once=8)
    assert next(steps) > 5
    collection.refresh()
    assert collection.description.dimension == 64
    kept.check(tmp_path)


def test_a_collection_that_is_open_follows_with_its_next_question(kept: Kept, tmp_path: Path) -> None:
    with kept.another() as another:
        opened = another.open("notes")
        seen = opened.restrict_to({"crew"})
        model, vectors = opened.description.model, another.embedder.embed_queries([TOPICS[0]])
        kept.upgrade("64")
        question = Question.validate(TOPICS[0], k=40)
        for one in (seen, opened):  # without a refresh, and with vectors of the model before
            answer = one.questions.answer(question, vectors=vectors, model=model)
            assert answer.index.fingerprint == opened.fingerprint != ""
        kept.collection.refresh()
        assert locators(answer) == locators(kept.collection.ask(TOPICS[0], k=40))
        opened.put(written(40).source)
        opened.embed_pending()
        assert opened.archive.document("40.txt").embedded == opened.archive.document("40.txt").passages


def test_what_was_prepared_for_the_rules_before_is_prepared_again(kept: Kept, tmp_path: Path) -> None:
    """The upgrade comes between the splitting of a document and its commit."""
    with kept.another() as another:
        opened = another.open("notes")
        known = opened._writer._preparation()
        kept.library.config = LONG
        kept.upgrade()
        assert opened._writer._preparation() is known
        opened.put(written(41).source)
        assert opened._writer._preparation() is not known
        opened.embed_pending()
    kept.collection.refresh()
    kept.model.put(written(41))
    kept.check(tmp_path)


def test_vectors_of_the_model_before_are_not_stored(kept: Kept) -> None:
    kept.put(written(42))
    before = kept.collection._following.derivation
    with kept.collection._store.lease("embed/test") as lease:
        (batch,) = [one for one in [before.embedding._claim(99, lease)] if one]
        kept.upgrade("64")
        assert kept.collection._backlog.put(before, batch.embed(before.embedder), lease) == 0
    assert kept.collection.embed_pending() == 0  # the upgrade has embedded it
    assert kept.collection.state.embedded == 1.0


def test_a_stopped_one_goes_on(kept: Kept, tmp_path: Path) -> None:
    loaded: list[WordEmbedder] = []

    def load(name: str, _: Precision | None) -> WordEmbedder:
        loaded.append(WordEmbedder(int(name)))
        return loaded[-1]

    def run(stop_after: int) -> bool:
        steps = iter(range(10_000))
        with (
            kept.another(embedder=Models(WordEmbedder, name="256", load=load)) as library,
            library.upgrade("notes") as upgrade,
        ):
            plan = upgrade.plan("64")
            return upgrade.run(plan, stop=lambda: next(steps) >= stop_after, passages_at_once=4)

    assert not run(5)  # while it splits
    assert kept.collection.description.dimension == 256
    for steps_done in (16, 3):  # while it embeds
        assert not run(steps_done)
    with kept.library.upgrade("notes") as upgrade:
        assert upgrade.begun is not None
        assert upgrade.begun.dimension == 64
        done = upgrade.progress()
        assert 0 < done.embedded < done.passages
        assert upgrade.plan().begun
        with pytest.raises(UpgradeBegun, match="'words-64-64' has begun"):
            upgrade.plan("32")
    sampled = sum(embedder.passages for embedder in loaded)
    assert run(10_000)
    kept.collection.refresh()
    kept.check(tmp_path)
    # No passage was embedded twice; a sample of 17 texts measures the time, at each start.
    assert loaded[-1].passages - 17 <= done.passages - done.embedded + 4
    assert sampled - 17 * 3 <= done.embedded + 4


def test_a_cancelled_one_leaves_nothing(kept: Kept, tmp_path: Path) -> None:
    steps = iter(range(100))
    with kept.library.upgrade("notes") as upgrade:
        assert not upgrade.run(upgrade.plan("64"), stop=lambda: next(steps) > 20, passages_at_once=4)
        upgrade.cancel()
        assert upgrade.begun is None
        assert upgrade.plan("32").begun is False
        assert upgrade.plan().changes == []
    assert [name for name in kept.tables() if name.startswith("staged")] == []
    kept.check(tmp_path)


def test_equal_texts_keep_their_vectors(kept: Kept) -> None:
    """Where only the chunker changes, and the passages stay as they are."""
    with kept.another(LONG) as library:
        with library.upgrade("notes") as upgrade:
            embedder = library.embedder
            plan = upgrade.plan()
            assert plan.changes == ["chunking"]
            assert isinstance(embedder, WordEmbedder)
            upgrade.run(plan)
        library.config = LibraryConfig(ChunkingConfig(max_tokens=40, overlap_tokens=0, max_characters=4000))
        with library.upgrade("notes") as upgrade:
            plan = upgrade.plan()
            before = embedder.passages
            assert upgrade.run(plan)
            assert embedder.passages == before
        assert library.open("notes").state.embedded == 1.0


def test_only_one_process_upgrades(kept: Kept) -> None:
    def again(_: Progress) -> None:
        with (
            kept.another() as another,
            another.upgrade("notes") as upgrade,
            pytest.raises(CollectionBusy),
        ):
            upgrade.run(upgrade.plan("64"))

    kept.upgrade("64", again)


def test_a_full_disk_is_told_before(kept: Kept) -> None:
    with kept.library.upgrade("notes") as upgrade:
        plan = replace(upgrade.plan("64"), free=1)
        with pytest.raises(DiskFull, match=r"needs about .* the collection is as before"):
            upgrade.run(plan)
        assert upgrade.begun is None


def test_a_calibration_that_does_not_fit_any_more_is_named_and_not_used(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    path = kept.collection.folder / CALIBRATION_FILE
    kept.collection._following.derivation.answerability.save(path)
    certain = {**json.loads(path.read_text()), "provenance": {}}
    for part in ("known", "spelt"):
        certain[part] = {**certain[part], "intercept": 99.0}
    path.write_text(json.dumps(certain))
    with kept.another() as library:
        assert library.open("notes").ask(TOPICS[0]).answerability > 0.99
    kept.upgrade("64")
    with kept.another() as library:
        opened = library.open("notes")
        assert opened.ask(TOPICS[0]).answerability < 0.999
        assert f"{path} was fitted to answers of this collection before it was upgraded" in caplog.text
        certain["provenance"] = {"fingerprint": opened.fingerprint}
    path.write_text(json.dumps(certain))
    with kept.another() as library:
        assert library.open("notes").ask(TOPICS[0]).answerability > 0.99


@pytest.mark.parametrize("config", ["sqlite"], indirect=True)
def test_a_backup_takes_an_upgrade_along_and_the_model(kept: Kept, tmp_path: Path) -> None:
    def copy(progress: Progress) -> None:
        if progress.embedded > 20 and not (tmp_path / "during").exists():
            back_up(kept.library.data, tmp_path / "during")

    kept.upgrade("64", copy, at_once=8)
    kept.collection.refresh()
    back_up(kept.library.data, tmp_path / "after")
    for name, dimension in (("during", 256), ("after", 64)):
        restore(tmp_path / f"restored-{name}", tmp_path / name, ledger=None)
        with Library(tmp_path / f"restored-{name}", embedder=models(), config=SHORT) as library:
            assert library.open("notes").description.dimension == dimension
            with library.upgrade("notes") as upgrade:
                assert (upgrade.begun is not None) == (name == "during")
                assert upgrade.run(upgrade.plan())  # goes on
            opened = library.open("notes")
            opened.refresh()
            assert opened.description.dimension == 64
            assert locators(opened.ask(TOPICS[0], k=40)) == locators(kept.collection.ask(TOPICS[0], k=40))


def test_what_is_erased_meanwhile_leaves_nothing(kept: Kept) -> None:
    kept.put(Written("secret.txt", "The password is xenon. " + written(50).text, "Argon"))
    kept.collection.embed_pending()
    steps = iter(range(1000))
    with kept.library.upgrade("notes") as upgrade:
        plan = upgrade.plan("64")
        assert not upgrade.run(plan, stop=lambda: next(steps) > 22, passages_at_once=4)
        assert kept.url or residue(kept.collection.folder, ["argon", "Argon"])
        kept.delete("secret.txt")
        erasure = kept.collection.purging.pending()
        assert erasure
        assert kept.collection.purging.run(erasure)
        assert residue(kept.collection.folder, ["xenon", "Argon"]) == []
        assert upgrade.run(upgrade.plan())
    kept.collection.refresh()
    with pytest.raises(ChangeNotKept):
        kept.collection.ask(TOPICS[0], as_of=kept.collection.state.change - 2)


def test_a_collection_whose_model_is_gone_is_upgraded(tmp_path: Path, config: LibraryConfig) -> None:
    with Library(tmp_path, embedder=WordEmbedder(32), config=config) as library:
        made = library.open("notes", create=True)
        made.put(written(0).source)
    with Library(tmp_path, embedder=models(), config=config) as library:
        with library.upgrade("notes") as upgrade:
            assert upgrade.run(upgrade.plan("64"))
        assert library.open("notes").state.embedded == 1.0


def test_an_empty_collection_is_upgraded(tmp_path: Path, config: LibraryConfig) -> None:
    with Library(tmp_path, embedder=models(), config=config) as library:
        collection = library.open("notes", create=True)
        with library.upgrade("notes") as upgrade:
            assert upgrade.run(upgrade.plan("64"))
        collection.put(written(0).source)
        assert collection.embed_pending() > 0
        assert collection.description.dimension == 64


def test_upgrades_follow_each_other(kept: Kept, tmp_path: Path) -> None:
    for model in ("64", "32", "256"):
        kept.upgrade(model)
        kept.collection.refresh()
        assert kept.collection.description.source == model
        kept.check(tmp_path)
    assert sorted(path.name for path in kept.collection.folder.glob("indexes-*")) == ["indexes-3"]
    assert not (kept.collection.folder / "lexical").exists()
    assert isinstance(kept.library.upgrade("notes"), Upgrade)


class InPrecision(WordEmbedder):
    """Words, with the fingerprint of a model in a precision."""

    def __init__(self, precision: Precision | None) -> None:
        super().__init__()
        self.fingerprint = f"m:0:1:{'fp32' if precision == 'float' else 'dynamic-int8-1'}"


def in_precision(chosen: Precision) -> Models:
    return Models(
        WordEmbedder, name="m", load=lambda _, precision: InPrecision(precision), choose=lambda _: chosen
    )


@pytest.mark.parametrize(("before", "after"), [("float", "dynamic-int8"), ("dynamic-int8", "float")])
def test_to_the_precision_that_the_machine_chooses_now(
    tmp_path: Path, before: Precision, after: Precision
) -> None:
    with Library(tmp_path, embedder=in_precision(before)) as library:
        collection = library.open("notes", create=True)
        collection.put_many([written(number).source for number in range(3)])
        collection.embed_pending()
        cited = {hit.citation.locator: hit.text for hit in collection.ask(TOPICS[0], k=9).hits}
        with library.upgrade("notes") as upgrade:
            assert upgrade.plan().changes == []
    with Library(tmp_path, embedder=in_precision(after)) as library:
        with library.upgrade("notes") as upgrade:
            plan = upgrade.plan()
            assert plan.changes == ["precision"]
            assert upgrade.run(plan)
            assert upgrade.plan().changes == []
        opened = library.open("notes")
        assert (opened.description.precision, opened.outdated) == (after, [])
        for locator, text in cited.items():
            assert opened.archive.cite(locator).quote == text


def test_an_upgrade_goes_on_to_the_precision_that_it_was_begun_with(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=in_precision("float")) as library:
        library.open("notes", create=True).put_many([written(number).source for number in range(3)])
    with (
        Library(tmp_path, embedder=in_precision("dynamic-int8")) as library,
        library.upgrade("notes") as upgrade,
    ):
        assert not upgrade.run(upgrade.plan(), stop=lambda: upgrade.begun is not None)
    with Library(tmp_path, embedder=in_precision("float")) as library:
        with library.upgrade("notes") as upgrade:
            assert (upgrade.plan().begun, upgrade.plan().changes) == (True, ["precision"])
            assert upgrade.run(upgrade.plan())
        assert library.description("notes").precision == "dynamic-int8"
