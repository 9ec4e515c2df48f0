"""What a locator names, and which ones name nothing."""

from __future__ import annotations

from contextlib import suppress

import pytest

from index.collection import Collection
from index.config import ChunkingConfig, LibraryConfig
from index.errors import CitationNotFound, InvalidLocator, LoccitError
from index.history.retention import Retention
from tests.index.citations.resolution.lamps import LAMP, LONG, TEXT, digest, locator, put, resolved
from tests.index.conftest import Opener
from tests.opening import resolving


def test_a_locator_names_words_of_the_newest_version(collection: Collection, lamp: str) -> None:
    citation = resolved(collection, lamp).citation
    assert (citation.locator, citation.quote, citation.version) == (lamp, LAMP, 1)
    assert citation.section == ("Towers",)


def test_a_span_over_several_sections_is_in_the_one_that_it_begins_in(collection: Collection) -> None:
    put(collection, "lamps.txt", TEXT)
    for first, section in (("those who light", ()), (LAMP, ("Towers",)), ("Oil lamps", ("Oil",))):
        words = TEXT[TEXT.index(first) :]
        assert resolved(collection, locator("lamps.txt", TEXT, words)).citation.section == section


def test_the_same_words_keep_their_locator_whatever_else_is_said_of_the_document(
    collection: Collection, lamp: str
) -> None:
    before = resolved(collection, lamp)
    put(collection, "lamps.txt", TEXT)
    assert resolved(collection, lamp) == before
    put(collection, "lamps.txt", TEXT, title="On light", metadata={"year": 1843}, source="https://a.org/x")
    after = resolved(collection, lamp)
    assert (after.citation.title, after.citation.source) == ("On light", "https://a.org/x")
    assert (after.citation.quote, after.version.number, after.today.standing) == (
        LAMP, 1, before.today.standing,
    )  # fmt: skip


def test_a_locator_of_an_older_version_names_its_words_still(collection: Collection, lamp: str) -> None:
    put(collection, "lamps.txt", "Another text.", "And another one.")
    citation = resolved(collection, lamp).citation
    assert (citation.quote, citation.version, citation.section) == (LAMP, 1, ("Towers",))


def test_the_text_of_several_versions_is_cited_as_of_the_newest_of_them(
    collection: Collection, lamp: str
) -> None:
    put(collection, "lamps.txt", "Another text.", TEXT, "And another one.")
    assert resolved(collection, lamp).citation.version == 3


def test_equal_texts_are_cited_in_the_document_that_is_named(collection: Collection, lamp: str) -> None:
    put(collection, "copy.txt", TEXT)
    copy = lamp.replace("lamps.txt", "copy.txt")
    for one in (lamp, copy):
        assert resolved(collection, one).citation.locator == one
    collection.editor.delete("lamps.txt")
    assert resolved(collection, copy).citation.quote == LAMP
    with pytest.raises(CitationNotFound):
        collection.archive.cite(lamp)


def test_an_id_of_any_characters_is_cited(collection: Collection) -> None:
    ids = ["a@123456789abc:0-5", "b/ü 猫 @:-.txt", f"c@{digest(TEXT)[:12]}:0-5", "%2F%00", "👩‍🚒"]
    for id_ in ids:
        put(collection, id_, TEXT, name="a.txt")
    for id_ in ids:
        assert resolved(collection, locator(id_, TEXT, LAMP)).citation.document_id == id_


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 1), (0, len(LONG)), (len(LONG) - 1, len(LONG)), (16383, 16385), (16384, 16385), (16300, 50000)],
)
def test_a_span_of_a_long_text_is_the_slice_of_it(collection: Collection, start: int, end: int) -> None:
    put(collection, "long.txt", LONG)
    for around in (0, 1, 40_000):
        found = resolved(collection, f"long.txt@{digest(LONG)[:12]}:{start}-{end}", around)
        assert found.citation.quote == LONG[start:end]


def test_words_that_stand_more_than_once_with_what_is_around_them_are_ambiguous(
    collection: Collection,
) -> None:
    rows = "| none | not known |\n" * 6
    text = f"Head\n{rows}{'a' * 80}\nFoot"
    put(collection, "rows.txt", text)
    starts = [
        0,
        text.index("|"),
        text.index("|") + 42,
        text.index("aaa"),
        text.index("aaa") + 40,
        len(text) - 6,
    ]
    cited = [
        resolved(collection, f"rows.txt@{digest(text)[:12]}:{start}-{start + 1}").citation for start in starts
    ]
    assert [one.selectors[1].ambiguous for one in cited] == [False, False, True, False, True, False]


@pytest.mark.parametrize("words", ["= Lamps", LAMP, "wick and oil.\n", TEXT, "e"])
def test_the_text_around_is_told_as_far_as_it_goes(collection: Collection, words: str) -> None:
    put(collection, "lamps.txt", TEXT)
    for around in (0, 1, 7, 60, 10_000):
        found = resolved(collection, locator("lamps.txt", TEXT, words), around)
        assert len(found.before) == min(around, found.citation.start)
        assert len(found.after) == min(around, len(TEXT) - found.citation.end)


def test_the_text_around_is_that_of_the_cited_version(collection: Collection, lamp: str) -> None:
    put(collection, "lamps.txt", TEXT.replace("It burned until dawn.", "It burned for an hour."))
    found = resolved(collection, lamp, 22)
    assert (found.before, found.after) == (
        TEXT[: TEXT.index(LAMP)][-22:],
        " It burned until dawn.",
    )


# What names nothing

HASH = digest(TEXT)[:12]


def test_what_is_no_locator_is_told(collection: Collection, lamp: str) -> None:
    wrong = ["lamps.txt", "", "lamps.txt@", f"lamps.txt@{digest(TEXT)}0:0-5", f"lamps.txt@{HASH[:11]}:0-5"]
    wrong += [
        f"lamps.txt@{HASH}{span}"
        for span in ("", ":5", ":5-5", ":9-5", ":-5-9", ":0-5 ", ":0-5\n", ":a-b", ":٠-٥")
    ]
    wrong += [f"lamps.txt@{HASH.upper()}:0-5", f"@{HASH}:0-5", "x" * 100_000]
    for one in wrong:
        with pytest.raises(InvalidLocator, match="is not a locator"):
            collection.archive.cite(one)
        with pytest.raises(InvalidLocator, match="is not a locator"):
            resolving(collection).resolve(one, around=5)


def test_a_locator_of_another_document_or_text_is_not_found(collection: Collection, lamp: str) -> None:
    put(collection, "other.txt", "Another text.")
    wrong = [locator("lamps.txt", text, "t") for text in ("Another text.", f"{TEXT}\n", TEXT.lower())]
    for id_ in (
        "Lamps.txt",
        "lamps.tx",
        "lamp_.txt",
        "%",
        "other.txt",
        " lamps.txt",
        "lamps.txt\0",
        "lamps.txt/",
    ):
        wrong.append(locator(id_, TEXT, LAMP))
    wrong += [f"lamps.txt@{'0' * 12}:0-5", f"lamps.txt@{digest(TEXT)[1:13]}:0-5"]
    for one in wrong:
        with pytest.raises(CitationNotFound, match=r"No stored version of"):
            collection.archive.cite(one)
        with pytest.raises(CitationNotFound, match=r"No stored version of"):
            resolving(collection).resolve(one, around=5)


def test_a_locator_may_end_where_the_text_does_and_not_after_it(collection: Collection, lamp: str) -> None:
    end = f"lamps.txt@{HASH}:{len(TEXT) - 5}-{len(TEXT)}"
    assert resolved(collection, end).citation.quote == TEXT[-5:]
    for past in (f"{len(TEXT) - 5}-{len(TEXT) + 1}", f"{len(TEXT)}-{len(TEXT) + 1}", "0-999999999999"):
        with pytest.raises(CitationNotFound, match=f"past the text, which has {len(TEXT)} characters"):
            collection.archive.cite(f"lamps.txt@{HASH}:{past}")


def test_the_length_that_counts_is_that_of_the_cited_version(collection: Collection, lamp: str) -> None:
    put(collection, "lamps.txt", "Short.", TEXT * 2)
    with pytest.raises(CitationNotFound, match="which has 6 characters"):
        collection.archive.cite(f"lamps.txt@{digest('Short.')[:12]}:0-7")
    with pytest.raises(CitationNotFound, match="past the text"):
        collection.archive.cite(f"lamps.txt@{HASH}:0-{len(TEXT) + 1}")


def test_texts_whose_hashes_begin_alike_are_never_taken_for_each_other(collection: Collection) -> None:
    # Found among 2^25 texts: who writes a document can choose two such versions in five minutes.
    small, large = "The dose is 5 mg. Ref. 16248902", "The dose is 500 mg. Ref. 12428758"
    assert digest(small)[:12] == digest(large)[:12]
    one = locator("dose.txt", small, "The dose is 5 mg.")
    put(collection, "dose.txt", small)
    assert resolved(collection, one).citation.quote == "The dose is 5 mg."
    with suppress(LoccitError):
        put(collection, "dose.txt", large)
    for _ in range(2):
        with suppress(CitationNotFound):
            assert collection.archive.cite(one).quote == "The dose is 5 mg."
        collection.editor.prune(Retention(keep_versions=1))


def test_each_place_with_the_same_words_has_a_locator_of_these_words(open_collection: Opener) -> None:
    lamp = "The lamp in the tower was lit at dusk by the old keeper of the north light."
    neighbour = "The lamp in the tower was lit at dusk again by the keeper of the south light."
    chunking = ChunkingConfig(max_tokens=24, overlap_tokens=0)
    collection = open_collection(LibraryConfig(chunking=chunking))
    put(collection, "a.txt", f"{lamp}\n\n{neighbour}")
    put(collection, "b.txt", f"== Of ships and sails ==\n\n{lamp}")
    collection.embed_pending()
    question = "Was the lamp in the tower lit at dusk by the keeper of the light?"
    hits = collection.ask(question, near_duplicates="keep").hits
    places = [(one, hit.text) for hit in hits for one in (hit.citation.locator, *hit.also_at)]
    assert [collection.archive.cite(one).quote for one, _ in places] == [text for _, text in places]
    assert {one.partition("@")[0] for one, _ in places} == {"a.txt", "b.txt"}
