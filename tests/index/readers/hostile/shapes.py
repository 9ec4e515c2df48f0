"""Shapes of hostile files: what a format is made of, repeated, nested, left open, wide and deep.

A shape makes a file of about ``size`` bytes; in packages the part that is read has that size before it is
compressed. Each family is made from the pieces of its format, so that a piece that is added there is tried in
all ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations


@dataclass(frozen=True, slots=True)
class Shape:
    """Hostile files: ``suffix`` selects the reader, ``make`` makes one of about so many bytes."""

    name: str
    suffix: str
    kind: str
    make: Callable[[int], bytes]

    def __str__(self) -> str:
        return f"{self.suffix}: {self.name}"


Write = Callable[[str], bytes]
"""Makes a file of its content."""
Content = Callable[[int], str]
"""Makes a content of about so many bytes."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a format is made of.

    ``single`` are repeated, by themselves and with a neighbour; ``pairs`` open and close something;
    ``counted`` have ``{i}``, a number that is another one each time; ``used`` are two counted pieces, all of
    the first before all of the second; ``rising`` are repeated once, twice, three times and so on.
    """

    single: Sequence[str] = ()
    pairs: Sequence[tuple[str, str]] = ()
    counted: Sequence[str] = ()
    used: Sequence[tuple[str, str]] = ()
    rising: Sequence[str] = ()
    separators: Sequence[str] = ("", " ", "\n")
    neighbours: bool = True


def _encoded(content: str) -> bytes:
    return content.encode()


def shapes_of(suffix: str, pieces: Pieces, write: Write = _encoded) -> Iterator[Shape]:
    """All shapes of the pieces of a format. ``write`` makes a file of what they give."""

    for kind, name, content in _contents(pieces):
        yield Shape(name, suffix, kind, partial(_made, write, content))


def _made(write: Write, content: Content, size: int) -> bytes:
    return write(content(size))


def _contents(pieces: Pieces) -> Iterator[tuple[str, str, Content]]:
    for one in (one + separator for one in pieces.single for separator in pieces.separators):
        yield "repeated", f"{one!r} repeated", partial(repeated, one)
    for one, other in permutations(pieces.single, 2) if pieces.neighbours else ():
        yield "neighbours", f"{one!r}, then {other!r} repeated", partial(_begun, one, other)
        yield "neighbours", f"{one + other!r} repeated", partial(repeated, one + other)
        yield (
            "neighbours",
            f"{one!r} repeated, then {other!r} repeated",
            partial(_halves, repeated, one, other),
        )
    for one, other in pieces.pairs:
        yield "pairs", f"{one!r} opened", partial(repeated, one)
        yield "pairs", f"{other!r} closed", partial(repeated, other)
        yield "pairs", f"{one + other!r} repeated", partial(repeated, one + other)
        yield "pairs", f"{one + 'x ' + other!r} repeated", partial(repeated, f"{one}x {other}")
        yield "pairs", f"{one!r} nested in {other!r}", partial(nested, one, other)
    for one in pieces.counted:
        yield "counted", f"{one!r} counted", partial(counted, one)
    for one, other in pieces.used:
        yield "used", f"{one!r} counted, then {other!r} counted", partial(_halves, counted, one, other)
    for one in pieces.rising:
        yield "rising", f"{one!r} rising", partial(rising, one)


def _begun(first: str, piece: str, size: int) -> str:
    return first + repeated(piece, size)


def _halves(make: Callable[[str, int], str], one: str, other: str, size: int) -> str:
    return make(one, size // 2) + make(other, size // 2)


def repeated(piece: str, size: int) -> str:
    """A piece as often as it fits."""
    return piece * max(1, size // len(piece.encode()))


def nested(opening: str, closing: str, size: int) -> str:
    """As many openings as fit with their closings, a word, and the closings."""
    times = max(1, size // len((opening + closing).encode()))
    return f"{opening * times}x{closing * times}"


def counted(piece: str, size: int) -> str:
    """A piece as often as it fits, with another number each time."""
    times = max(1, size // len(piece.replace("{i}", "12345").encode()))
    return "".join(piece.replace("{i}", str(at)) for at in range(times))


def rising(piece: str, size: int) -> str:
    """A piece once, twice, three times, each followed by a word."""
    found, length, at = [], 0, 0
    while length < size:
        at += 1
        found.append(piece * at + "a ")
        length += len(found[-1])
    return "".join(found)
