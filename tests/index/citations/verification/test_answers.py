"""Verdicts on the quotes of an answer, and on what its sentences claim."""

from __future__ import annotations

import pytest

from index.citations.verdicts import AnswerReport
from index.collection import Collection
from index.embedding import WordEmbedder
from index.errors import CitationNotFound, InvalidLocator
from tests.index.citations.verification.pets import CAT, CATS, DOG, locator, put, report, statuses, where
from tests.opening import verifying


@pytest.fixture
def given_two(pets: Collection) -> tuple[str, str]:
    return locator(pets, "cats.txt", CAT), locator(pets, "dogs.txt", DOG)


def test_each_quote_of_an_answer_has_a_verdict(pets: Collection, given_two: tuple[str, str]) -> None:
    text = (
        "One says “cat sat on the mat” [1]. One says “A DOG stood on” [2]. "
        "One says “a dog lay on the log” [2]. One says “zebras gallop over plains” [1]."
    )
    found = report(pets, text, *given_two)
    assert statuses(found) == ["verified", "repaired", "altered", "not_found"]
    assert found.quotes[3][1].reason == "Nothing like these words stands where it is said to be."
    assert (found.uncited, found.unknown_marks) == ((), ())
    assert len(found.sentences) == 4


def test_a_quote_is_first_looked_for_in_the_passage_that_was_given(pets: Collection) -> None:
    put(pets, "twice.txt", "They came home at last. So it went on.\n\nThey came home at last. The end.")
    text = pets.archive.text("twice.txt")[1]
    second = text.rindex("They came")
    given = locator(pets, "twice.txt").rsplit(":", 1)[0] + f":{second}-{len(text)}"
    ((_, verdict),) = report(pets, "It says “came home at last” [1].", given).quotes
    assert verdict.citation is not None
    assert verdict.citation.start == second + 5


def test_a_quote_beyond_the_passage_is_found_in_its_document(
    pets: Collection, given_two: tuple[str, str]
) -> None:
    ((_, verdict),) = report(pets, "It says “slept there until noon” [1].", *given_two).quotes
    assert (verdict.status, where(verdict)) == ("verified", ("slept there until noon", "cats.txt", 1))


def test_torn_words_of_the_passage_are_not_verified(pets: Collection) -> None:
    put(pets, "swim.txt", "They are unable to swim in water.")
    ((_, verdict),) = report(pets, "They are “able to swim in water” [1].", locator(pets, "swim.txt")).quotes
    assert verdict.status == "altered"


def test_a_quote_with_the_mark_of_another_passage_is_misattributed(
    pets: Collection, given_two: tuple[str, str]
) -> None:
    ((_, verdict),) = report(pets, f"It says “{DOG}” [1].", *given_two).quotes
    assert (verdict.status, where(verdict)) == ("misattributed", (DOG, "dogs.txt", 1))
    assert verdict.reason == "The words stand in 'dogs.txt', not in 'cats.txt'."


def test_a_quote_of_a_document_that_was_not_given_is_misattributed(pets: Collection) -> None:
    given = locator(pets, "cats.txt", CAT)
    for text in (f"It says “{DOG}” [1].", f"It says “{DOG}” somewhere."):
        ((_, verdict),) = report(pets, text, given).quotes
        assert (verdict.status, where(verdict)) == ("misattributed", (DOG, "dogs.txt", 1))


def test_a_quote_with_several_marks_may_stand_in_any_of_them(
    pets: Collection, given_two: tuple[str, str]
) -> None:
    assert statuses(report(pets, f"It says “{DOG}” [1, 2].", *given_two)) == ["verified"]


def test_a_quote_without_a_mark_may_stand_in_any_given_passage(
    pets: Collection, given_two: tuple[str, str]
) -> None:
    found = report(pets, f"It says “{DOG}” and “{CAT}” somewhere.", *given_two)
    assert statuses(found) == ["verified", "verified"]
    assert found.uncited == ()


def test_sentences_without_mark_or_standing_quote_are_uncited(
    pets: Collection, given_two: tuple[str, str]
) -> None:
    text = "Cats sit. Dogs stand [2]. They say “the cat sat on the log”. They say “sat on the mat”."
    found = report(pets, text, *given_two)
    assert statuses(found) == ["altered", "verified"]
    assert [text[one.start : one.end] for one in found.uncited] == [
        "Cats sit.", "They say “the cat sat on the log”.",
    ]  # fmt: skip


def test_marks_of_no_passage_are_told_and_cite_nothing(pets: Collection, given_two: tuple[str, str]) -> None:
    text = "Cats sit [3]. Dogs stand [0, 2]. Newts swim [3, 9]."
    found = report(pets, text, *given_two)
    assert found.unknown_marks == (3, 0, 9)
    assert [text[one.start : one.end] for one in found.uncited] == ["Cats sit [3].", "Newts swim [3, 9]."]


def test_a_quote_whose_only_mark_is_unknown_may_stand_in_any_passage(
    pets: Collection, given_two: tuple[str, str]
) -> None:
    assert statuses(report(pets, f"It says “{DOG}” [7].", *given_two)) == ["verified"]


def test_without_passages_quotes_are_looked_for_everywhere(pets: Collection) -> None:
    text = f"It says “{DOG}” [1]. So it is. It says “a dog lay on the log”."
    found = report(pets, text)
    assert statuses(found) == ["verified", "altered"]
    citation = found.quotes[1][1].citation
    assert citation is not None
    assert (citation.document_id, citation.quote) == ("dogs.txt", DOG.removesuffix("."))
    assert [text[one.start : one.end] for one in found.uncited] == [
        "So it is.", "It says “a dog lay on the log”.",
    ]  # fmt: skip
    assert found.unknown_marks == (1,)


def test_an_empty_answer_says_nothing(pets: Collection) -> None:
    assert report(pets, "") == AnswerReport((), (), (), (), (), supported_from=0.5)


def test_passages_with_equal_texts_are_looked_through_once(pets: Collection) -> None:
    put(pets, "copy.txt", CATS)
    given = [locator(pets, "cats.txt", CAT), locator(pets, "copy.txt", CAT)]
    ((_, verdict),) = report(pets, "It says “the cat lay on the mat” [1, 2].", *given).quotes
    assert (verdict.status, where(verdict)[1]) == ("altered", "cats.txt")


def test_a_block_quote_is_verified_but_for_its_marks(pets: Collection, given_two: tuple[str, str]) -> None:
    found = report(pets, "> The cat sat on the mat. [1]\n\n> A dog stood\n> on the log. [2]", *given_two)
    assert statuses(found) == ["verified", "repaired"]


def test_a_mark_that_the_source_has_itself_may_be_quoted(pets: Collection) -> None:
    put(pets, "notes.txt", "Alpha beta[1] gamma delta epsilon zeta.")
    found = report(pets, "It says “Alpha beta[1] gamma delta” [1].", locator(pets, "notes.txt"))
    assert statuses(found) == ["verified"]


def test_a_mark_that_was_put_into_a_quote_does_no_harm(pets: Collection, given_two: tuple[str, str]) -> None:
    found = report(pets, "It says “cat sat [1] on the mat”.", *given_two)
    assert statuses(found) in (["verified"], ["repaired"])


def test_passages_have_to_resolve(pets: Collection) -> None:
    with pytest.raises(InvalidLocator):
        verifying(pets).answer("Words.", ["cats.txt"])
    with pytest.raises(CitationNotFound):
        verifying(pets).answer("Words.", [f"cats.txt@{'0' * 12}:0-5"])


# What sentences claim


def test_each_sentence_is_judged_by_the_passages_that_it_cites(pets: Collection) -> None:
    answer = (
        "The cat sat on the log [1]. A dog stood on the log [1]. A dog stood on the **log** [2]. "
        "Why is it so? "
        "“The cat sat on the mat” [1]."
    )
    given = [locator(pets, "cats.txt"), locator(pets, "dogs.txt")]
    report = verifying(pets).answer(answer, given)
    first, second, third, question, quote = report.statements
    assert (question, quote) == (None, None)
    assert first.status == second.status == "unsupported"
    assert second.reason == "The cited passages do not say this; another passage does."
    assert second.citation.quote == third.citation.quote == DOG
    assert second.probability < 0.5 < third.probability  # of the cited passages
    assert (third.status, third.reason) == ("supported", "")
    for one in (second, third):
        assert one.today.standing.status == "current"


def test_a_contradiction_has_the_places_in_answer_and_document(pets: Collection) -> None:
    put(pets, "tower.txt", "An old tower.\n\nThe tower of the north was built in 1887 by Paul Smith.")
    pets.embed_pending()
    answer = "It is so. The tower of the north was built in 1889 by Paul Smith [1]."
    for passages in ([locator(pets, "tower.txt")], []):
        statement = verifying(pets).answer(answer, passages).statements[-1]
        assert statement.status == "contradicted"
        assert statement.reason == "The number differs: '1889' in the answer, '1887' in the source."
        (conflict,) = statement.conflicts
        assert answer[conflict.start : conflict.end] == "1889"
        assert pets.archive.text("tower.txt")[1][conflict.at : conflict.to] == "1887"
        assert statement.citation.quote == "The tower of the north was built in 1887 by Paul Smith."


def test_without_claims_no_model_is_asked(pets: Collection, embedder: WordEmbedder) -> None:
    before = (embedder.queries, embedder.passages)
    report = verifying(pets, claims=False).answer("A dog stood on the log [1].", [locator(pets, "dogs.txt")])
    assert report.statements == (None,)
    assert (embedder.queries, embedder.passages) == before
