"""What is listed late or oddly opens nothing, and what is stored of a source has no secret."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import pytest

from index.collection import Collection as Collected
from index.errors import LoccitError, SourceError
from index.naming import closed_groups, reopened_groups, validate_groups
from index.sources.applications import Entry, Limits, Listing, Source, SourceSync, put_source, sources_of
from index.sources.web import InvalidUrl
from tests.index.conftest import Opener

RIGHTS = "groups: [board]"
COMPOSED = "\N{LATIN SMALL LETTER E WITH ACUTE}"


@dataclass
class Listed:
    """An application with these texts, listed in this order."""

    texts: Mapping[str, str]
    missing: str = ""
    restricted: Collection[str] = ()
    has_rights_files: bool = True
    stops_at: str = ""
    """The path at which it stops to answer."""
    identities: Mapping[str, str] = field(default_factory=dict)

    def listing(self) -> Listing:
        entries = [
            Entry(path, text, len(text), self.identities.get(path, ""), "", path, path in self.restricted)
            for path, text in self.texts.items()
        ]
        return Listing(entries, self.missing, self.has_rights_files)

    def read(self, entry: Entry) -> bytes:
        if entry.key == self.stops_at:
            raise SourceError("it does not answer")
        return self.texts[entry.key].encode()

    def readers(self, entry: Entry) -> None:
        return None

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("folder", "before"),
    [
        ("late", {}),  # beyond the limit
        ("x" * 500, {}),  # the id of the file with the rights would be too long
        (
            "e\N{COMBINING ACUTE ACCENT}",
            {"\N{LATIN SMALL LETTER E WITH ACUTE}/.loccit.yaml": "groups: [staff]"},
        ),
    ],
    ids=["late", "long", "twice"],
)
def test_rights_hold_wherever_their_file_is_listed(
    open_collection: Opener, folder: str, before: Mapping[str, str]
) -> None:
    texts = {**before, f"{folder}/a.txt": "The minutes.", f"{folder}/.loccit.yaml": RIGHTS}
    with open_collection() as collection:
        limits = Limits(entries=len(before) + 1)
        if folder != "late":
            limits = Limits()
        report = SourceSync(collection, Source("s", "github", prefix="s"), Listed(texts), limits=limits).run()
        (added,) = report.added
        assert collection.archive.document(added).groups == ("board",)


SOURCE = Source("s", "github", prefix="s")
MINUTES = {"board/a.txt": "The minutes."}


def readable(collection: Collected, document_id: str, *groups: str) -> bool:
    """Tell whether these groups may read the first version that is stored."""
    try:
        collection.restrict_to(frozenset(groups)).archive.text(document_id, 1)
    except LoccitError:
        return False
    return True


@pytest.mark.parametrize("groups", [None, ("staff",), ("g" * 100, "staff")])
@pytest.mark.parametrize("way", ["restricted", "unreadable", "retired", "stopped", "moved", "taken"])
def test_a_right_that_is_withdrawn_closes_what_is_stored_until_it_is_given_again(
    open_collection: Opener, way: str, groups: tuple[str, ...] | None
) -> None:
    source = replace(SOURCE, groups=groups)
    named = groups or ()
    given = {**MINUTES, "b.txt": "Something else."}
    closing = Listed({**given, "board/.loccit.yaml": "{"})
    if way in ("restricted", "retired"):
        closing = Listed(given, restricted=["board/a.txt"])
    elif way == "stopped":
        closing = Listed({"0.txt": "New.", **given}, restricted=["board/a.txt"], stops_at="0.txt")
    elif way in ("moved", "taken"):  # to where another document is, so that it cannot be renamed
        given["c.txt"] = "A third."
        text = MINUTES["board/a.txt"]
        closing = Listed({"b.txt": "Something else.", "c.txt": text}, restricted=["c.txt"])
        if way == "moved":
            closing.identities = {"c.txt": "1"}
    first = Listed(given, identities={"board/a.txt": "1"} if way == "moved" else {})
    with open_collection() as collection:
        SourceSync(collection, source, first).run()
        assert readable(collection, "s/board/a.txt", *named)
        if way == "retired":
            collection.editor.retire(["s/board/a.txt"])
        if way == "stopped":
            with pytest.raises(SourceError):
                SourceSync(collection, source, closing).run()
        else:
            report = SourceSync(collection, source, closing).run()
            assert ("s/board/a.txt" in report.retired) == (way != "retired")
        record = collection.archive.find_document("s/board/a.txt", retired=True)
        assert record is not None
        assert record.retired is not None
        assert not readable(collection, "s/board/a.txt", *named)
        assert not readable(collection, "s/board/a.txt", *named, *record.groups)
        assert readable(collection, "s/b.txt", *named)
        before = collection.last_change()
        if way != "stopped":
            SourceSync(collection, source, closing).run()
            assert collection.last_change() == before  # nothing is written again
        SourceSync(collection, replace(source, groups=None), first).run()
        assert collection.archive.document("s/board/a.txt").groups == named
        assert readable(collection, "s/board/a.txt", *named)


@pytest.mark.parametrize("groups", [(), ("a",), ("a", "b" * 100)])
def test_closed_groups_can_be_stored_and_opened_again(groups: tuple[str, ...]) -> None:
    closed = closed_groups(groups)
    assert validate_groups(closed) == closed == closed_groups(closed)
    assert reopened_groups(closed) == groups == reopened_groups(groups)


@pytest.mark.parametrize("above", [{}, {".loccit.yaml": "groups: [everyone]"}], ids=["none", "above"])
def test_a_listing_that_lost_rights_opens_nothing(open_collection: Opener, above: Mapping[str, str]) -> None:
    whole = {**above, **MINUTES, "board/.loccit.yaml": RIGHTS, "open/.loccit.yaml": "groups: [staff]"}
    cut = {**above, **MINUTES, "board/new.txt": "New.", "open/.loccit.yaml": "groups: [staff]"}
    cut |= {"open/new.txt": "For the staff.", "board/deep/new.txt": "Deep."}
    source = replace(SOURCE, groups=("all",))
    with open_collection() as collection:
        SourceSync(collection, source, Listed(whole)).run()
        assert collection.archive.document("s/board/a.txt").groups == ("board",)
        report = SourceSync(collection, source, Listed(cut, missing="it is cut")).run()
        assert report.added == ["s/open/new.txt"]
        assert {one.path for one in report.skipped} == {"board/new.txt", "board/deep/new.txt"}
        assert "not complete" in report.skipped[0].reason
        assert collection.archive.document("s/board/a.txt").groups == ("board",)
        SourceSync(collection, source, Listed({**cut, **whole})).run()
        assert collection.archive.document("s/board/new.txt").groups == ("board",)


def test_a_listing_that_lost_rights_does_not_restore(open_collection: Opener) -> None:
    with open_collection() as collection:
        SourceSync(collection, SOURCE, Listed(MINUTES)).run()
        SourceSync(collection, SOURCE, Listed({**MINUTES, "board/.loccit.yaml": "{"})).run()
        SourceSync(collection, SOURCE, Listed(MINUTES, missing="it is cut")).run()
        assert not readable(collection, "s/board/a.txt")


def test_an_application_without_files_adds_from_a_part_of_its_pages(open_collection: Opener) -> None:
    with open_collection() as collection:
        pages = Listed(MINUTES, missing="a page failed", has_rights_files=False)
        assert SourceSync(collection, SOURCE, pages).run().added == ["s/board/a.txt"]


def test_an_address_with_a_password_is_refused_and_not_stored(open_collection: Opener) -> None:
    with open_collection() as collection:
        with pytest.raises(InvalidUrl) as caught:
            put_source(collection, Source("s", "jira", "HELP", url="https://ann:hunter2@jira.example"))
        assert "hunter2" not in caught.value.message
        assert sources_of(collection) == []
