"""Amounts in all forms in which sentences write them: of one amount they agree, of two they do not."""

from __future__ import annotations

from itertools import product

import pytest

from tests.index.citations.statements.test_opposites import is_conflict

PRICE = "A ticket for the Ely museum costs {} at the desk."
AMOUNTS = (
    (PRICE, "50 cents | half a euro | 0.50 euros | €0.50 | 0.50 €"),
    (PRICE, "2 euros | two euros | €2 | EUR 2 | 2.00 euros | 200 cents | 2 € | 2€ | € 2 | 2 EUR"),
    (PRICE, "€5m | €5 million | 5 million euros | EUR 5 million"),
    (PRICE, "$7k | $7,000 | USD 7000 | 7000 USD"),
    ("The tour of Ely cathedral takes {} in total.", "30 minutes | half an hour | 0.5 hours | 30 min"),
    (
        "The tour of Ely cathedral takes {} in total.",
        "90 minutes | one and a half hours | 1.5 hours | 1½ hours",
    ),
    ("The path around Hadley lake is {} long in all.", "1.5 km | 1500 m | 1,500 metres | 1.5 kilometres"),
    ("The bags of the Ely shuttle may weigh {} each.", "20 kg | twenty kilograms | 20,000 g"),
    ("The Ely museum letter is sent to members {}.", "every two weeks | fortnightly | every other week"),
    (
        "The Ely museum letter is sent to members {}.",
        "monthly | once a month | every month | 12 times a year",
    ),
)


@pytest.mark.parametrize(("frame", "forms"), AMOUNTS)
def test_one_amount_in_two_forms_agrees(frame: str, forms: str) -> None:
    for one, other in product(forms.split(" | "), repeat=2):
        assert not is_conflict(frame.format(one), frame.format(other)), (one, other)


def test_two_prices_in_two_forms_disagree() -> None:
    for one, other in product(("€2", "2 €", "EUR 2", "200 cents"), ("€3", "3 €", "300 cents", "3 euros")):
        assert is_conflict(PRICE.format(one), PRICE.format(other)), (one, other)
