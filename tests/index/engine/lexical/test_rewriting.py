"""Words of removed passages leave the files; the others are written again."""

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from index.engine.lexical import TantivyIndex, segments
from index.errors import CollectionBusy
from index.records import Mark
from index.text.analysis import Analyzer
from index.types import Ids, IndexedPassage
from tests.index.engine.lexical.test_prepared import Counting

NONE = np.empty(0, np.int64)


NAMES = [
    "amber",
    "basalt",
    "cobalt",
    "dolomite",
    "emerald",
    "feldspar",
    "garnet",
    "hematite",
    "ivory",
    "jade",
]


def passage(number: int) -> IndexedPassage:
    name = NAMES[number] if number < len(NAMES) else "stone"
    return IndexedPassage(number, number, f"common {name} even" if number % 2 == 0 else name)


def put(index: TantivyIndex, change: int, *numbers: int, removed: Ids = NONE) -> None:
    index.update(Mark(change), added=map(passage, numbers), removed=removed)


class Turns:
    """Counts the turns of a writer, and does something before one."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        self.count += 1
        self.before(self.count)
        yield

    def before(self, turn: int) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lexical"


@pytest.fixture
def index(folder: Path) -> Iterator[TantivyIndex]:
    """Ten passages in two segments, one removed from the first."""
    opened = TantivyIndex.open(folder, Counting())
    put(opened, 1, *range(6))
    put(opened, 2, *range(6, 10))
    put(opened, 3, removed=np.array([4]))
    yield opened
    opened.close()


def words(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("segments-*/*"))


def answers(index: TantivyIndex) -> list[tuple[list[int], list[float]]]:
    found = [index.search(text, 20) for text in ("common", "dolomite common", "even ivory", "emerald")]
    return [(one.ids.tolist(), one.scores.tolist()) for one in found]


def fresh(tmp_path: Path, *numbers: int) -> TantivyIndex:
    index = TantivyIndex.open(tmp_path / "fresh", Analyzer())
    put(index, 1, *numbers)
    return index


def test_removed_words_leave_the_files_and_change_no_answer(
    index: TantivyIndex, folder: Path, tmp_path: Path
) -> None:
    expected = answers(fresh(tmp_path, 0, 1, 2, 3, 5, 6, 7, 8, 9))
    assert b"emerald" in words(folder)
    assert answers(index) == expected
    name, turns = index.name, Turns()
    assert index.rewrite(turns)
    assert not index.has_removed
    assert b"emerald" not in words(folder)
    assert answers(index) == expected
    assert (index.name, index.change, len(index)) == (name, 3, 9)
    again = TantivyIndex.open(folder, Analyzer())
    again.check()
    assert answers(again) == expected
    assert turns.count == 2


def test_a_copy_has_the_live_passages_and_replaces_the_index(
    index: TantivyIndex, folder: Path, tmp_path: Path
) -> None:
    assert index.is_better_copied
    expected, analysed = answers(fresh(tmp_path, 0, 1, 2, 3, 5, 6, 7, 8, 9)), len(analyzed(index))
    name = index.name
    index.copy(lambda: None)
    put(index, 4, removed=np.array([6]))  # in the index in use: whoever publishes the copy catches up
    index.publish()
    assert (index.change, len(index), len(analyzed(index))) == (3, 9, analysed)
    assert index.name != name
    assert not index.has_removed
    assert b"emerald" not in words(folder)
    assert answers(index) == expected
    assert answers(TantivyIndex.open(folder, Analyzer())) == expected


def test_a_copy_that_is_stopped_leaves_nothing(index: TantivyIndex, folder: Path) -> None:
    def stop() -> None:
        raise KeyError

    before = set(folder.iterdir())
    with pytest.raises(KeyError):
        index.copy(stop)
    assert set(folder.iterdir()) == before
    put(index, 4, *range(10, 30))
    assert not index.is_better_copied


def analyzed(index: TantivyIndex) -> list[str]:
    assert isinstance(index._analyzer, Counting)
    return index._analyzer.texts


def test_only_segments_with_removed_passages_are_written_and_no_text_is_analysed(
    index: TantivyIndex, folder: Path
) -> None:
    before = set(folder.glob("segments-*/*.term"))
    analysed = len(analyzed(index))
    assert index.rewrite(Turns())
    assert len(before & set(folder.glob("segments-*/*.term"))) == 1
    assert len(analyzed(index)) == analysed


def test_what_is_removed_meanwhile_does_not_come_back(index: TantivyIndex, folder: Path) -> None:
    other = TantivyIndex.open(folder, Analyzer())

    class Removing(Turns):
        def before(self, turn: int) -> None:
            if turn == 1:
                put(other, 4, 10, removed=np.array([2, 7]))

    index.rewrite(Removing())
    assert (index.change, len(index)) == (4, 8)
    assert answers(index)[0][0] == [0, 6, 8, 10]
    assert index.search("cobalt hematite", 5).ids.tolist() == []
    assert index.rewrite(Turns())
    assert not index.has_removed
    assert b"cobalt" not in words(folder)


def test_an_index_that_is_made_anew_meanwhile_is_left_alone(index: TantivyIndex, folder: Path) -> None:
    other = TantivyIndex.open(folder, Analyzer())

    class Replacing(Turns):
        def before(self, turn: int) -> None:
            other.build(Mark(5), map(passage, range(3)))
            other.publish()

    assert not index.rewrite(Replacing())
    index.refresh()
    assert (index.change, len(index)) == (5, 3)


def test_an_index_whose_passages_were_all_removed_becomes_empty(folder: Path) -> None:
    index = TantivyIndex.open(folder, Analyzer())
    assert index.rewrite(Turns())
    put(index, 1, 1, 2)
    put(index, 2, removed=np.array([1, 2]))
    assert index.rewrite(Turns())
    assert not index.has_removed
    assert len(index) == 0


def test_files_of_an_update_that_was_interrupted_are_deleted(index: TantivyIndex, folder: Path) -> None:
    assert index.rewrite(Turns())
    (term,) = list(folder.glob("segments-*/*.term"))[:1]
    shutil.copy(term, term.with_name("0" * 32 + ".term"))
    assert index.has_removed
    assert index.rewrite(Turns())
    assert not index.has_removed


@pytest.mark.parametrize(("removed", "is_due"), [(1500, True), (900, False)])
def test_a_rewrite_is_due_when_an_eighth_was_removed(folder: Path, removed: int, is_due: bool) -> None:
    index = TantivyIndex.open(folder, Analyzer())
    put(index, 1, *range(2500))
    put(index, 2, removed=np.arange(removed))
    assert segments.count_stored(folder / index.name) == 2500
    assert index.should_rewrite == is_due
    if is_due:
        assert index.rewrite(Turns())
        assert not index.should_rewrite


def test_an_index_that_another_process_made_anew_is_busy_until_it_is_loaded(
    index: TantivyIndex, folder: Path
) -> None:
    other = TantivyIndex.open(folder, Counting())
    other.build(Mark(4), map(passage, range(3)))
    other.publish()
    assert not index.should_rewrite
    with pytest.raises(CollectionBusy, match="made the lexical index anew"):
        index.is_better_copied  # noqa: B018 -- the property raises
    with pytest.raises(CollectionBusy, match="made the lexical index anew"):
        index.copy(lambda: None)
    index.refresh()
    assert not index.has_removed
    assert len(index) == 3
    other.close()


def unlisted(folder: Path) -> set[str]:
    """Files of segments that the engine's own list of files lacks: it would never delete them."""
    listed = {
        name for path in folder.glob("segments-*/.managed.json") for name in json.loads(path.read_text())
    }
    return {path.name for path in folder.glob("segments-*/*") if path.name[0] != "."} - listed


def test_files_that_other_processes_wrote_are_deleted_too(folder: Path) -> None:
    """The list that a process saves has the files of its own start, and what it wrote since."""
    handles = [TantivyIndex.open(folder, Analyzer()) for _ in range(3)]
    draw, alive, seen = random.Random(7), set[int](), set[str]()
    for change in range(1, 61):
        index = draw.choice(handles)
        index.refresh()
        new = range(10 * change, 10 * change + draw.randrange(9))
        gone = draw.sample(sorted(alive), min(len(alive), draw.randrange(5)))
        put(index, change, *new, removed=np.array(gone, np.int64))
        alive = (alive | set(new)) - set(gone)
        seen |= unlisted(folder)
        if change % 10 == 0:
            index = draw.choice(handles)
            index.refresh()
            assert index.rewrite(Turns())
            parts = segments.list_segments(folder / index.name)
            names = {one["segment_id"].replace("-", "") for one in parts}
            files = {path.name for path in folder.glob("segments-*/*") if path.name[0] != "."}
            assert {name.partition(".")[0] for name in files} <= names | {"meta"}
            assert not any(one["deletes"] for one in parts)
            assert sum(one["max_doc"] for one in parts) == len(index) == len(alive)
    assert seen, "the engine has listed all files: this test shows nothing"
