"""Verdicts on locators, with and without a quote."""

from __future__ import annotations

import pytest

from index.citations.verdicts import Claim
from index.collection import Collection
from index.errors import InvalidLocator
from index.history.retention import Retention
from tests.index.citations.verification.pets import CAT, CATS, DOG, Judge, assert_sound, locator, put, where
from tests.opening import verifying


def test_a_locator_that_resolves_is_verified_without_a_quote(pets: Collection, cite: Judge) -> None:
    verdict = cite(locator(pets, "cats.txt", CAT))
    assert (verdict.status, verdict.quote, where(verdict)) == ("verified", CAT, (CAT, "cats.txt", 1))
    assert verdict.today is not None
    assert (verdict.today.standing.status, verdict.today.version) == ("current", 1)


def test_a_locator_with_its_very_words_is_verified(pets: Collection, cite: Judge) -> None:
    assert cite(locator(pets, "cats.txt", CAT), CAT).status == "verified"


@pytest.mark.parametrize(
    "quote",
    ["The  cat sat\non the mat.", "THE CAT SAT ON THE MAT", "The\u00a0cat\u200b sat on the mat."],
)  # fmt: skip
def test_other_typography_is_repaired(pets: Collection, cite: Judge, quote: str) -> None:
    verdict = cite(locator(pets, "cats.txt", CAT), quote)
    assert (verdict.status, verdict.quote, where(verdict)) == ("repaired", quote, (CAT, "cats.txt", 1))
    assert "quotes, dashes, spaces, case or end marks" in verdict.reason
    assert verdict.similarity == 1.0
    assert verdict.edits


@pytest.mark.parametrize(
    ("quote", "causes"),
    [
        ("the cat sat on the mat.", ("first_letter",)),
        ("The cat sat on the mat,", ("end_mark",)),
        ("the cat sat on the mat", ("first_letter", "end_mark")),
        ("the  cat sat on the mat.", ("typography",)),
    ],
)
def test_what_the_sentence_around_a_quote_changes_is_told(
    pets: Collection, cite: Judge, quote: str, causes: tuple[str, ...]
) -> None:
    verdict = assert_sound(cite(locator(pets, "cats.txt", CAT), quote))
    assert (verdict.status, verdict.causes) == ("repaired", causes)
    assert verdict.reason.startswith("The words are exact") == (causes != ("typography",))


def test_a_part_of_the_cited_words_is_told_from_other_places(pets: Collection, cite: Judge) -> None:
    where_cited = locator(pets, "cats.txt", CAT)
    assert cite(where_cited, "sat on the mat").causes == ("part",)
    assert cite(where_cited, "It slept there until noon").causes == ("place",)


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("It slept there until ten", "It slept there until noon"),
        ("It slept there until ten o'clock", "It slept there until noon, and"),
        ("The cat sat on the log.", CAT),
        ("He slept there until noon", "It slept there until noon"),
        ("Sometimes it slept there until noon", "It slept there until noon"),
        ("Dogs cat sat on the rug", "The cat sat on the mat"),
        ("The cat sat on the mat, sometimes", "The cat sat on the mat"),
    ],
)
def test_the_words_for_an_altered_first_or_last_word_are_shown(
    pets: Collection, quote: str, expected: str
) -> None:
    verdict = assert_sound(verifying(pets).quote(Claim(quote, "cats.txt")))
    assert (verdict.status, where(verdict)[0]) == ("altered", expected)


def test_words_elsewhere_in_the_document_are_repaired_with_their_true_place(
    pets: Collection, cite: Judge
) -> None:
    verdict = cite(locator(pets, "cats.txt", CAT), "It slept there until noon")
    assert (verdict.status, where(verdict)) == ("repaired", ("It slept there until noon", "cats.txt", 1))
    assert verdict.reason == "The words stand elsewhere in the document."


def test_words_elsewhere_in_other_typography_are_repaired(pets: Collection, cite: Judge) -> None:
    verdict = cite(locator(pets, "cats.txt", CAT), 'and then it "ate" a fish')
    assert (verdict.status, where(verdict)[0]) == ("repaired", "and then it “ate” a fish")


def test_words_of_another_document_are_misattributed(pets: Collection, cite: Judge) -> None:
    verdict = cite(locator(pets, "cats.txt", CAT), DOG)
    assert (verdict.status, where(verdict)) == ("misattributed", (DOG, "dogs.txt", 1))
    assert verdict.reason == "The words stand in 'dogs.txt', not in 'cats.txt'."
    assert verdict.edits == ()


def test_altered_words_come_with_the_true_ones_and_the_edits(pets: Collection, cite: Judge) -> None:
    verdict = cite(locator(pets, "cats.txt", CAT), "The bat sat on the mat")
    assert (verdict.status, where(verdict)) == ("altered", ("The cat sat on the mat", "cats.txt", 1))
    assert 0.5 < verdict.similarity < 1
    assert [(one.kind, one.text) for one in verdict.edits if one.kind != "equal"] == [
        ("delete", "bat"), ("insert", "cat"),
    ]  # fmt: skip


@pytest.mark.parametrize("quote", ["", " ", "\n\t", "Zebras gallop over endless plains."])
def test_words_that_stand_nowhere_are_not_found(pets: Collection, cite: Judge, quote: str) -> None:
    verdict = cite(locator(pets, "cats.txt", CAT), quote)
    assert (verdict.status, verdict.quote) == ("not_found", quote)
    assert verdict.reason == "Nothing like these words stands in the document."


def test_other_punctuation_alone_is_not_the_same(pets: Collection, cite: Judge) -> None:
    _, text = pets.archive.text("cats.txt")
    stop = locator(pets, "cats.txt").rsplit(":", 1)[0] + f":{text.index('.')}-{text.index('.') + 1}"
    assert cite(stop).quote == "."
    assert cite(stop, "?").status == "not_found"


@pytest.mark.parametrize("wrong", ["", "cats.txt", "cats.txt@123456789abc:5-5"])
def test_what_is_no_locator_is_told(pets: Collection, wrong: str) -> None:
    with pytest.raises(InvalidLocator):
        verifying(pets).citation(wrong, CAT)


def test_a_locator_past_the_text_is_not_found(pets: Collection, cite: Judge) -> None:
    past = locator(pets, "cats.txt").rsplit("-", 1)[0] + "-9999"
    verdict = cite(past)
    assert (verdict.status, verdict.quote) == ("not_found", "")
    assert "past the text" in verdict.reason
    assert cite(past, CAT).status == "verified"


def test_a_locator_of_an_older_version_is_verified_and_its_standing_told(
    pets: Collection, cite: Judge
) -> None:
    old = locator(pets, "cats.txt", CAT)
    put(pets, "cats.txt", f"New first line.\n\n{CATS}")
    verdict = cite(old, CAT)
    assert (verdict.status, where(verdict)) == ("verified", (CAT, "cats.txt", 1))
    assert verdict.today is not None
    assert (verdict.today.standing.status, verdict.today.version) == ("moved", 2)
    assert verdict.today.citation is not None
    assert verdict.today.citation.quote == CAT


def test_words_of_another_version_than_the_cited_one_are_repaired(pets: Collection, cite: Judge) -> None:
    old = locator(pets, "cats.txt", CAT)
    put(pets, "cats.txt", "Only newts are left in this text.")
    verdict = cite(old, "Only newts are left")
    assert (verdict.status, where(verdict)) == ("repaired", ("Only newts are left", "cats.txt", 2))


def test_the_words_of_a_pruned_text_are_looked_for_in_what_is_kept(pets: Collection, cite: Judge) -> None:
    old = locator(pets, "cats.txt", CAT)
    put(pets, "cats.txt", f"{CATS} And more.")
    pets.editor.prune(Retention(keep_versions=1))
    gone = cite(old)
    assert gone.status == "not_found"
    assert "was pruned" in gone.reason
    assert "Verify the quote itself" in gone.reason
    verdict = cite(old, CAT)
    assert (verdict.status, where(verdict)) == ("verified", (CAT, "cats.txt", 2))
    assert cite(old, "The cat lay on the mat.").status == "altered"
    assert cite(old, "Zebras gallop over endless plains.").status == "not_found"


def test_what_stood_around_pruned_words_tells_equal_ones_apart(pets: Collection, cite: Judge) -> None:
    line = "the number is {} and no other number, said the {} clerk.\n\n"
    text = "".join(line.format("five", name) for name in ("red", "green", "blue"))
    put(pets, "clerks.txt", text)
    old = locator(pets, "clerks.txt", "five")
    put(pets, "clerks.txt", f"A first line.\n\n{text}")
    pets.editor.prune(Retention(keep_versions=1))
    verdict = cite(old, "five", prefix="green clerk.\n\nthe number is ", suffix=" and no")
    assert verdict.citation is not None
    assert verdict.citation.start == pets.archive.text("clerks.txt")[1].rindex("five")


def test_the_words_of_a_deleted_document_are_looked_for_in_the_others(pets: Collection, cite: Judge) -> None:
    old = locator(pets, "cats.txt", CAT)
    put(pets, "copy.txt", CATS)
    pets.editor.delete("cats.txt")
    gone = cite(old)
    assert gone.status == "not_found"
    assert "deleted" in gone.reason
    verdict = cite(old, CAT)
    assert (verdict.status, where(verdict)) == ("misattributed", (CAT, "copy.txt", 1))
    assert verdict.reason == "The words stand in 'copy.txt', not in 'cats.txt'."
    lost = cite(old, "Zebras gallop over endless plains.")
    assert (lost.status, lost.quote) == ("not_found", "Zebras gallop over endless plains.")
    assert "There is no document 'cats.txt'" in lost.reason
