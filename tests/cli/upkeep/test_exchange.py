"""Documents that go from one instance to another keep their ids, versions and locators."""

import json
from pathlib import Path
from typing import Any

import pytest

from index.errors import DocumentNotFound, InvalidInput
from index.ingest.preparation import Source
from index.library import Library
from index.page_labels import label_of
from service.settings import Settings
from service.state.library import open_library
from tests.cli.commands import loccit
from tests.index.embedding.tiny import tiny_model
from tests.index.readers.pdf.test_page_numbers import SHAPES, numbered
from tests.index.readers.pdf.test_pdf import pdf

OLD = "# Moons\n\nMars has two moons.\n\n# Rings\n\nSaturn has rings."
NEW = "# Moons\n\nMars has two moons, Phobos and Deimos.\n\n# Rings\n\nSaturn has rings."


def opened(tmp_path: Path, name: str) -> Library:
    return open_library(Settings(data=tmp_path / name / "data", model="words"))


def locator(library: Library, question: str) -> str:
    return library.open("default").ask(question, k=1).hits[0].citation.locator


@pytest.fixture
def locators(tmp_path: Path) -> list[str]:
    """Of an instance with a document of three versions, the second pruned, and one that was renamed."""
    (tmp_path / "a").mkdir()
    found = []
    with opened(tmp_path, "a") as library:
        collection = library.open("default", create=True)
        for text in (OLD, "Nothing of that.", NEW):
            collection.put(Source("moons.md", text.encode(), metadata={"year": 2020, "tags": ["x", "y"]}))
            collection.embed_pending()
            if text != "Nothing of that.":
                found.append(locator(library, "How many moons has Mars?"))
        store = collection._store  # type: ignore[attr-defined]
        with store.snapshot() as moment:
            (pruned,) = (one for one in moment.replaced_versions() if one.number == 2)
        store.prune([pruned.key])
        collection.put(Source("venus.txt", b"Venus has no moon at all."))
        collection.embed_pending()
        found.append(locator(library, "Venus"))
        collection.editor.rename("venus.txt", "planets/venus.txt")
        collection.put(Source("gone.txt", b"Pluto was a planet."))
        collection.embed_pending()
        found.append(locator(library, "Was Pluto a planet?"))
        store.retire(["gone.txt"])
    return found


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_old_locators_resolve_in_a_new_instance(tmp_path: Path, locators: list[str]) -> None:
    target = tmp_path / "export.jsonl"
    done = loccit(tmp_path / "a", "export", str(target))
    assert "Exported 3 documents" in done.stdout
    assert [one.get("document_id") for one in lines(target)] == [
        None,
        "gone.txt",
        "moons.md",
        "planets/venus.txt",
    ]
    (tmp_path / "b").mkdir()
    assert "3 added, 0 unchanged, 0 refused" in loccit(tmp_path / "b", "import", str(target)).stdout
    with opened(tmp_path, "a") as first, opened(tmp_path, "b") as second:
        ours, theirs = first.open("default"), second.open("default")
        for one in locators:
            assert theirs.archive.cite(one) == ours.archive.cite(one)
        numbers = [(one.number, one.created, one.replaced) for one in ours.archive.versions("moons.md")]
        assert [number for number, *_ in numbers] == [3, 1]
        copied = theirs.archive.versions("moons.md")
        assert [(one.number, one.created, one.replaced) for one in copied] == numbers
        assert theirs.archive.document("moons.md").metadata == ours.archive.document("moons.md").metadata
        assert theirs.archive.document("moons.md").created == ours.archive.document("moons.md").created
        for question in ("moons of Mars", "rings of Saturn", "Venus"):
            assert locator(second, question) == locator(first, question)
        # An unchanged file stays unchanged, and version numbers go on.
        same = Source("moons.md", NEW.encode(), metadata={"year": 2020, "tags": ["x", "y"]})
        assert theirs.put(same).status == "unchanged"
        assert theirs.put(Source("moons.md", b"Another one.")).record.version == 4
        theirs.embed_pending()
    assert loccit(tmp_path / "b", "check").stdout == "No problems.\n"


def test_originals_come_along_unless_left_out(tmp_path: Path, locators: list[str]) -> None:
    for name, options in (("with", []), ("without", ["--without-originals"])):
        loccit(tmp_path / "a", "export", str(tmp_path / name), *options)
        (tmp_path / f"data-{name}").mkdir()
        loccit(tmp_path / f"data-{name}", "import", str(tmp_path / name))
        with opened(tmp_path, f"data-{name}") as library:
            store = library.open("default")._store  # type: ignore[attr-defined]
            with store.snapshot() as moment:
                assert len(moment.all_originals()) == (4 if name == "with" else 0)
        assert loccit(tmp_path / f"data-{name}", "check").stdout == "No problems.\n"


def test_groups_come_along_and_hold(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with opened(tmp_path, "a") as library:
        collection = library.open("default", create=True)
        collection.put(Source("open.txt", b"The pump is in the yard."))
        for text in (b"The pump is broken.", b"The pump is mended."):
            collection.put(Source("secret.txt", text, groups=["engineers", "board"]))
        collection.put(Source("retired.txt", b"The pump was sold.", groups=["board"]))
        collection.editor.retire(["retired.txt"])
        collection.embed_pending()
        cited = collection.archive.versions("secret.txt")[-1]
    target = tmp_path / "export.jsonl"
    loccit(tmp_path / "a", "export", str(target))
    loccit(tmp_path / "b", "import", str(target))
    with opened(tmp_path, "b") as library:
        collection = library.open("default")
        collection.embed_pending()
        assert collection.archive.document("secret.txt").groups == ("board", "engineers")
        for groups, readable in (
            (set(), {"open.txt"}),
            ({"board"}, {"open.txt", "secret.txt"}),
            ({"engineers"}, {"open.txt", "secret.txt"}),
        ):
            seen = collection.restrict_to(groups)
            hits = seen.ask("Where is the pump?", k=5).hits
            assert {hit.citation.document_id for hit in hits} == readable
            assert {one.id for one in seen.archive.documents()} == readable
            events = {one.document_id for one in seen.archive.changes()[0].events}
            assert ("retired.txt" in events) == ("board" in groups)
        with pytest.raises(DocumentNotFound):
            collection.restrict_to(set()).archive.text("secret.txt", cited.number)


def test_importing_again_changes_nothing_and_conflicts_are_told(tmp_path: Path, locators: list[str]) -> None:
    target = tmp_path / "export.jsonl"
    loccit(tmp_path / "a", "export", str(target))
    assert "0 added, 3 unchanged, 0 refused" in loccit(tmp_path / "a", "import", str(target)).stdout
    with opened(tmp_path, "a") as library:
        library.open("default").put(Source("moons.md", b"Another one."))
    done = loccit(tmp_path / "a", "import", str(target), status=1)
    assert "0 added, 2 unchanged, 1 refused" in done.stdout
    assert "line 3: There is a document 'moons.md' already, with other versions" in done.stdout


def test_damaged_lines_are_refused_and_the_others_taken(tmp_path: Path, locators: list[str]) -> None:
    target = tmp_path / "export.jsonl"
    loccit(tmp_path / "a", "export", str(target))
    header, _, moons, venus = target.read_text().splitlines()
    for number, wrong in enumerate(
        [
            moons.replace("Phobos", "Phoebe"),
            moons[:-30],
            moons.replace('"paragraph"', '"verse"'),
            moons.replace('"moons.md"', '""', 1),
            "[]",
            "{}",
        ]
    ):
        target.write_text("\n".join([header.replace("3}", "2}"), wrong, venus]) + "\n")
        (tmp_path / f"c{number}").mkdir()
        done = loccit(tmp_path / f"c{number}", "import", str(target), status=1)
        assert "1 added, 0 unchanged, 1 refused" in done.stdout
        assert "refused line 2" in done.stdout


def test_files_that_are_no_export_or_cut_off_are_told(tmp_path: Path, locators: list[str]) -> None:
    target = tmp_path / "export.jsonl"
    loccit(tmp_path / "a", "export", str(target))
    assert "exists already" in loccit(tmp_path / "a", "export", str(target), status=2).stderr
    header, moons, *_ = target.read_text().splitlines()
    (tmp_path / "b").mkdir()
    for text, told in ((moons, "no header"), (header.replace('"format": 1', '"format": 2'), "format 2")):
        target.write_text(text)
        assert told in loccit(tmp_path / "b", "import", str(target), status=1).stderr
    target.write_text(f"{header}\n{moons}\n")
    assert "it has 1 of 3 documents" in loccit(tmp_path / "b", "import", str(target), status=1).stdout
    missing = loccit(tmp_path / "b", "export", str(tmp_path / "other"), "-c", "nowhere", status=1)
    assert "(collection_not_found)" in missing.stderr


@pytest.mark.model
@pytest.mark.processes
def test_a_collection_takes_its_model_along(tmp_path: Path) -> None:
    model = str(tiny_model(tmp_path / "tiny"))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.txt").write_text("the lamp was lit .")
    unconverted = {"LOCCIT_BACKEND": "torch", "LOCCIT_PRECISION": "fp32"}
    options = {"LOCCIT_CHUNK_OVERLAP_TOKENS": "4", **unconverted}
    loccit(tmp_path, "ingest", str(tmp_path / "docs"), "--model", model, **options)
    assert "tiny" in loccit(tmp_path, "list", **unconverted).stdout
    other = loccit(tmp_path, "ingest", str(tmp_path / "docs"), "--model", "words", status=1, **unconverted)
    assert "has the model 'tiny'" in other.stderr
    assert "`loccit upgrade --collection NAME --model MODEL`" in other.stderr
    target = tmp_path / "notes.jsonl"
    loccit(tmp_path, "export", str(target), **unconverted)
    assert json.loads(target.read_text().splitlines()[0])["model"] == model
    loccit(tmp_path, "import", str(target), "--collection", "same", **unconverted)
    loccit(tmp_path, "import", str(target), "--collection", "words", "--model", "words", **unconverted)
    listed = loccit(tmp_path, "list", **unconverted).stdout
    assert [listed.count(name) for name in ("tiny", "words-256-64")] == [2, 1]
    for name in ("default", "same", "words"):
        asked = loccit(tmp_path, "ask", "the lamp", "--collection", name, **unconverted)
        assert "the lamp was lit ." in asked.stdout


def test_the_numbers_of_pages_go_with_their_versions(tmp_path: Path) -> None:
    numbers = ["x", "xi", "xii", "1", "2", "3"]
    book = pdf(*numbered(numbers, SHAPES["foot"]))
    for name in "ab":
        (tmp_path / name).mkdir()
    with opened(tmp_path, "a") as library:
        library.open("default", create=True).put(Source("book.pdf", book))
        library.open("default").embed_pending()
    loccit(tmp_path / "a", "export", str(tmp_path / "export.jsonl"))
    loccit(tmp_path / "b", "import", str(tmp_path / "export.jsonl"))
    for name in "ab":
        with opened(tmp_path, name) as library:
            archive = library.open("default").archive
            version = archive.version("book.pdf")
            assert [label_of(version.page_labels, page) for page in range(1, 7)] == numbers
            (hit,) = library.open("default").ask("the spring of that year", k=1).hits
            assert hit.citation.printed_pages == archive.cite(hit.citation.locator).printed_pages


NO_PAGES = ['[[1e400,"x"]]', '[[1,"9"', '[[1,"\\ud800"]]', "[" * 100_000]
NO_FIGURES = [
    '{"a":1}', '[["a",1,1,1,1,1,1]]', "[[-5,5,1,0,0,1,1]]", "[[0,500,1,0,0,1,1]]", "[[0,5,2,0,0,1,1]]",
]  # fmt: skip


def test_numbers_and_pictures_that_are_none_are_told_of_their_document(tmp_path: Path) -> None:
    with opened(tmp_path, "a") as library:
        collection = library.open("default", create=True)
        collection.put(Source("moons.md", OLD.encode()))
        _, exported = collection.archive.export("default")
        (version,) = exported["versions"]
        wrong = [{**version, "pages": [0], "page_labels": value} for value in NO_PAGES]
        wrong += [{**version, "pages": [0], "figures": value} for value in NO_FIGURES]
        values = [{**exported, "document_id": f"{at}.md", "versions": [one]} for at, one in enumerate(wrong)]
        *refused, put = collection.adopt_many([*values, {**exported, "document_id": "right.md"}])
    for at, one in enumerate(refused):
        assert isinstance(one, InvalidInput)
        assert f"'{at}.md' is not a document of an export" in str(one)
    assert not isinstance(put, InvalidInput)
