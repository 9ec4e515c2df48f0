import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from index.citations.formats import FORMATS
from service.faces.api.schemas.citations import CitationResponse
from service.faces.api.schemas.conflicts import DocumentConflict
from service.faces.api.schemas.verdicts import AnswerVerdict, Verdict
from tests.cli.commands import TERMINAL, loccit
from tests.index.readers.pdf.test_page_numbers import SHAPES, numbered
from tests.index.readers.pdf.test_pdf import pdf
from tests.service.http_service import assert_shape

MARS = "Mars has two moons, Phobos and Deimos."


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with documents beside the data folder that they were ingested into; a locator of one."""
    home = tmp_path_factory.mktemp("planets")
    ingest_planets(home)
    return home, locator(home, "moons of Mars")


def ingest_planets(home: Path) -> Path:
    folder = home / "docs"
    folder.mkdir()
    (folder / "mars.txt").write_text(MARS)
    (folder / "two words.txt").write_text("Venus has no moon at all.")
    loccit(home, "ingest", str(folder))
    return folder


@pytest.fixture
def folder(ingested: tuple[Path, str], tmp_path: Path) -> Path:
    shutil.copytree(ingested[0], tmp_path, dirs_exist_ok=True)
    return tmp_path / "docs"


@pytest.fixture
def mars(ingested: tuple[Path, str], folder: Path) -> str:
    """A locator of the document on Mars."""
    return ingested[1]


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    """The same, for tests that ingest it again: a document has the path of its file."""
    return ingest_planets(tmp_path)


def asked(tmp_path: Path, question: str, *options: str) -> list[dict[str, Any]]:
    answer = json.loads(loccit(tmp_path, "ask", question, "--json", *options).stdout)
    return [passage["citation"] for passage in answer["passages"]]


def locator(tmp_path: Path, question: str) -> str:
    return str(asked(tmp_path, question, "-k", "1")[0]["locator"])


def replaced(tmp_path: Path, folder: Path, text: str, name: str = "mars.txt") -> None:
    (folder / name).write_text(text)
    assert "1 replaced" in loccit(tmp_path, "ingest", str(folder)).stdout


# cite


def test_a_citation_is_looked_up(tmp_path: Path, mars: str) -> None:
    done = loccit(tmp_path, "cite", mars)
    assert MARS in done.stdout
    assert "mars.txt" in done.stdout
    assert "version 1" in done.stdout
    assert "These words stand there today." in done.stdout


def test_what_became_of_a_citation_is_told(tmp_path: Path, own_folder: Path) -> None:
    mars = locator(tmp_path, "moons of Mars")
    replaced(tmp_path, own_folder, f"So it is: {MARS}")
    moved = loccit(tmp_path, "cite", mars)
    assert "stand elsewhere" in moved.stdout
    assert ":10-48" in moved.stdout
    replaced(tmp_path, own_folder, "Mars has three moons, Phobos and Deimos.")
    changed = loccit(tmp_path, "cite", mars)
    assert "other words there today" in changed.stdout
    assert "[-two-]{+three+}" in changed.stdout
    replaced(tmp_path, own_folder, "Nothing is known of it.")
    gone = loccit(tmp_path, "cite", mars)
    assert MARS in gone.stdout
    assert "Nothing like these words" in gone.stdout


def test_a_citation_as_json_is_that_of_the_http_api(tmp_path: Path, mars: str) -> None:
    told = json.loads(loccit(tmp_path, "cite", mars, "--json").stdout)
    assert_shape(CitationResponse, told)
    assert (told["quote"], told["locator"], told["standing"]["status"]) == (MARS, mars, "current")


@pytest.mark.parametrize("shape", ["plain", "csl_json"])
def test_a_citation_is_printed_in_a_shape(tmp_path: Path, mars: str, shape: str) -> None:
    printed = loccit(tmp_path, "cite", mars, "--format", shape).stdout
    if shape == "plain":
        assert printed == f"mars.txt. [{mars}]\n"
    else:
        assert json.loads(printed)["annote"] == MARS


def test_a_shape_that_is_not_known_is_refused_with_those_that_are(tmp_path: Path) -> None:
    done = loccit(tmp_path, "cite", "a@9f2c41aab3de:1-2", "--format", "endnote", status=2)
    assert all(name in done.stderr for name in FORMATS)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [("mars.txt", "invalid_locator"), ("mars.txt@000000000000:0-5", "citation_not_found")],
)
def test_a_citation_that_is_not_there_is_one_error(
    tmp_path: Path, folder: Path, wrong: str, code: str
) -> None:
    done = loccit(tmp_path, "cite", wrong, status=1)
    assert f"({code})" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_locator_is_printed_in_one_piece(tmp_path: Path, folder: Path) -> None:
    name = f"{'a long name ' * 8}of :rocket: [red]Mars[_].txt"
    (folder / name).write_text("Mars is red, and cold.")
    loccit(tmp_path, "ingest", str(folder))
    old = locator(tmp_path, "What is red and cold?")
    replaced(tmp_path, folder, "Indeed: Mars is red, and cold.", name)
    new = locator(tmp_path, "What is red and cold?").replace(":0-30", ":8-30")
    assert new.startswith(f"{name}@")
    assert new in loccit(tmp_path, "cite", old, **TERMINAL).stdout
    assert new in loccit(tmp_path, "verify", "Mars is red, and cold.", **TERMINAL).stdout
    whole = new.replace(":8-30", ":0-30")
    assert whole in loccit(tmp_path, "ask", "What is red and cold?", **TERMINAL).stdout


# verify


@pytest.mark.parametrize(
    ("quote", "status", "said"),
    [
        (MARS, 0, "verified"),
        ("mars has TWO moons", 0, "repaired"),
        ("Mars has three moons, Phobos and Deimos.", 1, "altered"),
        ("Jupiter is the largest of all.", 1, "not found"),
    ],
)
def test_a_quote_is_verified_and_the_exit_status_says_so(
    tmp_path: Path, folder: Path, quote: str, status: int, said: str
) -> None:
    assert said in loccit(tmp_path, "verify", quote, status=status).stdout


def test_what_was_changed_in_a_quote_is_marked_where_there_is_no_colour(tmp_path: Path, folder: Path) -> None:
    told = loccit(tmp_path, "verify", "Mars has three moons, Phobos and Deimos.", status=1).stdout
    assert "Mars has [-three-]{+two+} moons, Phobos and Deimos." in " ".join(told.split())


def test_a_quote_is_verified_in_the_document_it_is_said_to_stand_in(tmp_path: Path, folder: Path) -> None:
    assert "verified" in loccit(tmp_path, "verify", MARS, "--document", "mars.txt").stdout
    other = loccit(tmp_path, "verify", MARS, "--document", "two words.txt", status=1)
    assert "misattributed" in other.stdout
    assert "'mars.txt'" in other.stdout
    nowhere = loccit(tmp_path, "verify", "It is the largest.", "--document", "jupiter.txt", status=1)
    assert "not found" in nowhere.stdout
    assert "jupiter.txt" in nowhere.stdout


def test_documents_that_disagree_are_listed(tmp_path: Path, own_folder: Path) -> None:
    assert "No documents were found to disagree." in loccit(tmp_path, "conflicts").stdout
    (own_folder / "again.txt").write_text("Mars has three moons, Phobos and Deimos.")
    loccit(tmp_path, "ingest", str(own_folder))
    done = loccit(tmp_path, "conflicts")
    assert "number, newer:\nMars has three moons, Phobos and Deimos.\n" in done.stdout
    assert f"number, older:\n{MARS}\n" in done.stdout
    (one,) = json.loads(loccit(tmp_path, "conflicts", "--json").stdout)["conflicts"]
    assert_shape(DocumentConflict, one)
    again = loccit(tmp_path, "conflicts", one["older"]["citation"]["locator"])
    assert "1 found." in again.stdout


def test_a_verdict_as_json_is_that_of_the_http_api(tmp_path: Path, folder: Path) -> None:
    good = json.loads(loccit(tmp_path, "verify", MARS, "--json").stdout)
    assert_shape(Verdict, good)
    assert (good["status"], good["citation"]["document_id"]) == ("verified", "mars.txt")
    bad = json.loads(loccit(tmp_path, "verify", "Mars has no moons at all.", "--json", status=1).stdout)
    assert_shape(Verdict, bad)
    assert bad["status"] in {"altered", "not_found"}


def test_an_answer_is_judged_sentence_by_sentence(tmp_path: Path, folder: Path, mars: str) -> None:
    right = loccit(tmp_path, "verify", "Mars has two moons, Phobos and Deimos.", "--answer")
    assert "supported" in right.stdout
    assert mars.partition("@")[0] in right.stdout
    wrong = loccit(
        tmp_path,
        "verify",
        "Mars has three moons, Phobos and Deimos [1].",
        "--answer",
        "--cites",
        mars,
        status=1,
    )
    assert "contradicted" in wrong.stdout
    assert "'three' in the answer, 'two' in the source" in " ".join(wrong.stdout.split())
    told = loccit(
        tmp_path, "verify", "Mars has three moons, Phobos and Deimos.", "--answer", "--json", status=1
    )
    assert_shape(AnswerVerdict, json.loads(told.stdout))
    assert "--cites" in loccit(tmp_path, "verify", MARS, "--cites", mars, status=2).stderr
    other = loccit(tmp_path, "verify", f"{MARS} [1][7]", "--answer", "--cites", mars, status=1)
    assert "unknown  There is no passage [7]." in other.stdout
    assert loccit(tmp_path, "verify", f"{MARS} [7]", "--answer").stdout.startswith("supported")


# prune


@pytest.fixture
def versions(tmp_path: Path, own_folder: Path) -> list[str]:
    """Locators of three versions of the document on Mars, and one of a name with a space in it."""
    found = [locator(tmp_path, "moons of Mars")]
    for text in ("Mars has three moons, it was said.", "Mars has moons."):
        replaced(tmp_path, own_folder, text)
        found.append(locator(tmp_path, "moons of Mars"))
    found.append(locator(tmp_path, "Has Venus no moon?"))
    assert "two words.txt@" in found[-1]
    return found


def test_pruning_says_what_it_would_erase_and_erases_it_only_when_told_to(
    tmp_path: Path, versions: list[str]
) -> None:
    would = loccit(tmp_path, "prune", "--keep-versions", "1").stdout
    assert "mars.txt version 1" in would
    assert "mars.txt version 2" in would
    assert "Would erase 2 versions" in would
    assert loccit(tmp_path, "cite", versions[0])
    done = loccit(tmp_path, "prune", "--keep-versions", "1", "--yes").stdout
    assert "Erased 2 versions" in done
    assert "(citation_not_found)" in loccit(tmp_path, "cite", versions[0], status=1).stderr
    assert loccit(tmp_path, "cite", versions[2])
    assert "Would erase 0 versions" in loccit(tmp_path, "prune", "--keep-versions", "1").stdout


def test_what_is_kept_by_days_or_by_number(tmp_path: Path, versions: list[str]) -> None:
    assert "Would erase 0 versions" in loccit(tmp_path, "prune", "--keep-days", "1").stdout
    assert "Would erase 2 versions" in loccit(tmp_path, "prune", "--keep-days", "0").stdout
    assert "Would erase 1 version;" in loccit(tmp_path, "prune", "--keep-versions", "2").stdout
    both = loccit(tmp_path, "prune", "--keep-versions", "1", "--keep-days", "30").stdout
    assert "Would erase 0 versions" in both


def test_citations_that_break_are_named(tmp_path: Path, versions: list[str]) -> None:
    listed = tmp_path / "citations.txt"
    listed.write_text("\n".join(["", versions[0], versions[2], ""]) + "\n")
    told = loccit(tmp_path, "prune", "--keep-versions", "1", "--citations", str(listed)).stdout
    assert [line.strip() for line in told.splitlines() if "breaks" in line] == [f"breaks {versions[0]}"]
    assert "1 of the citations given break" in told
    listed.write_text("mars.txt\n")
    wrong = loccit(tmp_path, "prune", "--keep-versions", "1", "--citations", str(listed), "--yes", status=1)
    assert "(invalid_locator)" in wrong.stderr
    assert loccit(tmp_path, "cite", versions[0])


def test_a_locator_a_line_may_have_spaces_in_it(
    tmp_path: Path, own_folder: Path, versions: list[str]
) -> None:
    replaced(tmp_path, own_folder, "Venus has a moon now.", "two words.txt")
    listed = tmp_path / "citations.txt"
    listed.write_text("".join(f"{one}\r\n" for one in versions))
    told = loccit(tmp_path, "prune", "--keep-versions", "1", "--citations", str(listed)).stdout
    broken = [line.strip() for line in told.splitlines() if "breaks" in line]
    assert broken == [f"breaks {one}" for one in (*versions[:2], versions[3])]


def test_without_a_rule_nothing_is_pruned(tmp_path: Path, versions: list[str]) -> None:
    assert "Erased 0 versions;" in loccit(tmp_path, "prune", "--yes").stdout
    done = loccit(tmp_path, "prune", "--yes", status=1, LOCCIT_KEEP_RETIRED_DAYS="")
    assert "(invalid_limit)" in done.stderr
    assert "keep_versions" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert loccit(tmp_path, "cite", versions[0])


def test_a_rule_that_cannot_be_is_one_error(tmp_path: Path, folder: Path) -> None:
    done = loccit(tmp_path, "prune", "--keep-versions", "0", "--yes", status=1)
    assert "error" in done.stderr
    assert "Traceback" not in done.stderr
    assert (
        "(collection_not_found)"
        in loccit(tmp_path, "prune", "--keep-versions", "1", "-c", "nowhere", status=1).stderr
    )


def test_a_file_of_citations_in_another_encoding_is_told(tmp_path: Path, folder: Path, mars: str) -> None:
    listed = tmp_path / "cited.txt"
    listed.write_bytes("Straße@123456789abc:0-1".encode("latin-1"))
    for command in (("changes",), ("prune", "--keep-versions", "1")):
        done = loccit(tmp_path, *command, "--citations", str(listed), status=2)
        assert "no text in UTF-8" in " ".join(done.stderr.split())
    listed.write_bytes(b"\xef\xbb\xbf" + mars.encode() + b"\r\n\r\n")
    assert "current" in loccit(tmp_path, "changes", "--citations", str(listed)).stdout


def test_a_file_of_citations_that_is_not_there_is_told(tmp_path: Path, folder: Path) -> None:
    missing = str(tmp_path / "nowhere.txt")
    done = loccit(tmp_path, "prune", "--keep-versions", "1", "--citations", missing, status=2)
    assert "nowhere.txt" in done.stderr.replace("\n", "")
    assert "Traceback" not in done.stderr


# ask --extent


def test_an_answer_quotes_as_much_as_asked_for(tmp_path: Path, folder: Path) -> None:
    text = "# Mars\n\nMars has two moons. Its soil is red.\n\nDust storms cover all of it.\n"
    (folder / "planets.md").write_text(text)
    loccit(tmp_path, "ingest", str(folder))
    quotes = {
        extent: [found["quote"] for found in asked(tmp_path, "soil red dust storms", "--extent", extent)]
        for extent in ("sentences", "section")
    }
    assert "Its soil is red." in quotes["sentences"][0]
    assert "Mars has two moons." not in quotes["sentences"][0]
    assert quotes["section"][0].startswith("Mars\n\nMars has two moons.")
    assert "--extent" in loccit(tmp_path, "ask", "moons", "--extent", "words", status=2).stderr


# ask --max-per-document, --near-duplicates


def test_copies_and_documents_with_much_to_say_can_be_limited(tmp_path: Path, folder: Path) -> None:
    lease = (
        "The tenant returns the keys on the last day of the lease, and leaves the rooms clean. The landlord "
        "then reads the meters and signs a record of it with the tenant."
    )
    (folder / "lease.txt").write_text(lease)
    (folder / "draft.txt").write_text(f"{lease[:-1]} again.")
    (folder / "house.md").write_text("# Keys\n\nKeys of the tenant.\n\n# Lost\n\nLost keys of the tenant.\n")
    loccit(tmp_path, "ingest", str(folder))

    def found(*options: str) -> list[str]:
        return sorted(one["document_id"] for one in asked(tmp_path, "tenant keys", *options))

    leases = {"lease.txt", "draft.txt"}
    assert len(leases & set(found())) == 1
    assert leases < set(found("--near-duplicates", "keep"))
    assert found().count("house.md") == 2
    assert found("--max-per-document", "1").count("house.md") == 1
    assert "nearly the same in " in loccit(tmp_path, "ask", "tenant keys").stdout
    refused = loccit(tmp_path, "ask", "keys", "--max-per-document", "0", status=1).stderr
    assert "(invalid_limit)" in refused


# ask --as-of


def test_a_collection_is_asked_as_it_stood(tmp_path: Path, own_folder: Path) -> None:
    mars = locator(tmp_path, "moons of Mars")
    then = json.loads(loccit(tmp_path, "ask", "moons of Mars", "--json").stdout)
    replaced(tmp_path, own_folder, "Mars has three moons, it is said.")
    (found,) = asked(tmp_path, "moons of Mars", "-k", "1", "--as-of", str(then["index"]["change"]))
    assert (found["locator"], found["quote"]) == (mars, MARS)
    plain = loccit(tmp_path, "ask", "moons of Mars", "--as-of", str(then["index"]["change"]))
    assert MARS in plain.stdout
    assert "three moons" not in plain.stdout
    assert "(change_not_found)" in loccit(tmp_path, "ask", "moons", "--as-of", "999", status=1).stderr


def test_a_change_before_something_was_erased_is_not_kept(tmp_path: Path, own_folder: Path) -> None:
    then = json.loads(loccit(tmp_path, "ask", "moons of Mars", "--json").stdout)
    loccit(tmp_path, "delete", "two words.txt")
    done = loccit(tmp_path, "ask", "moons", "--as-of", str(then["index"]["change"]), status=1)
    assert "(change_not_kept)" in done.stderr


def test_pages_are_named_by_the_number_that_they_bear(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "harbours.pdf").write_bytes(pdf(*numbered([str(n) for n in range(217, 224)], SHAPES["foot"])))
    loccit(tmp_path, "ingest", str(folder))
    cited, *_ = asked(tmp_path, "Where do ships lie?", "-k", "1")
    printed, pages = ("–".join(dict.fromkeys(map(str, cited[key]))) for key in ("printed_pages", "pages"))
    assert int(printed[:3]) == int(pages[0]) + 216
    place = f"› p. {printed} ({pages} of the file)"
    assert place in loccit(tmp_path, "ask", "Where do ships lie?", "-k", "1").stdout
    assert place in loccit(tmp_path, "cite", cited["locator"]).stdout
