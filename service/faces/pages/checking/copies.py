"""A checked text to copy, with a citation after each sentence that has a source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape

from index.answers import Citation
from index.citations import format_citation, mark_spans
from index.provenance import Provenance

_TRAILING = re.compile(r"[^\S\n]+(?=\n|\Z)")
_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n\s*")


@dataclass(frozen=True, slots=True)
class Copies:
    """The text in three formats."""

    plain: str
    markdown: str
    html: str


@dataclass(frozen=True, slots=True)
class Sourced:
    """A citation with links that begin with the service's address, and what is said of its document."""

    citation: Citation
    provenance: Provenance


def make_copies(parts: Iterable[tuple[str, list[Sourced]]], known: set[int], heading: str) -> Copies:
    """Make the copies of a text in parts, each with its sources. ``known`` are the marks to leave out."""
    pieces = [(_remove_marks(text, known), sources) for text, sources in parts]
    numbers: dict[str, int] = {}
    used = {number for text, _ in pieces for _, own in mark_spans(text) for number in own}
    listed: list[tuple[int, Sourced]] = []
    for _, sources in pieces:
        for one in sources:
            if one.citation.locator not in numbers:
                number = max([0, *used]) + 1
                used.add(number)
                numbers[one.citation.locator] = number
                listed.append((number, one))

    def render(mark: Callable[[int], str]) -> str:
        told = "".join(
            text + "".join(mark(numbers[one.citation.locator]) for one in sources) for text, sources in pieces
        )
        return _TRAILING.sub("", told).strip()

    plain = [f"[{number}] {_format_copy(one, 'plain')}" for number, one in listed]
    notes = [_format_copy(one, "markdown_footnote", str(number)) for number, one in listed]
    return Copies(
        "\n\n".join(filter(None, [render(lambda at: f" [{at}]"), "\n".join(plain)])),
        "\n\n".join(filter(None, [render(lambda at: f"[^{at}]"), "\n".join(notes)])),
        str(_copy_as_html(render(lambda at: f"\ue000{at}\ue001"), listed, heading)),
    )


def _remove_marks(text: str, known: set[int]) -> str:
    """The text without the marks whose numbers are all known, and the white space around them."""
    for (start, end), numbers in reversed(mark_spans(text)):
        if known.issuperset(numbers):
            text = text[:start].rstrip(" ") + text[end:]
    return text


def _format_copy(one: Sourced, name: str, label: str = "1") -> str:
    written = format_citation(one.citation, name, provenance=one.provenance, label=label)  # type: ignore[arg-type]
    return str(written)


def _copy_as_html(text: str, listed: list[tuple[int, Sourced]], heading: str) -> Markup:
    # The marks are in characters for private use, so that they survive the escaping.
    paragraphs = [
        Markup("<p>{}</p>").format(_superscript_marks(escape(one))) for one in _PARAGRAPHS.split(text) if one
    ]
    items = [
        Markup('<li value="{}">“{}” <a href="{}">{}</a> ({})</li>').format(
            number, one.citation.quote, one.citation.links["view"], one.citation.title, one.citation.locator
        )
        for number, one in listed
    ]
    sources = Markup("<h2>{}</h2>\n<ol>\n{}\n</ol>").format(heading, Markup("\n").join(items))
    return Markup("\n").join([*paragraphs, *([sources] if items else [])])


def _superscript_marks(text: Markup) -> Markup:
    shown = re.sub("\ue000([0-9]+)\ue001", r"<sup>[\1]</sup>", str(text)).replace("\n", "<br>\n")
    return Markup(shown)  # noqa: S704 -- escaped by the caller
