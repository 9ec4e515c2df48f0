"""What the studies of reading documents count, told by small examples."""

from pathlib import Path

import pytest

from benchmarks.formats import Outcome, figures, true_reasons
from benchmarks.html import Snippet
from benchmarks.html import figures as html_figures
from benchmarks.manifest import Listed
from benchmarks.parity import Outcome as Answers
from benchmarks.parity import Question, common, holds, questions
from benchmarks.pdf import fold, same_size
from benchmarks.reading_speed import speeds
from index.errors import CorruptDocument, EncryptedDocument, NoTextLayer


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
