"""Calls are counted where they are made, also those of generators and of functions that fail."""

from pathlib import Path

import pytest

from benchmarks.speed.calls import counted, of_questions
from index.answers import Extent
from index.embedding import WordEmbedder
from index.ingest import Source
from index.library import Library

HERE = Path(__file__).parent


def twice(number: int) -> int:
    return 2 * number


def failing() -> None:
    twice(1)
    raise ValueError


def test_calls_below_a_folder_are_counted_by_function() -> None:
    found = counted(lambda: [twice(one) for one in range(3)], HERE)
    assert found["test_calls.py", "twice"] == 3
    assert counted(lambda: [twice(one) for one in range(3)], HERE / "other").total() == 0


def test_counting_ends_with_an_error() -> None:
    with pytest.raises(ValueError, match=r"^$"):
        counted(failing, HERE)
    assert counted(lambda: None, HERE / "other").total() == 0


def test_the_calls_of_a_question_do_not_grow_with_the_documents(tmp_path: Path) -> None:
    """A step for each candidate belongs into an array."""
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        collection = library.open("towers", create=True)
        totals = []
        for count in (20, 60):
            texts = [f"Tower {one} has a keeper. Its lamp is lit at {one} o'clock." for one in range(count)]
            collection.put_many([Source(f"{count}/{at}.txt", one.encode()) for at, one in enumerate(texts)])
            while collection.embed_pending(limit=64):
                pass
            of_questions(collection, ["Who keeps the lamp at dusk?"])
            totals.append(of_questions(collection, ["When is the lamp of a tower lit?"]).total())
    few, many = totals
    assert few > 100
    assert many < 1.3 * few


@pytest.mark.parametrize(
    ("k", "extent", "cited"), [(3, "passage", 5), (6, "passage", 6), (5, "section", 5), (5, "sentences", 10)]
)
def test_the_passages_that_decide_are_judged_once(tmp_path: Path, k: int, extent: Extent, cited: int) -> None:
    """The probability that they answer looks at five passages, whatever is shown of them."""
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        collection = library.open("towers", create=True)
        names = "Ash Birch Cedar Elm Fir Hazel Larch Maple".split()
        collection.put_many([Source(f"{one}.txt", f"The {one} tower has a lamp.".encode()) for one in names])
        while collection.embed_pending(limit=64):
            pass
        calls = counted(lambda: collection.ask("Which tower has a lamp?", k=k, extent=extent))
        assert calls["index/search/evidence.py", "judge_sentences"] == max(5, k)
        assert calls["index/citations/citing.py", "cite"] == cited


def test_sentences_are_judged_once_where_a_question_is_asked_in_other_words(tmp_path: Path) -> None:
    """What an abbreviation stands for is told by the texts of the first passages."""
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        collection = library.open("handbook", create=True)
        texts = "Everyone has 25 days of paid time off (PTO) a year.", "Paid time off is granted."
        collection.put_many([Source(f"{at}.txt", one.encode()) for at, one in enumerate(texts)])
        while collection.embed_pending(limit=64):
            pass
        calls = counted(lambda: collection.ask("How much PTO do I get?"))
        assert calls["index/search/search.py", "Search.answer"] == 2
        assert calls["index/search/evidence.py", "judge_sentences"] == 2


def test_an_abbreviation_that_all_passages_have_is_not_looked_up(tmp_path: Path) -> None:
    """None of them has only its words."""
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        collection = library.open("handbook", create=True)
        for texts, looked_up in ((["PTO is 25 days a year.", "PTO is granted."], 0), (["It is granted."], 1)):
            collection.put_many([Source(f"{one}.txt", one.encode()) for one in texts])
            while collection.embed_pending(limit=64):
                pass
            calls = counted(lambda: collection.ask("How much PTO do I get?"))
            assert calls["index/engine/embedded/engine.py", "EmbeddedEngine.search_words"] == looked_up
