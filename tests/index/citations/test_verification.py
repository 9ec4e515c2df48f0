from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from index.answers import Citation
from index.citations.verdicts import AnswerReport, Claim, Verdict
from index.collection import Collection
from index.embedding import WordEmbedder
from index.errors import CitationNotFound, InvalidInput, InvalidLocator
from index.history.retention import Retention
from index.ingest.preparation import Source
from index.text.word_boundaries import splits_word
from tests.index.conftest import Opener
from tests.opening import verifying
from tests.sizes import examples

CATS = "The cat sat on the mat. It slept there until noon, and then it “ate” a fish."
DOGS = "A dog stood on the log. Nobody knows why it barked at the moon all night."
CAT, DOG = "The cat sat on the mat.", "A dog stood on the log."


def put(collection: Collection, id_: str, text: str) -> None:
    collection.put(Source(id_, text.encode()))


def cited(collection: Collection, id_: str, words: str = "", version: int | None = None) -> Citation:
    """The citation of words of a document, of its whole text when there are none."""
    record, text = collection.archive.text(id_, version)
    start = text.index(words)
    return collection.archive.cite(
        f"{id_}@{record.text_sha256.hex()[:12]}:{start}-{start + len(words or text)}"
    )


def locator(collection: Collection, id_: str, words: str = "", version: int | None = None) -> str:
    return cited(collection, id_, words, version).locator


def assert_sound(verdict: Verdict) -> Verdict:
    """What holds of every verdict."""
    citation = verdict.citation
    assert (verdict.reason == "") == (verdict.status == "verified" and not verdict.parts)
    assert (citation is None) == (verdict.today is None)
    assert 0.0 <= verdict.similarity <= 1.0
    if citation is not None and verdict.edits:
        assert "".join(one.text for one in verdict.edits if one.kind != "insert") == verdict.quote
        assert "".join(one.text for one in verdict.edits if one.kind != "delete") == citation.quote
    if verdict.status == "verified":
        assert citation is not None
        assert citation.quote == verdict.quote or verdict.parts
        assert all(citation.start <= one.start <= one.end <= citation.end for one in verdict.parts)
        assert (verdict.similarity, verdict.edits) == (1.0, ())
    if verdict.status == "not_found":
        assert (citation, verdict.similarity, verdict.edits) == (None, 0.0, ())
    return verdict


def where(verdict: Verdict) -> tuple[str, str, int]:
    """Which words a verdict points to, of which document and version."""
    assert verdict.citation is not None
    return verdict.citation.quote, verdict.citation.document_id, verdict.citation.version


@pytest.fixture
def pets(collection: Collection) -> Collection:
    put(collection, "cats.txt", CATS)
    put(collection, "dogs.txt", DOGS)
    return collection


Judge = Callable[..., Verdict]


@pytest.fixture
def judge(pets: Collection) -> Judge:
    """The verdict on a quote, with or without a document."""

    def judge(quote: str, document_id: str = "", **said: object) -> Verdict:
        claim = Claim(quote, document_id, **said)  # type: ignore[arg-type]
        return assert_sound(verifying(pets).quote(claim))

    return judge


@pytest.fixture
def cite(pets: Collection) -> Judge:
    """The verdict on a locator with or without a quote."""

    def cite(locator: str, quote: str | None = None, **said: str) -> Verdict:
        return assert_sound(verifying(pets).citation(locator, quote, **said))

    return cite


# Citations


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


# Quotes with words left out or inserted


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


# Quotes


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


@pytest.mark.parametrize(
    ("text", "quote", "truth"),
    [
        ("They are unable to swim in water.", "able to swim in water", None),
        ("There were many infections of the lung.", "There were many infection", None),
        ("A dose of 1.5 mg was given to them.", "5 mg was given to them", "1.5 mg was given to them"),
        ("A dose of 1,500 mg was given to them.", "500 mg was given to them", "1,500 mg was given to them"),
        ("It was cooled to -5 degrees at night.", "5 degrees at night", "-5 degrees at night"),
        ("It was cooled to −5 degrees at night.", "5 degrees at night", "−5 degrees at night"),
        ("-5 degrees at night it was.", "5 degrees at night", "-5 degrees at night"),
        ("It is said that the value is 1.5 today.", "that the value is 1", "that the value is 1.5"),
        ("It is said that there are 1,500 cats.", "that there are 1", "that there are 1,500"),
        ("The straße was long and empty.", "The stra", None),
    ],
)  # fmt: skip
def test_words_torn_out_of_longer_ones_are_altered(
    pets: Collection, judge: Judge, text: str, quote: str, truth: str | None
) -> None:
    put(pets, "torn.txt", text)
    verdict = judge(quote, "torn.txt")
    assert verdict.status in {"altered", "not_found"}
    if truth is not None:
        assert (verdict.status, where(verdict)[0]) == ("altered", truth)


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("A dose of .5 mg was given to them.", "5 mg was given to them"),
        ("You can't take it with food.", "You can"),
        ("It isn’t so, as they say.", "It is"),
        ("It is non-toxic to fish and birds.", "toxic to fish and birds"),
        ("Take 1\u00a0500 mg of it each day.", "500 mg of it each day"),
        ("Take 1 500 mg of it each day.", "500 mg of it each day"),
        ("He can’t swim in the sea.", "He can"),
        ("A dose of 1·5 mg a day.", "5 mg a day"),
        ("It was –5 °C at noon.", "5 °C at noon"),
        ("It was ‑5 °C at noon.", "5 °C at noon"),
        ("Just take 1/2 cups of salt.", "2 cups of salt"),
        ("It is 5’000 people who came.", "000 people who came"),
        ("They are un\u00adable to swim here.", "able to swim here"),
        ("There are about 10⁶ cells.", "There are about 10"),
        ("It has an area of x² metres.", "It has an area of x"),
        ("This is a non-profit company.", "profit company"),
    ],
)
def test_words_torn_at_a_mark_inside_of_a_word_or_number_are_altered(
    pets: Collection, judge: Judge, text: str, quote: str
) -> None:
    put(pets, "torn.txt", text)
    assert judge(quote, "torn.txt").status in {"altered", "not_found"}


def test_a_point_before_a_number_is_no_typography(pets: Collection, judge: Judge, cite: Judge) -> None:
    put(pets, "dose.txt", "A dose of 5 mg was given to them.")
    assert judge(".5 mg was given to them", "dose.txt").status == "altered"
    assert cite(locator(pets, "dose.txt", "5 mg was given"), ".5 mg was given").status == "altered"


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("今日は良い天気なので散歩した。", "良い天気"),
        ("第3章は5頁から始まる。", "章は5頁"),
        ("ภาษาไทยง่ายมาก", "ไทยง่าย"),
        ("(see pages 3-5, and 7)", "pages 3-5"),
        ("The range 3–5 mg is safe.", "3–5 mg"),
        ("Well, 5, 6, and 7 follow.", "5, 6"),
        ("It cost 5. Then 6 more came.", "It cost 5"),
        ("The dog's owner was away.", "The dog"),
        ("A list:\n- 5 dogs\n- 6 cats", "5 dogs"),
        ("I said “stop” to him.", "stop"),
        ("one—two—three", "two"),
        ("snake_case is a word", "snake_case"),
    ],
)
def test_whole_words_are_not_torn(pets: Collection, judge: Judge, text: str, quote: str) -> None:
    put(pets, "whole.txt", text)
    assert judge(quote, "whole.txt").status == "verified"


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("There is a ﬂaw in it.", "law in it"),
        ("He is guilty.", "He is guilty?"),
        ("He is guilty?", "He is guilty."),
        ("He is guilty.", "?He is guilty."),
        ('He is 6" tall now.', "is 6' tall now"),
        ("He is 6” tall now.", "is 6’ tall now"),
    ],
)
def test_what_changes_the_meaning_is_not_repaired(
    pets: Collection, judge: Judge, cite: Judge, text: str, quote: str
) -> None:
    put(pets, "meaning.txt", text)
    assert judge(quote, "meaning.txt").status in {"altered", "not_found"}
    assert cite(locator(pets, "meaning.txt"), quote).status in {"altered", "not_found"}


def test_a_torn_passage_does_not_make_its_words_whole(pets: Collection) -> None:
    put(pets, "swim.txt", "They are unable to swim in water.")
    given = locator(pets, "swim.txt", "able to swim in water")
    ((_, verdict),) = report(pets, "They are “able to swim in water” [1].", given).quotes
    assert verdict.status == "altered"


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


@pytest.mark.timeout(30)
@pytest.mark.parametrize("end", ["", " aaa b"])
def test_parts_of_an_endless_word_are_passed_over(pets: Collection, judge: Judge, end: str) -> None:
    put(pets, "endless.txt", "a" * 1_000_000 + end)
    judge("aaa", "endless.txt")
    verdict = judge("aaa", "endless.txt")
    assert (verdict.status == "verified") == bool(end)


@pytest.mark.timeout(30)
def test_absent_words_are_looked_for_in_bounded_time(pets: Collection) -> None:
    for number in range(4):
        sentences = (f"Sentence number {at} is here about the lamp. " for at in range(number, 40_000))
        put(pets, "long.txt", "".join(sentences))
    verification = verifying(pets)
    for number in range(3):
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


def test_half_of_a_ligature_is_not_the_word(pets: Collection, judge: Judge) -> None:
    put(pets, "five.txt", "ﬁve men came home.")
    assert judge("five men came", "five.txt").status == "repaired"
    assert judge("ive men came", "five.txt").status == "altered"


@pytest.mark.parametrize(
    ("text", "start", "end", "torn"),
    [
        ("unable", 2, 6, True),
        ("unable", 0, 6, False),
        ("unable", 0, 2, True),
        ("1.5", 2, 3, True),
        ("1.5", 0, 1, True),
        ("-5", 1, 2, True),
        (" -5", 2, 3, True),
        ("良い天気", 1, 3, False),
        ("か良b", 2, 3, False),
        ("", 0, 0, False),
    ],
)
def test_where_a_span_tears(text: str, start: int, end: int, torn: bool) -> None:
    assert splits_word(text, start, end) is torn


# Answers


def report(collection: Collection, text: str, *locators: str) -> AnswerReport:
    found = verifying(collection).answer(text, locators)
    for quoted, verdict in found.quotes:
        assert without_marks(assert_sound(verdict).quote) == without_marks(quoted.text)
    return found


def without_marks(quote: str) -> list[str]:
    return re.sub(r"\[\d]", " ", quote).split()


def statuses(found: AnswerReport) -> list[str]:
    return [verdict.status for _, verdict in found.quotes]


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
    assert report(pets, "") == AnswerReport((), (), (), (), ())


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


# Any text

WORDS = st.lists(
    st.one_of(
        st.sampled_from(["cat", "cats", "unable", "able", "1.5", "5", "-5", "é", "犬は", "“so”", "–", "ﬁn"]),
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=40,
)


def stored(open_collection: Opener, tmp_path: Path, text: str) -> tuple[Collection, str]:
    shutil.rmtree(tmp_path / "default", ignore_errors=True)
    collection = open_collection()
    try:
        collection.put(Source("a.txt", text.encode()))
    except InvalidInput:
        collection.close()
        assume(False)
    return collection, collection.archive.text("a.txt")[1]


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS, data=st.data())
def test_whole_words_of_a_text_are_always_verified(
    open_collection: Opener, tmp_path: Path, words: list[str], data: st.DataObject
) -> None:
    collection, text = stored(open_collection, tmp_path, " ".join(words))
    edges = [0, *(at for at, one in enumerate(text) if one.isspace()), len(text)]
    # "1 500" may be one number.
    edges = [at for at in edges if not (text[at - 1 : at].isdigit() and text[at + 1 : at + 2].isdigit())]
    for _ in range(5):
        start, end = sorted((data.draw(st.sampled_from(edges)), data.draw(st.sampled_from(edges))))
        quote = text[start:end].strip()
        if not quote:
            continue
        verdict = assert_sound(verifying(collection).quote(Claim(quote, "a.txt")))
        assert verdict.status == "verified"
        at = text.index(quote, start)
        assert (
            verifying(collection)
            .citation(locator(collection, "a.txt").rsplit(":", 1)[0] + f":{at}-{at + len(quote)}", quote)
            .status
            == "verified"
        )
    collection.close()


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS, data=st.data())
def test_whatever_is_verified_is_the_very_words(
    open_collection: Opener, tmp_path: Path, words: list[str], data: st.DataObject
) -> None:
    collection, text = stored(open_collection, tmp_path, " ".join(words))
    for _ in range(5):
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        change = data.draw(st.sampled_from(["", "x", " ", ".", "5"]))
        quote = data.draw(
            st.sampled_from([text[start:end], change + text[start:end], text[start:end].upper()])
        )
        verdict = assert_sound(verifying(collection).quote(Claim(quote, "a.txt")))
        if verdict.citation is not None:
            citation = verdict.citation
            assert text[citation.start : citation.end] == citation.quote
            assert not splits_word(text, citation.start, citation.end)
            assert (citation.quote == quote) == (verdict.status == "verified")
    collection.close()


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
