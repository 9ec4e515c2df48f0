from __future__ import annotations

import pytest

from index.citations.verdicts import Claim, Verdict
from index.collection import Collection
from tests.index.citations.verification.pets import CATS, DOGS, Judge, assert_sound, put
from tests.opening import verifying


@pytest.fixture
def pets(collection: Collection) -> Collection:
    put(collection, "cats.txt", CATS)
    put(collection, "dogs.txt", DOGS)
    return collection


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
