from __future__ import annotations

import pytest

from index.text.markup import MAX_ATTRIBUTES, has_endless_tag

MANY = MAX_ATTRIBUTES + 1


def attributes(count: int, value: str = "") -> str:
    return "".join(f" a{at}{value}" for at in range(count))


@pytest.mark.parametrize("value", ["", "=1", "='>'", '="a b c"', "= '>'"])
@pytest.mark.parametrize("end", [">", "/>", ""])
def test_attributes_of_a_tag_are_counted(value: str, end: str) -> None:
    assert not has_endless_tag(f"<p{attributes(MAX_ATTRIBUTES, value)}{end}".replace("/>", ">"))
    assert has_endless_tag(f"<p>a</p>\n<p{attributes(MANY, value)}{end}")


@pytest.mark.parametrize(
    "html",
    [
        f"<p{attributes(MAX_ATTRIBUTES // 2)}>" * 3,
        f"<p>{'a word ' * MANY}</p>",
        f"<p title='{'a word ' * MANY}'>a</p>",
        f'<img src="data:image/png;base64,{"a/" * MANY}">',
        f"a < b {'a word ' * MANY}",
    ],
)
def test_texts_and_long_values_are_no_attributes(html: str) -> None:
    assert not has_endless_tag(html)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_quotation_mark_that_is_no_value_hides_nothing(quote: str) -> None:
    assert has_endless_tag(f"<p {quote}{attributes(MANY)}{quote}>")
    assert has_endless_tag(f"<p a={quote}{attributes(MANY)}>")
