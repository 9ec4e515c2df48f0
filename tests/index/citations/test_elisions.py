from __future__ import annotations

import pytest

from index.citations.quotes.anchoring import AnchoringText
from index.citations.quotes.elisions import MOST_OMITTED, locate_parts, parse_elisions

TEXT = (
    "The lamp in the north tower was lit at dusk by the old keeper, who had lived there for years. "
    "It burned all night, and the ships saw it from afar. The bridge was opened in the spring of 1912."
)


def found(quote: str, text: str = TEXT) -> list[str] | None:
    """The source's words of a quote, where they stand; None if they do not."""
    read = parse_elisions(quote)
    assert read is not None
    parts = locate_parts(AnchoringText(text), read)
    return None if parts is None else [text[start:end] for start, end in parts.spans]


@pytest.mark.parametrize("mark", ["…", "...", " ... ", ". . .", " [...] ", "[…]", " (…) ", " .... "])
def test_words_may_be_left_out(mark: str) -> None:
    assert found(f"The lamp in the north tower{mark}was lit at dusk") == [
        "The lamp in the north tower", "was lit at dusk",
    ]  # fmt: skip
    assert found(f"lit at dusk{mark}the ships saw it") == ["lit at dusk", "the ships saw it"]


@pytest.mark.parametrize(
    ("quote", "parts", "inserted"),
    [
        ("[the lamp] burned all night", ["burned all night"], ("[the lamp]",)),
        ("It [the lamp] burned all night", ["It", "burned all night"], ("[the lamp]",)),
        ("[t]he ships saw it from afar", ["the ships saw it from afar"], ("[t]",)),
        ("[T]he ships saw [the lamp] from afar", ["the ships saw", "from afar"], ("[T]", "[the lamp]")),
        ("the ships [sic] saw it", ["the ships", "saw it"], ("[sic]",)),
        ("light[ed] at dusk by the keeper", None, ("[ed]",)),
        ("burn[ed] all night", ["burned all night"], ("[ed]",)),
    ],
)
def test_words_and_letters_may_be_inserted(
    quote: str, parts: list[str] | None, inserted: tuple[str, ...]
) -> None:
    assert found(quote) == parts
    read = parse_elisions(quote)
    assert read is not None
    assert read.inserted == inserted
    assert all(words in read.describe() for words in inserted)


@pytest.mark.parametrize(
    "quote",
    [
        "was lit at dusk … The lamp in the north",
        "The lamp in … was lit at dawn",
        "The lamp … light … bridge opened",
    ],
)
def test_other_words_or_another_order_are_not_found(quote: str) -> None:
    assert found(quote) is None


def test_parts_far_apart_are_no_quote() -> None:
    for length, there in ((MOST_OMITTED - 2, True), (MOST_OMITTED + 10, False)):
        text = "The lamp was lit" + "." * length + " by the old keeper."
        assert (found("The lamp was lit … by the old keeper", text) is not None) == there


def test_the_tightest_place_counts() -> None:
    text = "The lamp was lit. " * 3 + "And by the keeper, too."
    read = parse_elisions("The lamp was lit … by the keeper")
    assert read is not None
    parts = locate_parts(AnchoringText(text), read)
    assert parts is not None
    assert parts.start == text.rindex("The lamp")


@pytest.mark.parametrize(
    "quote", ["", "…", "a … b", "The lamp was lit.", "[the lamp]", "[1] lamp", "… […] …"]
)
def test_what_is_no_quote_with_gaps(quote: str) -> None:
    assert parse_elisions(quote) is None


@pytest.mark.timeout(30)
@pytest.mark.parametrize("unit", ["… ", "[a] ", "[", "the … ", "[…", "[the lamp] ", "a[b]"])
def test_long_quotes_of_one_kind_take_no_long_time(unit: str) -> None:
    read = parse_elisions(f"The lamp in the tower {unit * 20_000}")
    if read is not None:
        locate_parts(AnchoringText(TEXT * 1000), read)
