import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.questions import InvalidQuestions, Span, load, locate_quotes, sources
from index.answers import Turn
from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from tests.opening import collection_in


def lines(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def beir(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    lines(
        folder / "corpus.jsonl",
        {"_id": "a", "title": "Lamps", "text": "The lamp was lit."},
        {"_id": "b", "text": "The dog slept."},
    )
    conversation = ["user: What is a lamp?", "agent: A light.", "user: Who lit it?"]
    lines(
        folder / "queries.jsonl",
        {
            "_id": "1",
            "text": "Who lit it?",
            "metadata": {"unanswerable": False, "conversation": conversation},
        },
        {"_id": "2", "text": "What is tax?", "metadata": {"unanswerable": True}},
        {"_id": "3", "text": "Nobody judged this."},
    )
    lines(folder / "spans.jsonl", {"query-id": "1", "corpus-id": "a", "start": 4, "end": 8})
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n1\ta\t2\n1\tb\t0\n")
    return folder


def test_a_beir_folder_is_read(beir: Path) -> None:
    first, second = load(beir)
    assert (first.id, first.relevant, first.answerable) == ("1", {"a": 2}, True)
    assert first.answers == ((Span("a", 4, 8),),)
    assert first.turns == (Turn("user", "What is a lamp?"), Turn("assistant", "A light."))
    assert (second.id, second.relevant, second.answerable) == ("2", {}, False)
    assert [(one.id, one.title) for one in sources(beir)] == [("a", "Lamps"), ("b", "")]


def test_a_split_may_have_questions_of_its_own(beir: Path) -> None:
    lines(beir / "train" / "queries.jsonl", {"_id": "9", "text": "Who slept?"})
    (beir / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\n9\tb\t1\n")
    assert [one.text for one in load(beir, split="train")] == ["Who slept?"]


def test_a_file_of_questions_is_read(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "own.jsonl",
        {"question": "Who?", "quote": "the keeper"},
        {"id": "x", "question": "Where?", "document": "a.txt", "turns": [{"role": "user", "text": "Hm."}]},
        {"question": "Why?", "answerable": False},
    )
    quoted, placed, unanswerable = load(path)
    assert (quoted.id, quoted.quotes, quoted.answerable) == ("1", ("the keeper",), True)
    assert (placed.id, placed.relevant, placed.turns) == ("x", {"a.txt": 1}, (Turn("user", "Hm."),))
    assert unanswerable.answerable is False


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no questions"),
        ("{", "line 1 is not JSON"),
        ('{"question": "Who?"}\n[]', "line 2 is not a JSON object"),
        ('{"q": "Who?"}', "question 1 has no field 'question'"),
    ],
)
def test_what_is_wrong_with_a_file_is_told(tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "own.jsonl").write_text(content)
    with pytest.raises(InvalidQuestions, match=told):
        load(tmp_path / "own.jsonl")


def test_what_is_not_there_is_told(tmp_path: Path, beir: Path) -> None:
    with pytest.raises(InvalidQuestions, match="cannot be read"):
        load(tmp_path / "nowhere.jsonl")
    with pytest.raises(InvalidQuestions, match=r"dev\.tsv cannot be read"):
        load(beir, split="dev")


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with collection_in(tmp_path / "c", embedder=WordEmbedder(), config=LibraryConfig()) as opened:
        opened.put(Source("a.txt", b"The keeper slept. The keeper woke."))
        opened.put(Source("b.txt", b"The keeper left."))
        yield opened


def test_quotes_are_found_wherever_they_stand(tmp_path: Path, collection: Collection) -> None:
    path = lines(
        tmp_path / "own.jsonl",
        {"question": "Who?", "quote": "The keeper"},
        {"question": "Who?", "quote": "The keeper", "document": "b.txt"},
        {"question": "Who?", "quote": "nobody"},
    )
    anywhere, there, nowhere = locate_quotes(load(path), collection)
    assert anywhere.answers == ((Span("a.txt", 0, 10),), (Span("a.txt", 18, 28),), (Span("b.txt", 0, 10),))
    assert anywhere.relevant == {"a.txt": 1, "b.txt": 1}
    assert there.answers == ((Span("b.txt", 0, 10),),)
    assert nowhere.answers == ()
