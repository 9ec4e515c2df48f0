"""What is listed late or oddly opens nothing, and what is stored of a source has no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from index.sources.applications import Entry, Limits, Listing, Source, SourceSync, put_source, sources_of
from index.sources.web import InvalidUrl
from tests.index.conftest import Opener

RIGHTS = "groups: [board]"
COMPOSED = "\N{LATIN SMALL LETTER E WITH ACUTE}"


@dataclass
class Listed:
    """An application with these texts, listed in this order."""

    texts: Mapping[str, str]

    def listing(self) -> Listing:
        return Listing([Entry(path, text, len(text), key=path) for path, text in self.texts.items()])

    def read(self, entry: Entry) -> bytes:
        return self.texts[entry.key].encode()

    def readers(self, entry: Entry) -> None:
        return None

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("folder", "before"),
    [
        ("late", {}),  # beyond the limit
        ("x" * 495, {}),  # the id of the file with the rights would be too long
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


def test_an_address_with_a_password_is_refused_and_not_stored(open_collection: Opener) -> None:
    with open_collection() as collection:
        with pytest.raises(InvalidUrl) as caught:
            put_source(collection, Source("s", "jira", "HELP", url="https://ann:hunter2@jira.example"))
        assert "hunter2" not in caught.value.message
        assert sources_of(collection) == []
