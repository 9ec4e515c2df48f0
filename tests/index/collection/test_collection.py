import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from index.answers import Answer
from index.collection import Collection
from index.config import ChunkingConfig, IngestConfig, LibraryConfig, SearchConfig, VectorsConfig
from index.description import Description
from index.embedding import WordEmbedder
from index.engine.embedded import EmbeddedEngine
from index.errors import (
    CitationNotFound,
    CollectionBusy,
    CollectionMismatch,
    DocumentNotFound,
    EmptyDocument,
    EmptyQuestion,
    InvalidDocumentId,
    InvalidInput,
    InvalidLimit,
    InvalidLocator,
    OriginalNotFound,
    StoreDamaged,
    UndecodableText,
    UnknownFormat,
    VersionNotFound,
)
from index.filters import Comparison
from index.history.retention import Retention
from index.ingest.preparation import Source
from index.records import Put
from index.search.question import is_spelt
from tests.index.conftest import Opener
from tests.opening import collection_in, resolving, store_in
from tests.patience import PATIENCE
from tests.sizes import examples

PLANETS = {
    "mercury.txt": "Mercury is the smallest planet. It circles the sun in 88 days.",
    "venus.txt": "Venus is hotter than Mercury. Its day is longer than its year.",
    "mars.txt": (
        "= Mars =\n\n== Moons ==\n\nMars has two moons, Phobos and Deimos.\n\n== Soil ==\n\nIts soil is red."
    ),
}


def put(collection: Collection, id_: str, text: str, **given: object) -> Put:
    return collection.put(Source(id_, text.encode(), **given))  # type: ignore[arg-type]


def fill(collection: Collection, texts: dict[str, str] | None = None) -> None:
    for id_, text in (PLANETS if texts is None else texts).items():
        put(collection, id_, text)
    collection.embed_pending()


def found(answer: Answer) -> list[str]:
    return [hit.citation.document_id for hit in answer.hits]


def assert_law(collection: Collection, answer: Answer) -> None:
    for hit in answer.hits:
        citation = hit.citation
        _, text = collection.archive.text(citation.document_id, citation.version)
        assert text[citation.start : citation.end] == citation.quote == hit.text
        assert collection.archive.cite(citation.locator).quote == citation.quote


def test_the_best_passage_comes_first_with_its_citation(collection: Collection) -> None:
    fill(collection)
    answer = collection.ask("Which moons does Mars have?", k=2)
    first = answer.hits[0]
    assert first.text == "Mars has two moons, Phobos and Deimos."
    assert (first.rank, first.citation.title, first.citation.section) == (1, "Mars", ("Moons",))
    assert first.explain.lexical.terms == ("moons", "Mars")
    assert first.explain.dense.rank == first.explain.lexical.rank == 1
    assert answer.index.embedded == 1.0
    assert set(answer.timings_ms) == {
        "encode", "tokens", "dense", "lexical", "fusion", "second_look", "passages", "answerability", "total",
    }  # fmt: skip
    assert_law(collection, answer)


def test_words_of_headings_are_matched_too(collection: Collection) -> None:
    put(collection, "light.md", "# Lighthouses\n\nThe lamp is lit at dusk.")
    collection.embed_pending()
    (hit, *_) = collection.ask("Which lamp do lighthouses have?").hits
    assert hit.text == "The lamp is lit at dusk."
    assert hit.explain.lexical.terms == ("lamp", "lighthouses")


def test_a_document_is_found_by_words_before_it_has_vectors(collection: Collection) -> None:
    put(collection, "venus.txt", PLANETS["venus.txt"])
    answer = collection.ask("hotter")
    assert found(answer) == ["venus.txt"]
    assert answer.index.embedded == 0.0
    assert answer.hits[0].explain.dense.score is None
    assert collection.embed_pending() == 1
    answer = collection.ask("hotter")
    assert answer.index.embedded == 1.0
    assert answer.hits[0].explain.dense.rank == 1


def test_a_vector_that_the_caller_has_is_used(collection: Collection, embedder: WordEmbedder) -> None:
    fill(collection)
    vectors = embedder.embed_queries(["moons"])
    before = embedder.queries
    assert found(collection.ask("xyzzy", k=1, vectors=vectors)) == ["mars.txt"]
    assert embedder.queries == before


@pytest.mark.parametrize("question", ["", "  ", "?!", "\n"])
def test_a_question_without_words_is_refused(collection: Collection, question: str) -> None:
    with pytest.raises(EmptyQuestion):
        collection.ask(question)


@pytest.mark.parametrize("k", [0, -1, 101, 10_000])
def test_k_has_limits(collection: Collection, k: int) -> None:
    with pytest.raises(InvalidLimit, match="1 to 100"):
        collection.ask("moons", k=k)


def test_an_empty_collection_answers_with_nothing(collection: Collection) -> None:
    assert collection.ask("moons").hits == ()


def test_filters_choose_documents_before_ranking(open_collection: Opener) -> None:
    collection = open_collection(LibraryConfig(search=SearchConfig(candidates=3)))
    for n in range(20):
        put(collection, f"{n}.txt", f"moons moons moons {n}", metadata={"n": n})
    put(collection, "far.txt", "One line about other things and moons at last.", metadata={"n": 99})
    collection.embed_pending()
    assert "far.txt" not in found(collection.ask("moons", k=3))
    assert found(collection.ask("moons", k=3, where=Comparison("eq", "n", (99,)))) == ["far.txt"]
    assert collection.ask("moons", where=Comparison("eq", "n", (100,))).hits == ()


def test_equal_passages_are_grouped_and_keep_their_places(collection: Collection) -> None:
    fill(collection, {f"{n}.txt": "All rights are reserved." for n in range(3)})
    (hit,) = collection.ask("rights").hits
    assert len(hit.also_at) == 2
    places = [collection.archive.cite(locator) for locator in (hit.citation.locator, *hit.also_at)]
    assert {place.document_id for place in places} == {"0.txt", "1.txt", "2.txt"}
    assert {place.quote for place in places} == {"All rights are reserved."}


def long_text(sentences: int = 12) -> str:
    return " ".join(
        f"Sentence {n} speaks of moons and has quite a few words in it." for n in range(sentences)
    )


def test_neighbours_are_merged_into_one_passage(open_collection: Opener) -> None:
    collection = open_collection(LibraryConfig(chunking=ChunkingConfig(max_tokens=30, overlap_tokens=12)))
    fill(collection, {"long.txt": long_text()})
    assert collection.archive.counts().passages > 3
    (hit,) = collection.ask("moons", k=3).hits
    assert hit.text == long_text()
    assert_law(collection, collection.ask("moons"))


def test_neighbours_can_be_left_apart(open_collection: Opener) -> None:
    config = LibraryConfig(
        chunking=ChunkingConfig(max_tokens=30, overlap_tokens=12), search=SearchConfig(merge_characters=0)
    )
    collection = open_collection(config)
    fill(collection, {"long.txt": long_text()})
    assert len(collection.ask("moons", k=3).hits) == 3


def test_passages_of_different_sections_are_not_merged(collection: Collection) -> None:
    fill(collection, {"a.txt": "== A ==\n\nRed moons.\n\n== B ==\n\nBlue moons."})
    assert sorted(hit.text for hit in collection.ask("moons").hits) == ["Blue moons.", "Red moons."]


def test_an_unchanged_document_is_not_embedded_again(collection: Collection, embedder: WordEmbedder) -> None:
    fill(collection)
    before, change = embedder.passages, collection.archive.counts().change
    outcome = put(collection, "mars.txt", PLANETS["mars.txt"])
    assert outcome.status == "unchanged"
    assert collection.embed_pending() == 0
    assert (embedder.passages, collection.archive.counts().change) == (before, change)


def test_a_lost_original_is_put_back_with_the_same_bytes(collection: Collection) -> None:
    fill(collection)
    data = PLANETS["mars.txt"].encode()
    (lost,) = (path for path in collection.folder.glob("originals/*/*") if path.read_bytes() == data)
    lost.unlink()
    with pytest.raises(OriginalNotFound):
        collection.archive.original("mars.txt")
    change = collection.archive.counts().change
    assert put(collection, "mars.txt", PLANETS["mars.txt"]).status == "unchanged"
    with collection.archive.original("mars.txt")[1] as original:
        assert original.read() == data
    assert collection.archive.counts().change == change


def test_a_changed_document_embeds_only_what_changed(collection: Collection, embedder: WordEmbedder) -> None:
    fill(collection)
    before = embedder.passages
    outcome = put(collection, "mars.txt", PLANETS["mars.txt"].replace("red", "rusty"))
    assert (outcome.status, outcome.record.version) == ("replaced", 2)
    collection.embed_pending()
    assert embedder.passages == before + 1
    assert collection.ask("red soil").hits[0].text == "Its soil is rusty."


def test_metadata_changes_without_embedding(collection: Collection, embedder: WordEmbedder) -> None:
    fill(collection)
    before = embedder.passages
    outcome = put(collection, "mars.txt", PLANETS["mars.txt"], metadata={"kind": "rock"})
    assert (outcome.status, outcome.record.version) == ("replaced", 1)
    assert collection.embed_pending() == 0
    assert embedder.passages == before
    answer = collection.ask("moons", where=Comparison("eq", "kind", ("rock",)))
    assert answer.hits[0].metadata == {"kind": "rock"}
    assert answer.hits[0].explain.dense.rank == 1


def test_the_same_words_in_another_document_are_not_embedded_again(
    collection: Collection, embedder: WordEmbedder
) -> None:
    fill(collection)
    before = embedder.passages
    put(collection, "copy.txt", PLANETS["venus.txt"])
    collection.embed_pending()
    assert embedder.passages == before
    assert collection.archive.document("copy.txt").embedded == 1


def test_an_old_citation_still_resolves(collection: Collection) -> None:
    fill(collection)
    old = collection.ask("soil").hits[0].citation
    put(collection, "mars.txt", "Nothing of it is left.")
    again = collection.archive.cite(old.locator)
    assert (again.quote, again.version, again.section) == ("Its soil is red.", 1, ("Soil",))
    assert "mars.txt" not in found(collection.ask("soil"))


def test_a_deleted_document_is_gone(collection: Collection) -> None:
    fill(collection)
    citation = collection.ask("moons").hits[0].citation
    assert collection.editor.delete("mars.txt").id == "mars.txt"
    assert "mars.txt" not in found(collection.ask("Mars moons Phobos"))
    with pytest.raises(CitationNotFound, match="deleted"):
        collection.archive.cite(citation.locator)
    with pytest.raises(DocumentNotFound):
        collection.editor.delete("mars.txt")


def test_locators_that_name_nothing(collection: Collection) -> None:
    fill(collection)
    citation = collection.ask("moons").hits[0].citation
    with pytest.raises(CitationNotFound, match="past the text"):
        collection.archive.cite(citation.locator.rsplit("-", 1)[0] + "-9999")
    with pytest.raises(CitationNotFound):
        collection.archive.cite(f"mars.txt@{'0' * 12}:0-5")
    with pytest.raises(InvalidLocator):
        collection.archive.cite("mars.txt")


def test_any_span_can_be_cited(collection: Collection) -> None:
    fill(collection)
    version, text = collection.archive.text("mars.txt")
    citation = collection.archive.cite(f"mars.txt@{version.text_sha256.hex()[:12]}:12-17")
    assert citation.quote == text[12:17]


def test_what_is_wrong_with_a_document_is_told_and_the_others_are_kept(collection: Collection) -> None:
    outcomes = collection.put_many(
        [
            Source("good.txt", b"Good words."),
            Source("bad.txt", b"\xff\xfe\xfa"),
            Source("empty.txt", b" \n "),
            Source("..", b"x"),
        ]
    )
    assert [type(outcome) for outcome in outcomes] == [Put, UndecodableText, EmptyDocument, InvalidDocumentId]
    assert [record.id for record in collection.archive.documents()] == ["good.txt"]
    with pytest.raises(EmptyDocument):
        put(collection, "empty.txt", "")


def test_the_same_id_twice_in_one_put_keeps_the_last(collection: Collection) -> None:
    collection.put_many([Source("a.txt", b"First words."), Source("a.txt", b"Second words.")])
    assert collection.archive.text("a.txt")[1] == "Second words."
    assert collection.archive.counts().passages == 1


# Several processes, and crashes


def test_another_process_sees_what_was_committed(open_collection: Opener) -> None:
    writer, reader = open_collection(), open_collection()
    fill(writer)
    reader.refresh()
    answer = reader.ask("Which moons does Mars have?")
    assert answer.hits[0].explain.dense.rank == 1
    assert answer.index == writer.ask("moons").index
    writer.editor.delete("mars.txt")
    reader.refresh()
    assert "mars.txt" not in found(reader.ask("Which moons does Mars have?"))


def test_two_processes_write_in_turns(open_collection: Opener) -> None:
    one, two = open_collection(), open_collection()
    put(one, "a.txt", "Alpha moons.")
    put(two, "b.txt", "Beta moons.")
    put(one, "c.txt", "Gamma moons.")
    one.embed_pending()
    for collection in (one, two):
        collection.refresh()
        assert sorted(found(collection.ask("moons"))) == ["a.txt", "b.txt", "c.txt"]


def test_two_workers_embed_one_collection_and_no_text_twice(
    open_collection: Opener, embedder: WordEmbedder
) -> None:
    config = LibraryConfig(ingest=IngestConfig(passages_per_batch=2))
    one, two = open_collection(config=config), open_collection(config=config)
    for n in range(9):
        put(one, f"{n}.txt", f"Moons number {n}.")
    before, others = embedder.passages, 0

    def work(done: int, total: int) -> None:
        nonlocal others
        others += two.embed_pending()

    own = one.embed_pending(progress=work)
    assert own + others == embedder.passages - before == 9
    assert others > 0
    assert one.archive.counts().embedded == 9


def test_a_collection_opens_after_a_crash_between_record_and_indexes(
    open_collection: Opener, tmp_path: Path
) -> None:
    collection = open_collection()
    fill(collection)
    # What a killed process leaves: the record is ahead of the words, and passages wait for vectors.
    shutil.copytree(tmp_path / "default" / "lexical", tmp_path / "old")
    put(collection, "pluto.txt", "Pluto is far away.")
    collection.close()
    shutil.rmtree(tmp_path / "default" / "lexical")
    shutil.move(tmp_path / "old", tmp_path / "default" / "lexical")
    again = open_collection()
    assert found(again.ask("Pluto", k=1)) == ["pluto.txt"]
    assert again.embed_pending() == 1
    assert again.ask("Pluto", k=1).hits[0].explain.dense.rank == 1


@pytest.mark.parametrize("lost", ["lexical", "vectors"])
def test_a_lost_index_is_built_again(open_collection: Opener, tmp_path: Path, lost: str) -> None:
    collection = open_collection()
    fill(collection)
    before = collection.ask("Which moons does Mars have?")
    collection.close()
    shutil.rmtree(tmp_path / "default" / lost, ignore_errors=True)
    after = open_collection().ask("Which moons does Mars have?")
    assert after.hits == before.hits


def test_readers_go_on_while_another_thread_writes(collection: Collection) -> None:
    fill(collection)
    stop = threading.Event()
    wrong: list[object] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                answer = collection.ask("Which planet has moons?")
                assert answer.hits
                assert_law(collection, answer)
            except Exception as error:
                wrong.append(error)
                return

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(15):
        put(collection, f"{n}.txt", f"Planet {n} has {n} moons.")
        collection.embed_pending()
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


# What it was built with


def test_another_model_is_refused(open_collection: Opener) -> None:
    open_collection()
    with pytest.raises(CollectionMismatch, match=r"model 'words-256-64', not 'words-8-64'"):
        open_collection(model=WordEmbedder(dimension=8))


def test_a_collection_keeps_the_chunking_that_it_was_made_with(
    open_collection: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "loccit.collection")
    made = open_collection(LibraryConfig(chunking=ChunkingConfig(max_tokens=16, overlap_tokens=0)))
    same = open_collection(
        LibraryConfig(made.description.chunking, search=SearchConfig(dense_weight=0.1))  # ranking may differ
    )
    assert same.outdated == []
    assert "upgrade" not in caplog.text
    other = open_collection()
    assert other.fingerprint == made.fingerprint
    assert other.outdated == ["chunking"]
    assert "was made with another chunking" in caplog.text
    other.put(Source("a.txt", b"One two three four five six seven. " * 4, title="T"))
    assert other.archive.document("a.txt").passages == 2


def test_an_unknown_format_is_refused(open_collection: Opener, tmp_path: Path) -> None:
    open_collection().close()
    path = tmp_path / "default" / "collection.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(UnknownFormat, match="format 99"):
        open_collection()


def test_a_graph_of_an_earlier_version_is_replaced_by_what_the_store_has(
    open_collection: Opener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collection = open_collection()
    fill(collection)
    before = [hit.text for hit in collection.ask("Phobos and Deimos").hits]
    collection.close()
    vectors = tmp_path / "default" / "vectors"
    with closing(store_in(tmp_path / "default")) as store:
        config = LibraryConfig(vectors=VectorsConfig(kind="ivf", threads=1))
        engine = EmbeddedEngine(
            tmp_path / "default", store, Description.of_today(WordEmbedder(), config), config
        )
        engine.update()
        engine.dense.compact()
        engine.close()
    manifest = json.loads((vectors / "manifest.json").read_text())
    graph = faiss.index_factory(manifest["dimension"], "HNSW32,SQ8", faiss.METRIC_INNER_PRODUCT)
    rows = np.eye(manifest["count"], manifest["dimension"], dtype=np.float32)
    graph.train(rows)
    graph.add(rows)
    candidates = vectors / manifest["files"]["candidates"]["name"]
    faiss.write_index(graph, str(candidates))
    manifest["files"]["candidates"]["bytes"] = candidates.stat().st_size
    (vectors / "manifest.json").write_text(json.dumps({**manifest, "kind": "hnsw"}))

    again = open_collection()
    assert [hit.text for hit in again.ask("Phobos and Deimos").hits] == before
    (line,) = [record.message for record in caplog.records]
    assert "its kind is 'hnsw', not 'flat' or 'ivf'; it starts empty and is filled from the store" in line
    again.embed_pending()
    assert json.loads((vectors / "manifest.json").read_text())["kind"] == "flat"
    again.close()
    assert [hit.text for hit in open_collection().ask("Phobos and Deimos").hits] == before
    assert len(caplog.records) == 1


def test_a_broken_description_or_record_is_told(open_collection: Opener, tmp_path: Path) -> None:
    open_collection().close()
    store = tmp_path / "default" / "store.sqlite"
    for path in (store.with_suffix(".sqlite-wal"), store.with_suffix(".sqlite-shm")):
        path.unlink(missing_ok=True)
    store.write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreDamaged, match=r"store\.sqlite"):
        open_collection()
    (tmp_path / "default" / "collection.json").write_text("{")
    with pytest.raises(StoreDamaged, match=r"collection\.json"):
        open_collection()


def test_files_and_threads_are_given_back(open_collection: Opener) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    fill(open_collection())
    open_collection().close()
    before = descriptors(), threading.active_count()
    for _ in range(20):
        with open_collection() as collection:
            collection.ask("moons")
            put(collection, "a.txt", "A moon.")
    assert descriptors() <= before[0] + 2
    assert threading.active_count() <= before[1]


def test_a_busy_collection_says_so(open_collection: Opener, tmp_path: Path) -> None:
    from filelock import FileLock

    collection = open_collection(LibraryConfig(lock_seconds=0.05))
    with (
        FileLock(tmp_path / "default" / "write.lock"),
        pytest.raises(CollectionBusy, match="another process"),
    ):
        put(collection, "a.txt", "A moon.")


# The law


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=4), data=st.data())
def test_every_quote_is_a_slice_of_its_text(
    open_collection: Opener, tmp_path: Path, texts: list[str], data: st.DataObject
) -> None:
    shutil.rmtree(tmp_path / "default", ignore_errors=True)
    collection = open_collection(LibraryConfig(chunking=ChunkingConfig(max_tokens=24, overlap_tokens=6)))
    outcomes = collection.put_many(
        [Source(str(n), text.encode("utf-8", "surrogatepass"), name="a.txt") for n, text in enumerate(texts)]
    )
    taken = [outcome for outcome in outcomes if not isinstance(outcome, InvalidInput)]
    collection.embed_pending()
    for outcome in taken:
        text = collection.archive.text(outcome.record.id)[1]
        words = [word for word in text.split() if any(c.isalnum() for c in word)] or ["a"]
        answer = collection.ask(data.draw(st.sampled_from(words)))
        assert answer.hits
        assert_law(collection, answer)
    collection.close()


@pytest.mark.parametrize(
    ("question", "starts", "expected"),
    [
        ("What is BM25?", [0, 5, 8, 12], False),
        ("Что это", [0, 1, 2, 4, 5, 6], True),
        ("犬は", [0, 1], True),
        ("AI?", [0, 2], False),
        ("谁建造了灯塔?", [0, 1, 3, 4, 6], False),  # a model that knows Chinese has tokens of two characters
        ("IBM 谁建造了灯塔?", [0, 4, 5, 6, 7, 8, 9, 10], True),
    ],
)
def test_a_question_that_is_read_letter_by_letter_is_known(
    question: str, starts: list[int], expected: bool
) -> None:
    assert is_spelt(question, starts) == expected


def test_a_collection_without_the_second_look_answers_too(open_collection: Opener) -> None:
    collection = open_collection(LibraryConfig(search=SearchConfig(second_look=0)))
    fill(collection)
    answer = collection.ask("Which moons does Mars have?")
    assert_law(collection, answer)
    assert answer.hits[0].citation.document_id == "mars.txt"
    assert answer.hits[0].evidence == ()
    assert answer.hits[0].explain.sentence is None
    assert 0.0 < answer.answerability < 1.0


def test_every_part_of_evidence_is_a_slice_of_the_quote(collection: Collection) -> None:
    fill(collection)
    (hit, *_) = collection.ask("Which moons does Mars have?").hits
    _, text = collection.archive.text(hit.citation.document_id)
    assert [text[one.start : one.end] for one in hit.evidence] == ["Mars has two moons, Phobos and Deimos."]


class ErasingReranker:
    """Erases a document after the candidates were found, as another process may at any time."""

    def __init__(self, erase: Callable[[], object]) -> None:
        self._erase = erase

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        self._erase()
        return np.linspace(1, 0.5, len(passages), dtype=np.float32)


def test_what_is_erased_during_a_search_leaves_its_answer_whole(
    open_collection: Opener, embedder: WordEmbedder, tmp_path: Path
) -> None:
    writer = open_collection()
    texts = {"first.txt": "The lamp was lit.", "second.txt": "The lamp was lit at dusk by the keeper."}
    for id_, text in texts.items():
        writer.put(Source(id_, text.encode()))
    writer.embed_pending()
    reranker = ErasingReranker(lambda: writer.editor.delete("first.txt"))
    with collection_in(
        tmp_path / "default", embedder=embedder, config=LibraryConfig(), reranker=reranker
    ) as collection:
        assert {hit.text for hit in collection.ask("lamp").hits} == set(texts.values())
        collection.refresh()
        reranker = ErasingReranker(lambda: None)
        assert writer.archive.find_document("first.txt") is None
        assert [hit.text for hit in writer.ask("lamp").hits] == [texts["second.txt"]]


def test_one_id_twice_in_one_call_is_put_in_order(collection: Collection) -> None:
    first, second = Source("a.txt", b"The lamp was lit."), Source("a.txt", b"The lamp went out.")
    outcomes = collection.put_many([first, second, second, first])
    assert all(isinstance(one, Put) for one in outcomes)
    assert [(one.status, one.record.version) for one in outcomes if isinstance(one, Put)] == [
        ("added", 1),
        ("replaced", 2),
        ("unchanged", 2),
        ("replaced", 3),
    ]


def test_a_text_that_is_lost_is_damage_and_no_erasure(collection: Collection, tmp_path: Path) -> None:
    collection.put(Source("a.txt", b"The lamp was lit."))
    with sqlite3.connect(tmp_path / "default" / "store.sqlite") as connection:
        connection.execute("DELETE FROM text_blocks")
    connection.close()
    with pytest.raises(StoreDamaged):
        collection.ask("lamp")


@pytest.mark.parametrize("erase", ["delete", "prune"])
def test_what_another_process_erased_is_forgotten(open_collection: Opener, erase: str) -> None:
    writer, reader = open_collection(), open_collection()
    for text in ("The lamp was lit at dusk.", "The lamp was lit at dawn."):
        writer.put(Source("a.txt", text.encode()))
    reader.refresh()
    old = reader.archive.versions("a.txt")[-1]
    assert resolving(reader).text(old.text_sha256).text == reader.archive.text("a.txt", 1)[1]
    if erase == "delete":
        writer.editor.delete("a.txt")
    else:
        writer.editor.prune(Retention(keep_versions=1))
    # Not only when told to look: also when it writes itself.
    reader.put(Source("b.txt", b"Something else."))
    with pytest.raises(VersionNotFound):
        resolving(reader).text(old.text_sha256)


def test_no_text_is_held_after_it_was_erased(collection: Collection) -> None:
    """However readers and the one who erases meet: what is read while it is erased is not held."""
    for number in range(20):
        text = f"Text number {number} of the lamps. " * 2000
        record = collection.put(Source("a.txt", text.encode())).record
        together = threading.Barrier(3)

        def read(together: threading.Barrier = together) -> None:
            together.wait(PATIENCE)
            with suppress(VersionNotFound, DocumentNotFound):
                for _ in range(200):
                    collection.archive.text("a.txt")

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        together.wait(PATIENCE)
        collection.editor.delete("a.txt")
        for thread in threads:
            thread.join()
        with pytest.raises(VersionNotFound):
            resolving(collection).text(record.text_sha256)
