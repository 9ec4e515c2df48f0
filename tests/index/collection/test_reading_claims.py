from __future__ import annotations

from pathlib import Path

import pytest

from index.citations import Judging, parse_locator
from index.embedding import WordEmbedder
from index.ingest import Source
from index.library import Library
from index.sources import put_all
from tests.index.citations.statements.embedders import CountingEmbedder
from tests.index.search.cross_encoder.toys import cross_encoder

TEXT = "The lamp was lit at dusk by the keeper. Nobody was there at dawn."
CLAIM = "The lamp was lit by the keeper at dusk."
"""In another order: a statement in the very words of a source is not read."""


def test_claims_are_read_by_the_cross_encoder_of_the_library(tmp_path: Path) -> None:
    model = cross_encoder("lamp", [TEXT])
    with Library(tmp_path, embedder=WordEmbedder(), cross_encoder=lambda _: model) as library:
        collection = library.open("lamps", create=True)
        collection.put(Source("lamps.txt", TEXT.encode(), media_type="text/plain"))
        with collection.verification() as verification:
            read = verification.answer(CLAIM, [])
        with collection.verification(judging=Judging(read=False, supported_from=0.9)) as verification:
            compared = verification.answer(CLAIM, [])
        with collection.verification(claims=False) as verification:
            quotes = verification.answer(CLAIM, [])
    assert (read.read_by, read.supported_from) == (model.fingerprint, 0.7)
    assert (compared.read_by, compared.supported_from) == ("", 0.9)
    assert (quotes.read_by, quotes.supported_from) == ("", None)
    ((ours,), (theirs,)) = read.statements, compared.statements
    assert ours is not None
    assert theirs is not None
    assert ours.probability != theirs.probability


@pytest.mark.parametrize("read", [True, False])
def test_passages_that_a_search_finds_are_judged_by_stored_vectors(tmp_path: Path, read: bool) -> None:
    model, embedder = cross_encoder("lamp", [TEXT]), CountingEmbedder()
    with Library(tmp_path, embedder=embedder, cross_encoder=lambda _: model) as library:
        collection = library.open("lamps", create=True)
        texts = [TEXT, f"A log of the year.\n\n{TEXT} {'It rained. ' * 200}"]
        list(
            put_all(collection, [Source(text[:5], text.encode(), media_type="text/plain") for text in texts])
        )
        embedder.texts.clear()
        with collection.verification(judging=Judging(read=read)) as verification:
            (statement,) = verification.answer(CLAIM, []).statements
            assert embedder.texts == [CLAIM]
            assert statement is not None
            assert statement.citation is not None
            # One that is cited may be any span of the text: its sentences are embedded.
            verification.answer(f"{CLAIM} [1]", [parse_locator(statement.citation.locator)])
    assert "The lamp was lit at dusk by the keeper." in embedder.texts[-1]


def test_without_a_cross_encoder_claims_are_compared(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        assert library.claim_model is None
