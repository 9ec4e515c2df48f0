"""The state of an RTF group: properties that the groups inside it inherit."""

from __future__ import annotations

from dataclasses import dataclass, replace

_MAX_VALUE = 8
"""Limit of list levels, and of the characters that replace one Unicode character."""
PROPERTIES = frozenset("f uc v deleted plain pard s outlinelevel ilvl intbl".split())
"""The control words that change the state."""


@dataclass(frozen=True, slots=True)
class State:
    """The state of a group, which the groups inside it inherit."""

    destination: str = ""
    """The purpose of its text; empty for the text of the document."""
    key: str = ""
    """Which piece of document information its text is, or the number of the note that follows."""
    font: int = -1
    unicode_skip: int = 1
    """Number of characters after a Unicode one that replace it in programs without Unicode."""
    hidden: frozenset[str] = frozenset()
    style: int = 0
    outline: int | None = None
    depth: int = 0
    in_table: bool = False
    starred: bool = False
    body: str = ""
    """The kind of the separate text, such as a note, that begins with this group."""


def with_character(state: State, word: str, number: int | None) -> State:
    """The state after a character property."""
    match word:
        case "f":
            return replace(state, font=number or 0)
        case "uc":
            return replace(state, unicode_skip=min(max(number or 0, 0), _MAX_VALUE))
        case "v" | "deleted":
            hidden = state.hidden - {word} if number == 0 else state.hidden | {word}
            return replace(state, hidden=hidden)
        case "plain":
            return replace(state, hidden=frozenset(), font=-1)
    return state


def with_layout(state: State, word: str, number: int) -> State:
    """The state after a paragraph property."""
    match word:
        case "pard":
            return replace(state, style=0, outline=None, depth=0, in_table=False)
        case "s":
            return replace(state, style=number)
        case "outlinelevel":
            return replace(state, outline=number)
        case "ilvl":
            return replace(state, depth=min(max(number, 0), _MAX_VALUE))
        case "intbl":
            return replace(state, in_table=True)
    return state
