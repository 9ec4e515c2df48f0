"""Every interface shows the same sentence first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import regex
from starlette.testclient import TestClient

from index.library import Library
from index.text.sentences import sentence_spans
from tests.service.every_face import faces
from tests.service.http_service import put, served

CORPUS = Path(__file__).parents[2] / "corpus"
_WORD = regex.compile(r"\p{L}{6,}")


@pytest.fixture(scope="module")
def client(shared_library: Library) -> Iterator[TestClient]:
    with served(shared_library, min_answerability=0.0) as client:
        for path in sorted(CORPUS.glob("*.md")):
            put(client, path.name, path.read_text())
        yield client


def questions(count: int) -> list[str]:
    """Questions made of the longest words of sentences all over the corpus."""
    found = []
    for path in sorted(CORPUS.glob("*.md")):
        text = path.read_text()
        for start, end in sentence_spans(text, 0, len(text)):
            words = sorted(set(_WORD.findall(text[start:end])), key=lambda word: (-len(word), word))[:3]
            if len(words) == 3:
                found.append(f"What is said of {words[0]}, {words[1]} or {words[2]}?")
    distinct = list(dict.fromkeys(found))
    return distinct[:: len(distinct) // count][:count]


def assert_same_everywhere(client: TestClient, library: Library, some: list[str]) -> None:
    every = faces(client, library)
    for question in some:
        shown = {name: " ".join(ask(question, ()).split()) for name, ask in every.items()}
        # An answer brings the list that the sentence introduces.
        sentence = min(shown.values(), key=len)
        assert all(sentence in one for one in shown.values()), (question, shown)


def test_every_face_shows_the_same_sentence_first(client: TestClient, shared_library: Library) -> None:
    assert_same_everywhere(client, shared_library, questions(8))


@pytest.mark.full
@pytest.mark.processes
def test_every_face_shows_the_same_sentence_first_on_100_questions(
    client: TestClient, shared_library: Library
) -> None:
    some = questions(100)
    assert len(set(some)) == 100
    assert_same_everywhere(client, shared_library, some)
