"""Verdicts on quotes that come without a locator."""

from __future__ import annotations

import pytest

from index.citations.verdicts import Claim
from index.collection import Collection
from tests.index.citations.verification.pets import CAT, CATS, DOG, Judge, put, where
from tests.opening import verifying
from tests.sizes import times


def test_words_of_a_document_are_verified(judge: Judge) -> None:
    verdict = judge(CAT, "cats.txt")
    assert (verdict.status, where(verdict)) == ("verified", (CAT, "cats.txt", 1))


def test_words_of_any_document_are_verified(judge: Judge) -> None:
    verdict = judge(DOG)
    assert (verdict.status, where(verdict)) == ("verified", (DOG, "dogs.txt", 1))
    assert judge("THE CAT SAT").status == "repaired"


def test_words_of_no_document_are_not_found(judge: Judge) -> None:
    for quote in ("Zebras gallop over endless plains.", "", "  ", "?!", "A cat stood on the mat all night"):
        verdict = judge(quote)
        assert verdict.status == "not_found"
        assert verdict.reason == "Nothing like these words stands in the collection."


def test_words_of_another_document_than_the_named_one_are_misattributed(judge: Judge) -> None:
    verdict = judge(DOG, "cats.txt")
    assert (verdict.status, where(verdict)[1]) == ("misattributed", "dogs.txt")
    assert verdict.reason == "The words stand in 'dogs.txt', not in 'cats.txt'."
    typed = judge("a dog stood on the log", "cats.txt")
    assert (typed.status, where(typed)[0]) == ("misattributed", "A dog stood on the log")
    assert typed.edits != ()


def test_a_document_that_is_not_there_is_told(judge: Judge) -> None:
    verdict = judge("Zebras gallop", "zebras.txt")
    assert verdict.status == "not_found"
    assert verdict.reason.startswith("There is no document 'zebras.txt'")
    verdict = judge(CAT, "zebras.txt")
    assert (verdict.status, where(verdict)[1]) == ("misattributed", "cats.txt")
    assert verdict.reason == "The words stand in 'cats.txt', not in 'zebras.txt'."


def test_words_of_an_older_version_are_verified_there(pets: Collection, judge: Judge) -> None:
    put(pets, "cats.txt", "Only newts are left in this text.")
    verdict = judge(CAT, "cats.txt")
    assert (verdict.status, where(verdict)) == ("verified", (CAT, "cats.txt", 1))
    assert verdict.today is not None
    assert (verdict.today.standing.status, verdict.today.version) == ("gone", 2)
    assert verdict.today.citation is None


def test_the_newest_of_the_versions_with_the_words_is_cited(pets: Collection, judge: Judge) -> None:
    put(pets, "cats.txt", f"{CATS} And more.")
    put(pets, "cats.txt", f"{CATS} And still more.")
    assert where(judge(CAT, "cats.txt")) == (CAT, "cats.txt", 3)


def test_words_like_those_of_an_older_version_are_altered_there(pets: Collection, judge: Judge) -> None:
    put(pets, "cats.txt", "Only newts are left in this text.")
    verdict = judge("The bat sat on the mat", "cats.txt")
    assert (verdict.status, where(verdict)) == ("altered", ("The cat sat on the mat", "cats.txt", 1))
    put(pets, "cats.txt", f"{CATS} And more.")
    assert where(judge("The bat sat on the mat", "cats.txt")) == ("The cat sat on the mat", "cats.txt", 3)


def test_where_words_stand_more_than_once_what_is_said_of_the_place_decides(
    pets: Collection, judge: Judge
) -> None:
    put(pets, "twice.txt", "One fish here.\n\nTwo fish there.\n\nThree fish everywhere.")
    starts = [4, 20, 39]
    for start in starts:
        citation = judge("fish", "twice.txt", start=start).citation
        assert citation is not None
        assert citation.start == start
    assert judge("fish", "twice.txt", prefix="Two ").citation == judge("fish", "twice.txt", start=20).citation
    assert (
        judge("fish", "twice.txt", suffix=" everywhere").citation
        == judge("fish", "twice.txt", start=39).citation
    )


def test_the_very_words_are_found_in_any_number_of_versions(pets: Collection, judge: Judge) -> None:
    for number in range(23):
        put(pets, "often.txt", f"Number {number} of them says zebra{number} runs fast.")
    verdict = judge("zebra0 runs fast", "often.txt")
    assert (verdict.status, where(verdict)) == ("verified", ("zebra0 runs fast", "often.txt", 1))
    # Words like the quoted ones are looked for in the newer ones only.
    assert judge("ZEBRA0 runs fast", "often.txt").status == "altered"
    assert judge("ZEBRA22 runs fast", "often.txt").status == "repaired"


def test_the_newest_version_of_equally_near_words_is_cited(pets: Collection, judge: Judge) -> None:
    for text in (CATS, "Only newts are left in this text.", CATS):
        put(pets, "cats.txt", text)
    assert where(judge("The bat sat on the mat", "cats.txt"))[2] == 3


@pytest.mark.timeout(300)
@pytest.mark.parametrize("end", ["", " aaa b"])
def test_parts_of_an_endless_word_are_passed_over(pets: Collection, judge: Judge, end: str) -> None:
    put(pets, "endless.txt", "a" * 1_000_000 + end)
    judge("aaa", "endless.txt")
    verdict = judge("aaa", "endless.txt")
    assert (verdict.status == "verified") == bool(end)


@pytest.mark.timeout(60)
def test_absent_words_are_looked_for_in_bounded_time(pets: Collection) -> None:
    for number in range(times(4)):
        sentences = (f"Sentence number {at} is here about the lamp. " for at in range(number, 40_000))
        put(pets, "long.txt", "".join(sentences))
    verification = verifying(pets)
    for number in range(times(3)):
        words = f"sentence nowhere number {number} is there about the lump"
        assert verification.quote(Claim(words, "long.txt")).status in {"altered", "not_found"}


def test_whole_words_are_verified_behind_any_number_of_longer_ones(pets: Collection, judge: Judge) -> None:
    put(pets, "many.txt", "infections " * 300 + "and one infection at last " + "infections " * 300)
    verdict = judge("infection", "many.txt")
    assert (verdict.status, verdict.edits) == ("verified", ())


def test_a_quote_with_space_around_it_is_verified_or_repaired(judge: Judge) -> None:
    assert judge(" cat sat on", "cats.txt").status == "verified"
    verdict = judge("\n cat sat on \n", "cats.txt")
    assert (verdict.status, where(verdict)[0]) == ("repaired", "cat sat on")
