"""Quotes and claims are verified by texts that come with a request, at their offsets as they were given."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings, strategies as st

from index.citations import Claim
from index.collection import TextVerifier
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import EmptyDocument, UndecodableText
from index.given_texts import GivenText
from index.readers.base.normalisation import normalise, offsets_before

VERIFIER = TextVerifier(WordEmbedder(), LibraryConfig())
MARS = "Mars has two moons,\r\nPhobos and Deimos.\r\nA cafe\u0301 was opened there in 1999."
VENUS = "\ufeffVenus has no moon at all. It is hot."
TEXTS = [GivenText("1", MARS, "Planets"), GivenText("2", VENUS)]


def statuses(answer: str) -> list[str]:
    """The verdicts on the sentences of an answer, after a check of their places."""
    found = []
    with VERIFIER.verification(TEXTS) as by:
        report = by.verification.answer(answer, by.locators)
        for verdict in report.statements:
            assert verdict is not None
            found.append(verdict.status)
            if verdict.citation is not None:
                cited = by.cite(verdict.citation)
                text = TEXTS[int(cited.document_id) - 1].text
                assert text[cited.start : cited.end] == cited.quote
                assert normalise(cited.quote, name="") == verdict.citation.quote
                for one in by.conflicts(verdict):
                    assert text[one.at : one.to] == one.stated
    return found


def test_claims_are_judged_by_the_text_that_their_mark_names() -> None:
    assert statuses("Mars has three moons, Phobos and Deimos [1].") == ["contradicted"]
    assert statuses("A café was opened there in 2001 [1].") == ["contradicted"]
    assert statuses("A café was opened there in 1999 [1].") == ["supported"]
    assert statuses("Venus has no moon at all [1].") == ["unsupported"]
    assert statuses("Venus has no moon at all [2]. Jupiter has rings.") == ["supported", "unsupported"]
    assert statuses("Mars has two moons. Venus has no moon at all.") == ["supported", "supported"]


def test_quotes_have_their_place_in_the_text_as_it_was_given() -> None:
    with VERIFIER.verification(TEXTS, claims=False) as by:
        for words, status in (("Phobos and Deimos. A café", "repaired"), ("no moon at all", "verified")):
            verdict = by.verification.quote(Claim(words))
            assert (verdict.status, verdict.citation is not None) == (status, True)
            assert verdict.citation is not None
            cited = by.cite(verdict.citation)
            text = TEXTS[int(cited.document_id) - 1].text
            assert text[cited.start : cited.end] == cited.quote == cited.selectors[1].exact
            assert cited.locator.endswith(f":{cited.start}-{cited.end}")
            assert (cited.selectors[0].start, cited.selectors[0].end) == (cited.start, cited.end)
        assert by.verification.quote(Claim("two rings, Phobos and Deimos")).status == "altered"


def test_a_long_text_is_read_to_its_end() -> None:
    filler = "\n\n".join(f"Paragraph {number} tells of the harbour and its ships." for number in range(600))
    text = f"{filler}\n\nThe lamp was lit at dusk by Hannah Osgood."
    assert len(text) > 30_000
    with VERIFIER.verification([GivenText("1", text)]) as by:
        report = by.verification.answer("The lamp was lit at dusk by Hannah Osgood [1].", by.locators)
        (verdict,) = report.statements
        assert verdict is not None
        assert verdict.status == "supported"


@pytest.mark.parametrize("text", ["", " \n", "\ufeff"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with (
        pytest.raises(EmptyDocument, match="source 2"),
        VERIFIER.verification([TEXTS[0], GivenText("2", text)]),
    ):
        pass


@pytest.mark.parametrize("text", ["\x00" * 30 + "a", f"Some words before an e\x07\u0301 {'and more ' * 20}"])
def test_a_text_whose_places_cannot_be_told_is_refused(text: str) -> None:
    with pytest.raises(UndecodableText, match="source 1"), VERIFIER.verification([GivenText("1", text)]):
        pass


@settings(max_examples=300)
@given(st.text("ae\u0301\u0327\u00e9\r\n\x0b\u2028\ufeff 각\u1100\u1161\u11a8👩\u200d🚒z", max_size=30))
def test_offsets_lead_back_to_the_text_that_was_normalised(text: str) -> None:
    normal = normalise(text, name="")
    offsets = offsets_before(text, normal)
    assert len(offsets) == len(normal) + 1
    assert list(offsets) == sorted(offsets)
    assert offsets[-1] == len(text)
    for at in range(len(normal)):
        if offsets[at] not in (offsets[at + 1], *offsets[:at]):
            piece = text[offsets[at] : offsets[at + 1]].replace("\r\n", "\n")
            assert unicodedata.normalize("NFC", piece)[0] == normal[at] or normal[at] == "\n"
