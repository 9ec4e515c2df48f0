"""Terms that are computed before passages are indexed."""

from pathlib import Path

import numpy as np

from index.engine.lexical import TantivyIndex
from index.engine.lexical.prepared import PreparedTerms
from index.records import Mark
from index.text.analysis import Analyzer
from index.types import IndexedPassage


class Counting(Analyzer):
    """Counts the texts that it has analysed."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def terms(self, text: str) -> list[str]:
        self.texts.append(text)
        return super().terms(text)


def test_an_update_takes_what_was_prepared(tmp_path: Path) -> None:
    analyzer = Counting()
    index = TantivyIndex.open(tmp_path / "lexical", analyzer)
    index.prepare(["the first lamps", "the second lamp"])
    assert analyzer.texts == ["the first lamps", "the second lamp"]
    texts = ["the first lamps", "the second lamp", "a third lamp"]
    added = [IndexedPassage(number, number, text) for number, text in enumerate(texts)]
    index.update(Mark(1), added=added, removed=np.empty(0, np.int64))
    assert analyzer.texts == texts
    assert sorted(index.search("lamp", 5).ids.tolist()) == [0, 1, 2]
    assert index.search("second", 5).ids.tolist() == [1]
    index.close()


def test_what_was_prepared_is_taken_once() -> None:
    analyzer = Counting()
    prepared = PreparedTerms(analyzer)
    prepared.add(["one two", "one two"])
    assert prepared.take("one two") == prepared.take("one two") == "one two"
    assert len(analyzer.texts) == 3


def test_forgotten_terms_are_computed_again() -> None:
    analyzer = Counting()
    prepared = PreparedTerms(analyzer)
    prepared.add(["one"])
    prepared.forget()
    assert (prepared.take("one"), len(analyzer.texts)) == ("one", 2)


def test_what_is_never_taken_makes_room() -> None:
    analyzer = Counting()
    prepared = PreparedTerms(analyzer, most=10)
    for text in ("abcdefgh", "ijklmnop", "q" * 11):
        prepared.add([text])
    assert [prepared.take(text) for text in ("ijklmnop", "abcdefgh")] == ["ijklmnop", "abcdefgh"]
    assert analyzer.texts[3:] == ["abcdefgh"]
