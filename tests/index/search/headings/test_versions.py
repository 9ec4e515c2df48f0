"""Questions for the version in which something came, which the heading above it has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.search.extraction import divide_question, extract_answer
from index.search.headings.versions import version_heading
from tests.opening import collection_in

FIRST, SECOND, THIRD = "3.4.1 - 2026-04-22", "Version 3.4.0 (2 April 2026)", "3.3.0"
CHANGELOG = f"""# Changelog of Naust

## {FIRST}

### Fixed

- Double bookings when two customers paid within the same second.

## {SECOND}

### Added

- Vipps as a payment method for rentals.

### Removed

- The old interface for partners, which came with 1.2.0.

## {THIRD}

- Waiting list for guided tours.
"""


@pytest.fixture(scope="module")
def naust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    folder: Path = tmp_path_factory.mktemp("data") / "naust"
    with collection_in(folder, embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        collection.put(Source("naust.md", CHANGELOG.encode()))
        yield collection


def test_the_heading_with_the_version_introduces_the_item(naust: Collection) -> None:
    question = "In which version was Vipps added as a payment method for rentals?"
    answer = naust.ask(question)
    with naust.archive.resolution() as resolution:
        found = extract_answer(resolution, divide_question(question), [answer], most=1, least=0.0)
        said = [one.citation.quote for one in found.sentences]
        text = resolution.moment.text(bytes.fromhex(answer.hits[0].citation.text_sha256), 0, 10_000)
        assert all(
            text[one.citation.start : one.citation.end] == one.citation.quote for one in found.sentences
        )
    assert SECOND in said
    assert said.index(SECOND) < said.index("- Vipps as a payment method for rentals.")


@pytest.mark.parametrize(
    ("words", "heading", "is_dated"),
    [("Double bookings", FIRST, True), ("Vipps", SECOND, True), ("Waiting list", THIRD, False)],
)
@pytest.mark.parametrize(
    ("question", "asks_time"),
    [
        ("In which version was it added?", False),
        ("What release fixed it?", False),
        ("In welcher Version kam es?", False),
        ("When was it added?", True),
        ("Seit wann gibt es das?", True),
    ],
)
def test_the_nearest_heading_of_a_version_is_found(
    words: str, heading: str, is_dated: bool, question: str, asks_time: bool
) -> None:
    found = version_heading(CHANGELOG.replace("#", ""), _place(words), question)
    wanted = None if asks_time and not is_dated else heading
    assert wanted == (None if found is None else CHANGELOG.replace("#", "")[slice(*found)].strip())


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("Vipps", "What was added in 3.4.0?"),
        ("Vipps", "Was Vipps in version 3.4.0?"),
        ("Vipps", "Which payment methods are there?"),
        ("Vipps", "When do sessions end?"),
        ("The old interface", "In which version did the interface come?"),
    ],
)
def test_other_questions_and_sentences_with_a_version_need_no_heading(words: str, question: str) -> None:
    assert version_heading(CHANGELOG.replace("#", ""), _place(words), question) is None


def test_a_numbered_section_is_no_version() -> None:
    text = "2.3.1 Installation\n\nThe plug-in was added by request.\n"
    assert version_heading(text, (20, len(text)), "In which version was the plug-in added?") is None


def _place(words: str) -> tuple[int, int]:
    text = CHANGELOG.replace("#", "")
    start = text.index(words)
    return start, text.index("\n", start)
