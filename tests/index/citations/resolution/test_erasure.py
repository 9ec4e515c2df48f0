"""What is pruned or deleted is not found any more, at once and by anybody."""

from __future__ import annotations

import threading

import pytest

from index.citations.citing import parse_locator
from index.collection import Collection
from index.errors import ChangeNotKept, CitationNotFound, NotFound, VersionNotFound
from index.history.retention import Retention
from tests.index.citations.resolution.lamps import LAMP, TEXT, digest, locator, put, resolved
from tests.index.conftest import Opener
from tests.opening import resolving
from tests.patience import eventually


def test_a_pruned_version_is_not_found_and_the_others_are(collection: Collection) -> None:
    texts = [f"{LAMP} It burned for {number} hours." for number in (1, 2, 3)]
    put(collection, "lamps.txt", *texts)
    first, second, third = (locator("lamps.txt", text, text) for text in texts)
    assert resolved(collection, first).today.standing.status == "changed"
    collection.editor.prune(Retention(keep_versions=2))
    with pytest.raises(CitationNotFound, match=f"'lamps.txt' .* {digest(texts[0])[:12]}.* was pruned"):
        collection.archive.cite(first)
    with pytest.raises(CitationNotFound):
        resolving(collection).resolve(first, around=0)
    assert resolved(collection, second).today.standing.status == "changed"
    assert resolved(collection, third).today.standing.status == "current"
    with pytest.raises(ChangeNotKept, match=r"version 1 of 'lamps\.txt'"):
        collection.ask("lamp", as_of=1)


def test_a_pruned_text_that_comes_back_is_cited_again(collection: Collection, lamp: str) -> None:
    put(collection, "lamps.txt", "Nothing of it is left.")
    collection.editor.prune(Retention(keep_versions=1))
    with pytest.raises(CitationNotFound):
        collection.archive.cite(lamp)
    put(collection, "lamps.txt", TEXT)
    assert resolved(collection, lamp).citation.version == 3


def test_a_deleted_document_is_not_found(collection: Collection, lamp: str) -> None:
    put(collection, "lamps.txt", f"A preface.\n\n{TEXT}")
    newest = resolving(collection).resolve(lamp, around=0).today.citation
    assert newest is not None
    collection.editor.delete("lamps.txt")
    for one in (lamp, newest.locator):
        with pytest.raises(CitationNotFound, match="The document was deleted"):
            collection.archive.cite(one)
    put(collection, "lamps.txt", "Quite another document of the same name.")
    with pytest.raises(CitationNotFound):
        collection.archive.cite(lamp)
    put(collection, "lamps.txt", TEXT)
    assert resolved(collection, lamp).citation.quote == LAMP


@pytest.mark.parametrize("erase", ["delete", "prune"])
def test_nothing_of_an_erased_text_is_kept_ready(collection: Collection, lamp: str, erase: str) -> None:
    resolution = resolving(collection)
    resolution.resolve(lamp, around=0)
    put(collection, "lamps.txt", f"A preface.\n\n{TEXT}")
    resolution.resolve(lamp, around=0)
    sha256 = bytes.fromhex(digest(TEXT))
    assert resolution.text(sha256).text == TEXT
    if erase == "delete":
        collection.editor.delete("lamps.txt")
    else:
        collection.editor.prune(Retention(keep_versions=1))
    with pytest.raises(VersionNotFound, match="deleted or pruned"):
        resolution.text(sha256)


def test_a_resolution_sees_one_moment_while_others_erase(open_collection: Opener, lamp: str) -> None:
    reader, eraser = open_collection(), open_collection()
    with reader.archive.resolution() as resolution:
        assert resolution.cite(parse_locator(lamp)).quote == LAMP
        eraser.editor.delete("lamps.txt")
        found = resolution.resolve(parse_locator(lamp), around=3)
        assert (found.citation.quote, found.today.standing.status) == (LAMP, "current")
    with pytest.raises(CitationNotFound):
        resolving(reader).resolve(lamp, around=3)


class Reader(threading.Thread):
    """Resolves the last words of each of the texts, again and again; ``wrong`` is what was not as it is."""

    def __init__(self, collection: Collection, texts: list[str]) -> None:
        super().__init__()
        self.resolution = resolving(collection)
        self.texts = texts
        self.done = threading.Event()
        self.found = 0
        self.wrong: list[object] = []

    def run(self) -> None:
        while not self.done.is_set():
            for text in self.texts:
                try:
                    self.read(text)
                except NotFound:
                    continue
                except Exception as error:
                    self.wrong.append(error)
                    return

    def read(self, text: str) -> None:
        start = len(text) - 20
        found = self.resolution.resolve(f"lamps.txt@{digest(text)[:12]}:{start}-{len(text)}", around=5)
        told = (found.before, found.citation.quote, found.after)
        if told != (text[start - 5 : start], text[start:], ""):
            self.wrong.append(told)
        self.found += 1


def test_readers_see_the_very_words_or_nothing_while_versions_come_and_go(collection: Collection) -> None:
    texts = [f"{LAMP} It burned for {number} hours.\n" * number for number in range(1, 13)]
    put(collection, "lamps.txt", texts[0])
    readers = [Reader(collection, texts) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for number, text in enumerate(texts):
            put(collection, "lamps.txt", text)
            if number % 2:
                collection.editor.prune(Retention(keep_versions=2))
        eventually(lambda: all(reader.found or reader.wrong for reader in readers))
    finally:
        for reader in readers:
            reader.done.set()
        for reader in readers:
            reader.join()
    assert [reader.wrong for reader in readers] == [[], [], []]
    assert all(reader.found for reader in readers)
