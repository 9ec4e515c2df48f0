"""Quotes with words left out or inserted."""

from __future__ import annotations

from index.collection import Collection
from tests.index.citations.verification.pets import CAT, Judge, locator, put, where
from tests.opening import verifying


def test_a_quote_with_words_left_out_is_verified_and_tells_so(pets: Collection, judge: Judge) -> None:
    verdict = judge("The cat sat … slept there until noon", "cats.txt")
    assert verdict.status == "verified"
    assert verdict.reason == "The quote leaves out words at one place."
    assert [one.quote for one in verdict.parts] == ["The cat sat", "slept there until noon"]
    assert where(verdict)[0] == "The cat sat on the mat. It slept there until noon"
    assert judge("The cat sat … slept there until noon").status == "verified"
    assert judge("the CAT sat … slept  there until noon").status == "repaired"


def test_inserted_words_are_told(judge: Judge) -> None:
    verdict = judge("[The cat] slept [in bed] until noon")
    assert (verdict.status, verdict.inserted) == ("verified", ("[The cat]", "[in bed]"))
    assert verdict.reason == "The quote inserts [The cat], [in bed]."


def test_words_left_out_turn_nothing_around(judge: Judge) -> None:
    assert judge("slept there until noon … The cat sat", "cats.txt").status in {"altered", "not_found"}
    assert judge("The cat sat … barked at the moon", "cats.txt").status in {"altered", "not_found"}
    assert judge("A dog stood … barked at the moon", "cats.txt").status == "misattributed"


def test_an_ellipsis_of_the_source_is_verified_as_it_is(pets: Collection, judge: Judge) -> None:
    put(pets, "owls.txt", "The owl sat … and waited [in vain] for a mouse.")
    verdict = judge("The owl sat … and waited [in vain] for a mouse.", "owls.txt")
    assert (verdict.status, verdict.parts, verdict.reason) == ("verified", (), "")


def test_a_locator_with_a_quote_that_leaves_out_words_is_verified(pets: Collection, cite: Judge) -> None:
    whole = locator(pets, "cats.txt", "The cat sat on the mat. It slept there until noon")
    assert cite(whole, "The cat sat … there until noon").status == "verified"
    assert cite(locator(pets, "cats.txt", CAT), "The cat sat … there until noon").status == "repaired"


def test_the_quotes_of_an_answer_may_leave_out_words(pets: Collection) -> None:
    report = verifying(pets).answer(
        "It “sat on the mat ... until noon”, he wrote [1].", [locator(pets, "cats.txt")]
    )
    ((quoted, verdict),) = report.quotes
    assert (quoted.text, verdict.status) == ("sat on the mat ... until noon", "verified")
    assert report.uncited == ()
