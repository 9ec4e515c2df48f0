"""Whatever the text: its whole words are verified, and what is verified are its words."""

from __future__ import annotations

import shutil
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings, strategies as st

from index.citations.verdicts import Claim
from index.collection import Collection
from index.errors import InvalidInput
from index.ingest.preparation import Source
from index.text.word_boundaries import splits_word
from tests.index.citations.verification.pets import assert_sound, locator
from tests.index.conftest import Opener
from tests.opening import verifying
from tests.sizes import examples

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
