"""What became of the words of a locator in the newest version."""

from __future__ import annotations

import pytest

from index.collection import Collection
from index.errors import CitationNotFound
from tests.index.citations.resolution.lamps import LAMP, TEXT, check_today, digest, locator, put, resolved
from tests.opening import resolving


@pytest.mark.parametrize(
    ("status", "new"),
    [
        ("current", TEXT),
        ("current", TEXT.replace("a wick and oil", "neither of them")),
        ("moved", TEXT.replace("An introduction", "It is a long and winding introduction")),
        ("moved", f"{LAMP}\n\n" + TEXT.replace(LAMP, "")),
        ("changed", TEXT.replace("at dusk by the keeper", "at dawn by the wife of the keeper")),
        ("reformatted", TEXT.replace("north tower", "north\u00a0tower")),
        ("gone", TEXT.replace(LAMP, "")),
        ("gone", "Nothing but sleeping animals, all day long, on warm stones."),
    ],
)
def test_what_became_of_the_words_in_the_newest_version(
    collection: Collection, lamp: str, status: str, new: str
) -> None:
    put(collection, "lamps.txt", "A text that came between, on bridges.", new)
    found = resolved(collection, lamp)
    assert (found.citation.quote, found.today.standing.status) == (LAMP, status)
    newest = collection.archive.text("lamps.txt")[0]
    assert found.today.version == newest.number == 3
    if found.today.citation is not None:
        again = resolved(collection, found.today.citation.locator)
        assert again.today.standing.status == "current"


def test_words_moved_and_changed_are_cited_where_they_stand_now(collection: Collection, lamp: str) -> None:
    new = "A preface.\n\n" + TEXT.replace("at dusk", "at dawn").replace("== Towers ==", "== Lights ==")
    put(collection, "lamps.txt", new)
    today = resolved(collection, lamp).today
    assert today.citation is not None
    assert today.citation.quote == LAMP.replace("at dusk", "at dawn")
    assert today.citation.section == ("Lights",)
    assert 0.9 < today.standing.similarity < 1.0
    assert [(one.kind, one.text) for one in today.standing.edits if one.kind != "equal"] == [
        ("delete", "dusk"), ("insert", "dawn"),
    ]  # fmt: skip


def test_words_are_current_again_when_their_text_comes_back(collection: Collection, lamp: str) -> None:
    put(collection, "lamps.txt", "Nothing of it is left.")
    assert resolved(collection, lamp).today.standing.status == "gone"
    put(collection, "lamps.txt", TEXT)
    found = resolved(collection, lamp)
    assert (found.today.standing.status, found.today.version, found.citation.version) == ("current", 3, 3)


def test_words_that_stand_in_another_document_alone_are_gone(collection: Collection, lamp: str) -> None:
    put(collection, "copy.txt", TEXT)
    put(collection, "lamps.txt", "Nothing of it is left.")
    assert resolved(collection, lamp).today.standing.status == "gone"


def test_of_equal_words_the_deleted_ones_are_gone_and_the_others_are_not(collection: Collection) -> None:
    filler = "\n\n".join(f"Paragraph {number} is about thing {number * number}." for number in range(40))
    first, last = f"{LAMP}\n\n{filler}", f"{filler}\n\n{LAMP}"
    text = f"{LAMP}\n\n{filler}\n\n{LAMP}"
    put(collection, "twice.txt", text)
    head = locator("twice.txt", text, LAMP)
    tail = f"twice.txt@{digest(text)[:12]}:{text.rindex(LAMP)}-{len(text)}"
    assert [resolved(collection, one).citation.quote for one in (head, tail)] == [LAMP, LAMP]
    put(collection, "twice.txt", first)
    assert [resolved(collection, one).today.standing.status for one in (head, tail)] == ["current", "gone"]
    put(collection, "twice.txt", last)
    assert [resolved(collection, one).today.standing.status for one in (head, tail)] == ["gone", "moved"]


def test_what_became_of_it_in_a_version_that_is_given(collection: Collection, lamp: str) -> None:
    put(collection, "lamps.txt", f"A preface.\n\n{TEXT}", "Nothing of it is left.")
    resolution = resolving(collection)
    citation = resolution.cite(lamp)
    versions = collection.archive.versions("lamps.txt")
    told = [resolution.today(citation, version) for version in versions]
    assert [(today.version, today.standing.status) for today in told] == [
        (3, "gone"), (2, "moved"), (1, "current"),
    ]  # fmt: skip
    assert resolution.today(citation) == told[0]
    for today, version in zip(told, versions, strict=True):
        check_today(today, citation, version, collection.archive.text("lamps.txt", version.number)[1])


def test_each_resolution_sees_what_came_before_it(collection: Collection, lamp: str) -> None:
    resolution = resolving(collection)
    assert resolution.resolve(lamp, around=0).today.standing.status == "current"
    put(collection, "lamps.txt", f"A preface.\n\n{TEXT}")
    assert resolution.resolve(lamp, around=0).today.standing.status == "moved"
    collection.editor.delete("lamps.txt")
    with pytest.raises(CitationNotFound):
        resolution.resolve(lamp, around=0)
