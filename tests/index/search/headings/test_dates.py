"""Questions for the date of a section, which its heading has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.search.extraction import divide_question, extract_answer
from index.search.headings.dates import AskedDate, dated_heading
from tests.opening import collection_in

CHANGELOG = """# Changelog of Quill

## 2.2.1 - 2025-05-03

### Fixed

- A blank page at the end of exports.

## 2.2.0 (14 February 2025)

- Added: footnotes in tables.

## 2.1.0

- Added: dark mode.
"""


@pytest.fixture(scope="module")
def quill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    folder: Path = tmp_path_factory.mktemp("data") / "quill"
    with collection_in(folder, embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        collection.put(Source("quill.md", CHANGELOG.encode()))
        collection.put(Source("other.md", CHANGELOG.replace("2.2", "3.4").replace("Quill", "Pen").encode()))
        yield collection


def shown(collection: Collection, question: str) -> str:
    answer = collection.ask(question)
    with collection.archive.resolution() as resolution:
        found = extract_answer(resolution, divide_question(question), [answer], most=3, least=0.5)
    return found.sentences[0].citation.quote if found.sentences else ""


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("When was 2.2.1 released?", "2.2.1 - 2025-05-03"),
        ("When did Quill 2.2.0 come out?", "2.2.0 (14 February 2025)"),
        ("What is the release date of version 3.4.1?", "3.4.1 - 2025-05-03"),
        ("Wann ist 2.2.0 erschienen?", "2.2.0 (14 February 2025)"),
    ],
)
def test_the_heading_with_the_date_is_quoted(quill: Collection, question: str, heading: str) -> None:
    assert shown(quill, question) == heading


@pytest.mark.parametrize(
    "question",
    [
        "When was 2.1.0 released?",  # the heading has no date
        "When was 9.9.9 released?",
        "When was Aster 2.2.1 released?",
        "When does 2.2.1 reach its end of life?",
    ],
)
def test_a_date_that_no_heading_has_is_not_told(quill: Collection, question: str) -> None:
    assert not any(mark in shown(quill, question) for mark in ("2025", "2.2.1"))


@pytest.mark.parametrize(
    "question",
    [
        "What was fixed in 2.2.1?",
        "When was it released?",
        "When was 2.2.1 not available?",
        "Was 2.2.1 released after 3 May 2025?",
        "When did 2.2.1 replace 2.2.0?",
    ],
)
def test_other_questions_ask_for_no_date_of_a_section(question: str) -> None:
    assert AskedDate.of(question) is None
    assert dated_heading(CHANGELOG, len(CHANGELOG), question) is None
