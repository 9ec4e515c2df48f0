from __future__ import annotations

import pytest

from index.search.cross_encoder.claims import ClaimReader
from tests.index.search.cross_encoder.toys import NO, YES, cross_encoder

TEXTS = ["The lamp was lit.", "Nobody was there."]


def test_each_text_is_read_with_the_claim() -> None:
    reader = ClaimReader(cross_encoder("lamp", TEXTS))
    lamp, nobody = reader.read("Somebody lit it.", TEXTS)
    assert (lamp.answers, nobody.answers) == (YES, NO)
    for one in (lamp, nobody):
        assert one.supports + one.contradicts + one.neither == pytest.approx(1.0)


def test_readings_are_in_the_order_of_the_texts_whatever_their_lengths() -> None:
    texts = [" ".join(["Nobody was there."] * count) for count in (30, 1, 12, 40, 2)]
    texts[1] += " The lamp was lit."
    texts[3] += " The lamp was lit."
    found = ClaimReader(cross_encoder("lamp", texts)).read("Somebody lit it.", texts)
    assert [one.answers for one in found] == [NO, YES, NO, YES, NO]
    assert len(ClaimReader(cross_encoder("lamp", texts)).read("Somebody lit it.", texts[:1])) == 1


def test_nothing_to_read_is_not_run() -> None:
    assert ClaimReader(cross_encoder("lamp", TEXTS)).read("Somebody lit it.", []) == []


def test_a_reader_is_known_by_its_weights_and_tells_how_much_it_reads() -> None:
    model = cross_encoder("lamp", TEXTS, max_tokens=20)
    reader = ClaimReader(model)
    assert reader.fingerprint == model.fingerprint
    assert reader.count("The lamp was lit.") == 5
    assert reader.room("The lamp was lit.") == 20 - 3 - 5
