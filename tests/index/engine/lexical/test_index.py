"""The lexical index of the embedded engine."""

from __future__ import annotations

import logging
import math
import random
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from index.engine.lexical import TantivyIndex
from index.protocols import LexicalIndex
from index.records import Mark
from index.sealed import seal, unseal
from index.text.analysis import Analyzer
from index.types import Ids, IndexedPassage
from tests.log_lines import lines
from tests.patience import eventually

Opener = Callable[[], LexicalIndex]


@pytest.fixture(params=["tantivy"])
def open_index(tmp_path: Path) -> Iterator[Opener]:
    opened: list[LexicalIndex] = []

    def opener() -> LexicalIndex:
        opened.append(TantivyIndex.open(tmp_path / "lexical", Analyzer()))
        return opened[-1]

    yield opener
    for index in opened:
        index.close()


@pytest.fixture
def index(open_index: Opener) -> LexicalIndex:
    return open_index()


def keys(*values: int) -> Ids:
    return np.asarray(values, np.int64)


def put(
    index: LexicalIndex,
    change: int,
    texts: Mapping[int, str],
    *,
    document: int | None = None,
    drop: Ids | None = None,
) -> None:
    """Each passage is a document of the same number unless told otherwise."""
    added = [IndexedPassage(id_, id_ if document is None else document, text) for id_, text in texts.items()]
    index.update(Mark(change), added=added, removed=keys() if drop is None else drop)


def found(index: LexicalIndex, question: str, n: int = 10, documents: Ids | None = None) -> list[int]:
    return index.search(question, n, documents=documents).ids.tolist()  # type: ignore[no-any-return]


def test_a_new_index_is_empty(index: LexicalIndex) -> None:
    assert index.change == 0
    assert found(index, "anything") == []
    assert found(index, "anything", documents=keys(1)) == []
    index.refresh()
    assert index.change == 0


def test_passages_that_share_a_word_are_found(index: LexicalIndex) -> None:
    put(index, 1, {1: "The bridges of Königsberg.", 2: "A problem of graph theory.", 3: "Nothing to see."})
    assert found(index, "Which BRIDGE?") == [1]
    assert sorted(found(index, "theories of konigsberg")) == [1, 2]
    assert found(index, "zebra") == []
    ranking = index.search("graph", 10)
    assert ranking.ids.dtype == np.dtype(np.int64)
    assert ranking.scores.dtype == np.dtype(np.float32)
    assert ranking.scores[0] > 0


@pytest.mark.parametrize("question", ["", "  ", "?!", "…"])
def test_a_question_without_words_finds_nothing(index: LexicalIndex, question: str) -> None:
    put(index, 1, {1: "some words"})
    assert found(index, question) == []


def test_function_words_count_only_when_there_is_nothing_else(index: LexicalIndex) -> None:
    put(index, 1, {1: "The Who are a band.", 2: "Bands of iron."})
    assert found(index, "the who") == [1]
    assert found(index, "who are the iron people") == [2]


@pytest.mark.parametrize(("n", "expected"), [(-1, 0), (0, 0), (2, 2), (3, 3), (100, 3)])
def test_there_are_at_most_n_and_no_more_than_match(index: LexicalIndex, n: int, expected: int) -> None:
    put(index, 1, {1: "word", 2: "word", 3: "word", 4: "other"})
    assert len(found(index, "word", n)) == expected


def test_more_and_rarer_words_make_a_better_match(index: LexicalIndex) -> None:
    put(index, 1, {1: "apple tree", 2: "apple pear", 3: "apple pie", 4: "apple quince", 5: "walnut pear"})
    assert found(index, "apple pear") == [2, 5, 1, 3, 4]


def test_a_word_repeated_in_the_question_weighs_more(index: LexicalIndex) -> None:
    put(index, 1, {1: "walnut", 2: "quince", 3: "other"})
    once, twice = index.search("quince", 1), index.search("quince quince", 1)
    assert twice.scores[0] == pytest.approx(2 * once.scores[0], abs=2e-4)
    assert found(index, "walnut quince quince") == [2, 1]


def test_repeating_an_update_changes_nothing(index: LexicalIndex) -> None:
    for _ in range(3):
        put(index, 1, {1: "one word", 2: "two words"})
        put(index, 2, {}, drop=keys(1))
    assert found(index, "word") == [2]
    assert index.change == 2


def test_a_passage_added_again_is_replaced(index: LexicalIndex) -> None:
    put(index, 1, {1: "apple"})
    put(index, 2, {1: "pear"}, document=7)
    assert found(index, "apple") == []
    assert found(index, "pear", documents=keys(7)) == [1]


def test_a_passage_given_twice_in_one_update_is_held_once(index: LexicalIndex) -> None:
    index.update(
        Mark(1), added=[IndexedPassage(1, 1, "apple"), IndexedPassage(1, 1, "apple")], removed=keys()
    )
    assert found(index, "apple") == [1]


def test_removed_passages_are_not_found(index: LexicalIndex) -> None:
    put(index, 1, dict.fromkeys(range(6), "word"))
    put(index, 2, {6: "word", 7: "word"}, drop=keys(0, 3, 7, 99, 3, -1))
    assert found(index, "word") == [1, 2, 4, 5, 6]


def test_the_change_number_never_goes_back(index: LexicalIndex) -> None:
    put(index, 7, {1: "word"})
    put(index, 5, {2: "word"})
    assert index.change == 7


def test_an_update_without_words_moves_the_change_number(open_index: Opener) -> None:
    index = open_index()
    put(index, 1, {})
    put(index, 2, {1: "word"})
    put(index, 3, {})
    assert [handle.change for handle in (index, open_index())] == [3, 3]
    assert found(open_index(), "word") == [1]


def test_what_was_updated_is_there_after_reopening(open_index: Opener) -> None:
    put(open_index(), 118, {1: "word", 2: "word"}, drop=keys(2))
    again = open_index()
    assert again.change == 118
    assert found(again, "word") == [1]


def test_what_was_being_written_when_a_process_was_killed_is_no_damage(
    index: LexicalIndex, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(index, 1, {1: "word"})
    left = tmp_path / "left"

    def passages() -> Iterator[IndexedPassage]:
        before = len(segment_files(tmp_path / "lexical"))
        for id_ in range(2, 1500):
            yield IndexedPassage(id_, id_, f"word {id_}")
            if id_ == 1100:  # the first thousand are written: the engine has begun a segment
                eventually(lambda: len(segment_files(tmp_path / "lexical")) > before)
                copy_as_it_stands(tmp_path / "lexical", left)

    index.update(Mark(2), added=passages(), removed=keys())
    assert len(segment_files(left)) > 6
    again = TantivyIndex.open(left, Analyzer())
    assert (again.change, found(again, "word")) == (1, [1])
    assert lines(caplog) == []
    put(again, 2, {2: "word"})
    assert (again.change, found(again, "word")) == (2, [1, 2])
    again.check()
    again.close()


def test_an_update_succeeds_after_a_process_was_killed_in_its_commit(
    open_index: Opener, tmp_path: Path
) -> None:
    index = open_index()
    put(index, 1, {1: "word", 2: "word"})
    shutil.copytree(tmp_path / "lexical", tmp_path / "other")
    other = TantivyIndex.open(tmp_path / "other", Analyzer())
    put(other, 2, {}, drop=keys(1))
    (removals,) = (tmp_path / "other").glob("segments-*/*.del")
    (segments,) = (tmp_path / "lexical").glob("segments-*")
    shutil.copy(removals, segments)  # what is written before the list of segments is replaced
    put(index, 2, {}, drop=keys(1))
    assert found(open_index(), "word") == [2]
    put(index, 3, {3: "word"}, drop=keys(2))
    assert found(open_index(), "word") == [3]


def test_another_list_of_files_is_told_and_harmless(
    open_index: Opener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(open_index(), 1, {1: "word"})
    (listed,) = (tmp_path / "lexical").glob("segments-*/.managed.json")
    listed.write_text(listed.read_text().replace("meta", "beta"))
    caplog.set_level(logging.INFO, "loccit")
    index = open_index()
    assert "files of an update that was interrupted" in caplog.text
    put(index, 2, {2: "word"})
    assert found(open_index(), "word") == [1, 2]


@pytest.mark.parametrize(
    ("number", "told"), [(number, "is made anew") for number in (1, 2, 3)] + [(5, "filled from the store")]
)
def test_an_index_of_another_format_is_made_anew(
    open_index: Opener, tmp_path: Path, caplog: pytest.LogCaptureFixture, number: int, told: str
) -> None:
    put(open_index(), 1, {1: "word"})
    path = tmp_path / "lexical" / "applied.json"
    path.write_text(seal({**unseal(path.read_text()), "format": number}))
    caplog.set_level(logging.INFO, "loccit")
    index = open_index()
    assert (index.change, found(index, "word")) == (0, [])
    assert [told in one for one in lines(caplog)] == [True]
    put(index, 2, {1: "word", 2: "word"})
    assert found(open_index(), "word") == [1, 2]
    assert len(list((tmp_path / "lexical").glob("segments-*"))) == 1


def copy_as_it_stands(folder: Path, target: Path) -> None:
    """Copy a folder in which threads of the engine replace files; what is gone by then is left out."""

    def copied(source: str, name: str) -> None:
        with suppress(FileNotFoundError):
            shutil.copy2(source, name)

    shutil.copytree(folder, target, copy_function=copied)


def segment_files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("segments-*/*.*") if len(path.name.split(".")[0]) == 32]


def test_another_handle_sees_a_commit_after_a_refresh(open_index: Opener) -> None:
    writer, reader = open_index(), open_index()
    put(writer, 1, {1: "word"})
    assert (reader.change, found(reader, "word")) == (0, [])
    reader.refresh()
    assert (reader.change, found(reader, "word")) == (1, [1])
    put(writer, 2, {2: "word"}, drop=keys(1))
    assert (reader.change, found(reader, "word")) == (1, [1])
    reader.refresh()
    assert (reader.change, found(reader, "word")) == (2, [2])


def test_two_handles_take_turns_in_writing(open_index: Opener) -> None:
    handles = [open_index(), open_index()]
    for change in range(1, 9):
        put(handles[change % 2], change, {change: "word"}, drop=keys(change - 2))
    for handle in handles:
        handle.refresh()
        assert (handle.change, found(handle, "word")) == (8, [7, 8])


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        (keys(10), [0, 1]),
        (keys(30, 10), [0, 1, 4, 5]),
        (keys(10, 10, 10), [0, 1]),
        (keys(10, 999, -3), [0, 1]),
        (keys(999), []),
        (keys(), []),
        (np.arange(100_000), [0, 1, 2, 3, 4, 5]),
        (np.arange(20, 100_000), [2, 3, 4, 5]),
        (np.arange(31, 100_000), []),
    ],
)
def test_a_filter_admits_the_documents_it_names(
    index: LexicalIndex, documents: Ids, expected: list[int]
) -> None:
    for document in (10, 20, 30):
        first = document // 5 - 2
        put(index, document, {first: "word", first + 1: "word"}, document=document)
    assert found(index, "word", documents=documents) == expected


@pytest.mark.parametrize("allowed", [3, 3000])
def test_a_filter_is_part_of_the_search_and_changes_no_score(index: LexicalIndex, allowed: int) -> None:
    """The n best of the allowed ones, however many others are better."""
    best = dict.fromkeys(range(5000), "apple pear")
    put(index, 1, {**best, **{10_000 + n: "apple and some other words" for n in range(allowed)}})
    everything = index.search("apple pear", 10_000)
    some = index.search("apple pear", 3, documents=np.arange(10_000, 10_000 + allowed))
    assert some.ids.tolist() == [10_000, 10_001, 10_002]
    assert some.scores.tolist() == everything.scores[np.isin(everything.ids, some.ids)].tolist()


@pytest.mark.parametrize("n", [1, 5, 30, 199, 200])
def test_equal_scores_are_ordered_by_id_also_at_the_cut(index: LexicalIndex, n: int) -> None:
    order = list(range(200))
    random.Random(n).shuffle(order)
    for change in range(5):
        put(index, change + 1, dict.fromkeys(order[change::5], "the same four words"))
    assert found(index, "same words", n) == list(range(n))
    assert found(index, "same words", n, documents=np.arange(1000)) == list(range(n))


def bm25(passages: Mapping[int, list[str]], question: list[str]) -> dict[int, float]:
    """Okapi BM25 (k1 = 1.2, b = 0.75) as it is in the textbook, with the idf that is never negative."""
    average = sum(map(len, passages.values())) / len(passages)
    scores: dict[int, float] = {}
    for term in question:
        holders = {id_: terms.count(term) for id_, terms in passages.items() if term in terms}
        idf = math.log(1 + (len(passages) - len(holders) + 0.5) / (len(holders) + 0.5))
        for id_, count in holders.items():
            norm = 1.2 * (1 - 0.75 + 0.75 * len(passages[id_]) / average)
            scores[id_] = scores.get(id_, 0.0) + idf * count * 2.2 / (count + norm)
    return scores


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_bm25(index: LexicalIndex, seed: int) -> None:
    """Of passages of less than forty words: an engine may round the lengths of longer ones."""
    rng = random.Random(seed)
    # Consonants and y: words that no stemmer touches.
    words = ["".join(rng.choices("bdfgkmnprtvz", k=6)) for _ in range(60)]
    weights = [1 / (1 + place) for place in range(60)]
    passages = {id_: rng.choices(words, weights, k=rng.randint(1, 39)) for id_ in range(120)}
    for change, first in enumerate(range(0, 120, 40), 1):
        put(index, change, {id_: " ".join(passages[id_]) for id_ in range(first, first + 40)})
    for _ in range(20):
        question = rng.choices(words, k=rng.randint(1, 6))
        expected = bm25(passages, question)
        ranking = index.search(" ".join(question), 200)
        assert sorted(ranking.ids.tolist()) == sorted(expected)
        np.testing.assert_allclose(ranking.scores, [expected[id_] for id_ in ranking.ids.tolist()], rtol=3e-4)
        assert all(np.diff(ranking.scores) <= 0)


def test_searches_meanwhile_see_an_update_whole_or_not_at_all(index: LexicalIndex) -> None:
    """Each update swaps one pair of passages for the next."""
    put(index, 1, {0: "word", 1: "word"})
    seen: list[list[list[int]]] = [[], [], []]
    finished = threading.Event()

    def search(mine: list[list[int]]) -> None:
        last = False
        while not last:
            last = finished.is_set()
            index.refresh()
            mine.append(found(index, "word"))

    readers = [threading.Thread(target=search, args=[mine]) for mine in seen]
    for reader in readers:
        reader.start()
    for pair in range(1, 15):
        put(index, pair + 1, {2 * pair: "word", 2 * pair + 1: "word"}, drop=keys(2 * pair - 2, 2 * pair - 1))
    finished.set()
    for reader in readers:
        reader.join()
    for mine in seen:
        assert all(ids == [ids[0], ids[0] + 1] and ids[0] % 2 == 0 for ids in mine)
        assert mine == sorted(mine)
        assert mine[-1] == [28, 29]


def test_words_of_the_context_weigh_less(index: LexicalIndex) -> None:
    put(index, 1, {1: "The lamp was lit.", 2: "The harbour was deep.", 3: "The lamp in the harbour."})
    assert found(index, "lamp") == [1, 3]
    ranked = index.search("lamp", 10, context=[("harbour", 0.1)])
    assert ranked.ids.tolist() == [3, 1, 2]
    alone = index.search("harbour", 10)
    assert ranked.scores[2] == pytest.approx(0.1 * float(alone.scores[alone.ids == 2][0]), rel=1e-2)


def test_rare_words_have_the_larger_shares(index: LexicalIndex) -> None:
    put(index, 1, {1: "lamp sea", 2: "lamp dusk", 3: "lamp"})
    shares = index.importance("Which lamp at dusk, and which unicorn?")
    told = dict(zip(shares.terms.tolist(), shares.shares.tolist(), strict=True))
    lamp, dusk, unicorn = map(told.__getitem__, Analyzer.hashes_of(("lamp", "dusk", "unicorn")))
    assert 0.0 < lamp < dusk < unicorn
    assert sum(told.values()) == pytest.approx(1.0)
    assert shares.terms.tolist() == sorted(shares.terms.tolist())


def test_the_importance_of_nothing_is_empty(index: LexicalIndex) -> None:
    assert len(index.importance("?!").terms) == 0
    assert index.importance("lamp").shares.tolist() == [1.0]
