"""What a locator names, for as long as its text is kept, and what became of it since."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from index.answers import Citation, Selector
from index.citations.citing import parse_locator
from index.citations.resolution import Resolved, Today
from index.collection import Collection
from index.config import ChunkingConfig, LibraryConfig
from index.embedding import WordEmbedder
from index.errors import (
    ChangeNotKept,
    CitationNotFound,
    DocumentNotFound,
    EmptyQuestion,
    InvalidInput,
    InvalidLocator,
    LoccitError,
    NotFound,
    VersionNotFound,
)
from index.history.retention import Retention
from index.ingest.preparation import Source
from index.records import VersionRecord
from tests.index.conftest import Opener
from tests.opening import collection_in, resolving
from tests.sizes import examples

LAMP = "The lamp in the north tower was lit at dusk by the keeper."
TEXT = (
    "= Lamps =\n\nAn introduction to lamps and to those who light them.\n\n== Towers ==\n\n"
    f"{LAMP} It burned until dawn.\n\n== Oil ==\n\nOil lamps need a wick and oil.\n"
)
LONG = "".join(f"Line {number} 𝔡é 👩‍🚒 of a long text.\n" for number in range(3000))
"""More than five of the blocks that a text is stored in; counted in bytes or UTF-16, all offsets differ."""


def put(collection: Collection, id_: str, *texts: str, **given: object) -> None:
    for text in texts:
        collection.put(Source(id_, text.encode(), **given))  # type: ignore[arg-type]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def locator(id_: str, text: str, words: str) -> str:
    """The locator of words of a text, by its definition in the documentation."""
    start = text.index(words)
    return f"{id_}@{digest(text)[:12]}:{start}-{start + len(words)}"


def resolved(collection: Collection, one: str, around: int = 0) -> Resolved:
    """What a locator resolves to; everything that holds of any is checked."""
    found = resolving(collection).resolve(one, around=around)
    citation = found.citation
    version, text = collection.archive.text(citation.document_id, citation.version)
    assert found.version == version
    assert collection.archive.cite(one) == citation
    check_citation(citation, text)
    assert found.before == text[max(0, citation.start - around) : citation.start]
    assert found.after == text[citation.end : citation.end + around]
    newest, new_text = collection.archive.text(citation.document_id)
    check_today(found.today, citation, newest, new_text)
    return found


def check_citation(citation: Citation, text: str) -> None:
    """A citation is the slice of the text that it says it is, and its selectors find it there."""
    start, end = citation.start, citation.end
    assert 0 <= start < end <= len(text)
    assert text[start:end] == citation.quote
    assert citation.text_sha256 == digest(text)
    assert citation.locator == f"{citation.document_id}@{digest(text)[:12]}:{start}-{end}"
    position, words = citation.selectors
    assert position == Selector("TextPositionSelector", start=start, end=end)
    assert words.type == "TextQuoteSelector"
    assert words.exact == citation.quote
    prefix, suffix = words.prefix or "", words.suffix or ""
    starts = list(occurrences(text, prefix + citation.quote + suffix))
    assert start - len(prefix) in starts
    assert words.ambiguous == (len(starts) > 1)


def occurrences(text: str, sought: str) -> Iterator[int]:
    at = text.find(sought)
    while at >= 0:
        yield at
        at = text.find(sought, at + 1)


def check_today(today: Today, citation: Citation, newest: VersionRecord, text: str) -> None:
    """What is said of the newest version is true of its text."""
    standing, now = today.standing, today.citation
    assert today.version == newest.number
    assert (standing.status == "gone") == (now is None)
    if now is None:
        assert (standing.start, standing.end, standing.quote, standing.similarity) == (0, 0, "", 0.0)
        return
    check_citation(now, text)
    assert (now.document_id, now.version) == (citation.document_id, newest.number)
    assert (now.start, now.end, now.quote) == (standing.start, standing.end, standing.quote)
    same = now.quote == citation.quote
    match standing.status:
        case "current":
            assert (same, now.start) == (True, citation.start)
        case "moved":
            assert same
            assert now.start != citation.start
        case _:
            assert not same
            removed = "".join(one.text for one in standing.edits if one.kind != "insert")
            added = "".join(one.text for one in standing.edits if one.kind != "delete")
            assert (removed, added) == (citation.quote, now.quote)
    assert (standing.similarity == 1.0) >= same


@pytest.fixture
def lamp(collection: Collection) -> str:
    """The locator of a sentence in the middle of a document."""
    put(collection, "lamps.txt", TEXT)
    return locator("lamps.txt", TEXT, LAMP)


# What a locator names


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


# What became of it


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


# What is erased


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
    finally:
        for reader in readers:
            reader.done.set()
        for reader in readers:
            reader.join()
    assert [reader.wrong for reader in readers] == [[], [], []]
    assert all(reader.found for reader in readers)


# Any history of any texts

SENTENCES = st.sampled_from(
    [
        LAMP + " ",
        "Oil lamps need a wick and oil, 1.5 ml an hour. ",
        "== Of lamps ==\n\n",
        "Il e\u0301tait une fois un re\u0302ve; \u1e69 \u0073\u0307\u0323. ",
        "A family 👩‍👩‍👧‍👦, two flags 🇩🇪🇫🇷 and a thumb 👍🏽 came home. ",
        "שָׁלוֹם עֲלֵיכֶם, said the \u202egnorts\u202c keeper. ",
        "كان المصباح مضاءً عند الغسق. ",
        "猫は静かな部屋で寝ている。",
        "등대지기는 해질녘에 등불을 켰다. ",
        "The ﬁrst 𝔩𝔞𝔪𝔭\u00a0— “bright”. ",
    ]
)
PIECES = st.one_of(
    st.sampled_from(
        ["lamp ", "\u0301", "\u200b", "\ufeff", "\u200f", "\t", "\r\n", "\u2028", "\n\n", "a", "🇩"]
    ),
    st.text(max_size=20),
)
WORDS = st.lists(SENTENCES | PIECES, min_size=1, max_size=4).map("".join)
TEXTS = st.lists(WORDS, min_size=2, max_size=6).map("\n\n".join)
DOCUMENTS = ("a.txt", "b/ü@:1-2.md", "猫")
IDS = st.sampled_from(DOCUMENTS)
PLACES = st.integers(0, 1000)
MEMORY = Path("/dev/shm")  # noqa: S108
"""Where there is one, commits do not wait for a disk."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A version as it was given and stored. No two are equal, whatever their texts."""

    number: int
    given: str
    text: str
    serial: int


class Histories(RuleBasedStateMachine):
    """Documents are put, changed, put again, described, pruned and deleted; every locator ever given holds.

    The model keeps what was put and which words each locator named when it was given, and nothing else.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.tokens = 24
        self.collections = 0
        self.serial = 0
        self.kept: dict[str, list[Kept]] = {}
        self.named: dict[str, str] = {}
        self.moments: dict[int, dict[str, Kept]] = {}
        self.collection = self.opened()

    def teardown(self) -> None:
        self.collection.close()
        self.folder.cleanup()

    def opened(self) -> Collection:
        folder = Path(self.folder.name) / str(self.collections)
        chunking = ChunkingConfig(max_tokens=self.tokens, overlap_tokens=self.tokens // 4)
        return collection_in(folder, embedder=WordEmbedder(), config=LibraryConfig(chunking=chunking))

    # What is done

    def put(self, id_: str, text: str) -> None:
        try:
            outcome = self.collection.put(Source(id_, text.encode(), name="any.txt"))
        except InvalidInput:
            return
        version, stored = self.collection.archive.text(id_)
        versions = self.kept.setdefault(id_, [])
        same = bool(versions) and versions[-1].text == stored
        if not same:
            self.serial += 1
            versions.append(Kept(version.number, text, stored, self.serial))
        assert outcome.record.version == version.number == versions[-1].number
        self.remember()

    def remember(self) -> None:
        self.moments[self.collection.archive.counts().change] = {
            id_: versions[-1] for id_, versions in self.kept.items()
        }

    @initialize(texts=st.lists(TEXTS, min_size=1, max_size=3))
    def put_the_first_texts(self, texts: list[str]) -> None:
        for id_, text in zip(DOCUMENTS, texts, strict=False):
            self.put(id_, text)

    @rule(id_=IDS, text=TEXTS)
    def put_another_text(self, id_: str, text: str) -> None:
        self.put(id_, text)

    @precondition(lambda self: self.kept)
    @rule(id_=IDS, at=PLACES, length=st.integers(0, 60), words=st.just("") | WORDS)
    def change_a_text(self, id_: str, at: int, length: int, words: str) -> None:
        """Put in, take out, or replace."""
        text = self.text_of(id_)
        at %= len(text) + 1
        self.put(id_, text[:at] + words + text[at + length :])

    @precondition(lambda self: self.kept)
    @rule(id_=IDS, which=PLACES, to=PLACES, leave=st.booleans())
    def move_a_paragraph(self, id_: str, which: int, to: int, leave: bool) -> None:
        """Or repeat it elsewhere."""
        parts = self.text_of(id_).split("\n\n")
        at = which % len(parts)
        part = parts[at] if leave else parts.pop(at)
        parts.insert(to % (len(parts) + 1), part)
        self.put(id_, "\n\n".join(parts))

    @precondition(lambda self: self.kept)
    @rule(id_=IDS, which=PLACES)
    def put_an_older_text_again(self, id_: str, which: int) -> None:
        versions = self.kept.get(id_) or next(iter(self.kept.values()))
        self.put(id_, versions[which % len(versions)].given)

    @precondition(lambda self: self.kept)
    @rule(id_=IDS, title=st.text(max_size=9), year=st.integers())
    def describe_a_document(self, id_: str, title: str, year: int) -> None:
        if id_ not in self.kept:
            return
        newest = self.kept[id_][-1]
        source = Source(id_, newest.given.encode(), name="any.txt", title=title, metadata={"year": year})
        assert self.collection.put(source).record.version == newest.number
        self.remember()

    @rule()
    def embed(self) -> None:
        self.collection.embed_pending()
        self.remember()

    @rule(id_=IDS)
    def delete_a_document(self, id_: str) -> None:
        if self.kept.pop(id_, None) is None:
            with pytest.raises(DocumentNotFound):
                self.collection.editor.delete(id_)
            return
        self.collection.editor.delete(id_)
        self.remember()

    @rule(most=st.integers(1, 3))
    def prune(self, most: int) -> None:
        before = {one for one in self.named if self.number_of(one)}
        pruned = self.collection.editor.prune(
            Retention(keep_versions=most), [parse_locator(one) for one in self.named]
        )
        for versions in self.kept.values():
            del versions[:-most]
        assert set(pruned.broken) == {one for one in before if not self.number_of(one)}
        self.remember()

    @rule()
    def open_again(self) -> None:
        self.collection.close()
        self.collection = self.opened()

    @rule(tokens=st.sampled_from([16, 24, 60]))
    def cut_anew(self, tokens: int) -> None:
        """The documents in another collection, with passages of another size."""
        if tokens == self.tokens:
            return
        self.collection.close()
        self.tokens, old = tokens, self.kept
        self.collections += 1
        self.collection = self.opened()
        self.kept, self.moments = {}, {}
        for id_, versions in old.items():
            for version in versions:
                self.put(id_, version.given)
            assert [one.text for one in self.kept[id_]] == [one.text for one in versions]

    # What is asked

    @precondition(lambda self: self.kept)
    @rule(which=PLACES, spans=st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=3))
    def cite_any_spans(self, which: int, spans: list[tuple[int, int]]) -> None:
        versions = [(id_, one.text) for id_, versions in self.kept.items() for one in versions]
        id_, text = versions[which % len(versions)]
        for start, length in spans:
            at = start % len(text)
            end = at + 1 + length % min(100, len(text) - at)
            self.named[f"{id_}@{digest(text)[:12]}:{at}-{end}"] = text[at:end]

    @precondition(lambda self: self.kept)
    @rule(id_=IDS, start=PLACES)
    def ask(self, id_: str, start: int) -> None:
        self.answered(self.question(id_, start), {key: one[-1] for key, one in self.kept.items()}, None)

    @precondition(lambda self: self.moments)
    @rule(id_=IDS, start=PLACES, which=PLACES)
    def ask_as_of_earlier(self, id_: str, start: int, which: int) -> None:
        change = list(self.moments)[which % len(self.moments)]
        then = self.moments[change]
        kept = {one.serial for versions in self.kept.values() for one in versions}
        if all(one.serial in kept for one in then.values()):
            self.answered(self.question(id_, start), then, change)
        else:
            with pytest.raises(ChangeNotKept):
                self.collection.ask("lamp", as_of=change)

    def question(self, id_: str, start: int) -> str:
        text = self.text_of(id_)
        return text[start % (len(text) + 1) :][:200]

    def answered(self, question: str, texts: dict[str, Kept], as_of: int | None) -> None:
        try:
            answer = self.collection.ask(question, as_of=as_of)
        except EmptyQuestion:
            return
        for hit in answer.hits:
            citation = hit.citation
            version = texts[citation.document_id]
            assert (citation.version, citation.quote) == (version.number, hit.text)
            check_citation(citation, version.text)
            self.named[citation.locator] = hit.text
            self.named.update(dict.fromkeys(hit.also_at, hit.text))
            for part in hit.evidence:
                one = f"{citation.locator.rpartition(':')[0]}:{part.start}-{part.end}"
                self.named[one] = version.text[part.start : part.end]
                assert self.named[one] in hit.text

    def text_of(self, id_: str) -> str:
        return self.kept[id_][-1].text if id_ in self.kept else ""

    # What holds

    def number_of(self, one: str) -> int:
        """The version whose words a locator names; 0 if none with that text is kept."""
        wanted = parse_locator(one)
        same = [
            version.number
            for version in self.kept.get(wanted.document_id, [])
            if digest(version.text)[:12] == wanted.text_sha256
        ]
        return max(same, default=0)

    @invariant()
    def every_locator_names_its_words_while_a_version_of_its_text_is_kept(self) -> None:
        for one, words in self.named.items():
            if number := self.number_of(one):
                found = resolved(self.collection, one, around=9)
                assert (found.citation.quote, found.citation.version) == (words, number)
                newest = self.kept[found.citation.document_id][-1]
                assert found.today.version == newest.number
                if digest(newest.text) == found.citation.text_sha256:
                    assert found.today.standing.status == "current"
            else:
                with pytest.raises(CitationNotFound, match="deleted, the version was pruned"):
                    self.collection.archive.cite(one)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=examples(25),
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow],
)
