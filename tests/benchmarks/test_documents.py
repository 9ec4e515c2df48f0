"""What the studies of reading documents count, told by small examples."""

from pathlib import Path

import docx
import openpyxl
import pytest

from benchmarks.documents.formats import Outcome, figures, true_reasons
from benchmarks.documents.html import Snippet, figures as html_figures
from benchmarks.documents.libreoffice import texts
from benchmarks.documents.manifest import Listed
from benchmarks.documents.office import (
    Outcome as Compared,
    figures as office_figures,
    true_reasons as office_reasons,
)
from benchmarks.documents.parity import Outcome as Answers, Question, common, holds, questions
from benchmarks.documents.pdf import fold, same_size
from benchmarks.documents.reading_speed import speeds
from index.errors import (
    CorruptDocument,
    EmptyDocument,
    EncryptedDocument,
    EncryptionNotSupported,
    NoTextLayer,
)
from tests.index.readers.compound_files import compound_file


def pdf(**told: object) -> Listed:
    return Listed(Path("a.PDF"), told)


@pytest.mark.parametrize(
    ("file", "reasons"),
    [
        (pdf(pymupdf={"pages": 1, "chars": 500}, pypdf={"pages": 1, "chars": 9}), set()),
        (pdf(pymupdf={"pages": 3, "chars": 23}, pypdf={"pages": 3, "chars": 0}), {NoTextLayer.code}),
        (pdf(pymupdf={"needs_password": True, "pages": None}), {EncryptedDocument.code}),
        (pdf(pymupdf={"pages": 2, "chars": 99}, pypdf={"error": "PdfReadError: x"}), {CorruptDocument.code}),
    ],
)
def test_other_programs_confirm_a_refusal(file: Listed, reasons: set[str]) -> None:
    assert true_reasons(file) == reasons


def test_a_refusal_without_a_true_reason_counts_against_it() -> None:
    file = pdf(pymupdf={"pages": 1, "chars": 500})
    found = figures([Outcome(file, "", 2**20), Outcome(file, NoTextLayer.code, 2**21)])
    assert (found["read_or_refused"].value, found["peak_mib"].value) == (0.5, 2.0)


def office(name: str, text: str, other: str | None, *, code: str = "") -> Compared:
    return Compared(Outcome(Listed(Path(name), {}), code, 0, text), other)


def test_words_are_compared_as_often_as_they_are_there() -> None:
    one = office("a.docx", "1. A lamp, 05 lamps", "Lamp lamp 5 lamps")
    assert (dict(one.missing), one.found) == ({"lamp": 1}, 0.75)
    assert (one.unconfirmed, one.confirmed) == ({"a"}, pytest.approx(2 / 3))


def test_files_are_compared_by_kind_where_both_find_words(tmp_path: Path) -> None:
    (refused := tmp_path / "b.xlsx").touch()
    found = office_figures(
        [
            office("a.docx", "a b", "a b"),
            office("b.docx", "a", "a c"),
            office("a.xlsx", "a", "a"),
            office(str(refused), "", "a", code=EmptyDocument.code),
            office("a.pptx", "a", "a"),
            office("b.pptx", "a", None),
            office("a.rtf", "a", "a"),
            office("a.msg", "a", None),
        ]
    )
    assert (found["found_docx"].value, found["found_docx"].questions) == (0.75, 2)
    assert found["found_xlsx"].questions == found["found_pptx"].questions == 1
    assert found["read_or_refused"].value == 7 / 8


def test_libreoffice_confirms_a_refusal(tmp_path: Path) -> None:
    (sheet := tmp_path / "a.xlsx").touch()
    (mail := tmp_path / "a.eml").touch()
    (locked := tmp_path / "b.xlsx").write_bytes(
        compound_file({"EncryptionInfo": b"x", "EncryptedPackage": b"x"})
    )
    assert office_reasons(sheet, None) == {CorruptDocument.code}
    assert office_reasons(sheet, "- ") == office_reasons(mail, None) == {EmptyDocument.code, NoTextLayer.code}
    assert office_reasons(sheet, "words") == set()
    assert office_reasons(locked, None) == {EncryptionNotSupported.code}


@pytest.mark.usefixtures("soffice")
def test_libreoffice_reads_headers_once_and_visible_sheets(tmp_path: Path) -> None:
    document, book = docx.Document(), openpyxl.Workbook()
    document.add_paragraph("Body\tof it")
    document.sections[0].header.paragraphs[0].text = "Above"
    document.save(str(text := tmp_path / "a.docx"))
    book.create_sheet("Seen")["A1"] = 1234.5
    book["Seen"]["A1"].number_format = "#,##0.00"
    book.create_sheet("Hidden")["A1"] = "no"
    book["Hidden"].sheet_state = "hidden"
    book.save(sheet := tmp_path / "a.xlsx")
    (broken := tmp_path / "b.xlsx").write_bytes(b"PK\x03\x04")
    found = texts([text, sheet, broken])
    assert {path: words.split() for path, words in found.items()} == {
        text: ["Body", "of", "it", "Above"],
        sheet: ["Seen", "1,234.50"],
    }


def test_wanted_and_unwanted_snippets_are_counted_apart() -> None:
    found = html_figures(
        [Snippet("a", "b", wanted, there) for wanted, there in [(True, True), (True, False), (False, False)]]
    )
    assert (found["content_kept"].value, found["boilerplate_kept"].value) == (0.5, 0.0)


def test_words_are_found_whole_and_in_their_order() -> None:
    assert holds("Use DPKG\u00a0--search, please", "dpkg --search")
    assert not holds("dpkg --searching", "dpkg --search")
    assert not holds("search dpkg", "dpkg --search")
    assert common("a b c", "C b x y z") == pytest.approx(2 / 3)
    assert common("", "a") == 0


def test_a_question_is_answered_alike_by_the_same_passage_or_by_its_words() -> None:
    def alike(pdf_text: str) -> bool:
        found = {"html": ["one two three four"], "pdf": [pdf_text]}
        return Answers(Question("debian-faq", "?", "nine"), found).alike

    assert alike("one two three five")
    assert not alike("six seven eight")
    assert not Answers(Question("debian-faq", "?", "nine"), {"html": ["one"], "pdf": []}).alike


def test_questions_are_forty() -> None:
    assert len({one.question for one in questions()}) == 40


@pytest.mark.parametrize(
    ("found", "kept", "others", "right"),
    [
        (100, 100, [0, 102], True),
        (100, 100, [0, 103], False),
        (100, 95, [100], False),
        (8, 8, [10, 50], True),
    ],
)
def test_sizes_are_compared_with_the_nearest(found: int, kept: int, others: list[int], right: bool) -> None:
    assert same_size(found, kept, others) is right


def test_ligatures_and_marks_are_folded() -> None:
    assert fold("Ef\ufb01cient – 3!") == "efficient3"


def test_the_ratio_is_of_the_files_that_both_have_read() -> None:
    found = speeds({"a": 1.0, "b": 3.0}, {"a": 5.0, "c": 100.0}, {"a": 2_000_000, "b": 6_000_000, "c": 1})
    assert found["files_per_second"].value == 0.5
    assert found["mb_per_second"].value == 2.0
    assert (found["ratio"].value, found["ratio"].questions) == (5.0, 1)
    assert "ratio" not in speeds({"a": 1.0}, {}, {"a": 1})
