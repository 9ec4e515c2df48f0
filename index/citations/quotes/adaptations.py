"""Differences between a quote and its source when both have the same words, as codes and in words."""

from typing import Literal

from index.text.typography import equal_but_for_typography

Adaptation = Literal["first_letter", "end_mark", "typography"]

_END_MARKS = (",", ".")
_WORDS: dict[tuple[Adaptation, ...], str] = {
    ("first_letter",): "The words are exact; the case of the first letter is adapted.",
    ("end_mark",): "The words are exact; the mark at the end differs.",
    ("first_letter", "end_mark"): "The words are exact; the case of the first letter and the mark at the end "
    "differ.",
}
_TYPOGRAPHY = "The words stand there but for quotes, dashes, spaces, case or end marks."


def find_adaptations(quote: str, source: str) -> tuple[Adaptation, ...]:
    """How the sentence around a quote changes the quoted words, for a quote with the source's words.

    A quote inside a sentence begins with a small letter and ends with the mark of its sentence; all else is
    typography. Empty for equal texts.
    """
    if quote == source:
        return ()
    quote, source = quote.strip(), source.strip()
    found: list[Adaptation] = []
    words, stated = without_end_mark(quote), without_end_mark(source)
    if words[:1] != stated[:1] and words[:1].casefold() == stated[:1].casefold():
        found.append("first_letter")
        words, stated = words[1:], stated[1:]
    if words != stated:
        return ("typography",)
    if quote[-1:] != source[-1:]:
        found.append("end_mark")
    return tuple(found) or ("typography",)


def describe_adaptations(found: tuple[Adaptation, ...]) -> str:
    """Describe the adaptations of a quote in a sentence for readers."""
    return _WORDS.get(found, _TYPOGRAPHY)


def without_end_mark(quote: str) -> str:
    """Remove a final comma or full stop, which writers put inside quotation marks."""
    words = quote.strip()
    return words[:-1].rstrip() if words.endswith(_END_MARKS) else words


def equal_words(a: str, b: str) -> bool:
    """Whether two texts are equal except for typography and a final comma or full stop."""
    a, b = without_end_mark(a), without_end_mark(b)
    return bool(a and b) and equal_but_for_typography(a, b)
