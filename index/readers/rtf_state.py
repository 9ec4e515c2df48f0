"""The properties of an RTF file's groups, which those in them inherit."""

from __future__ import annotations

from dataclasses import dataclass, replace

_MOST = 8
"""The deepest level of a list, and the most characters that stand for one of Unicode."""
PROPERTIES = frozenset("f uc v deleted plain pard s outlinelevel ilvl intbl".split())
"""The control words that change a state."""


@dataclass(frozen=True, slots=True)
class State:
    """What a group inherits from the one around it."""

    destination: str = ""
    """What its text is for; empty for the text of the document."""
    key: str = ""
    font: int = -1
    unicode_skip: int = 1
    hidden: frozenset[str] = frozenset()
    style: int = 0
    outline: int | None = None
    depth: int = 0
    in_table: bool = False
    starred: bool = False
    body: str = ""
    """Of which kind the text is that begins with this group."""


def with_character(state: State, word: str, number: int | None) -> State:
    """The state after a property of characters."""
    match word:
        case "f":
            return replace(state, font=number or 0)
        case "uc":
            return replace(state, unicode_skip=min(max(number or 0, 0), _MOST))
        case "v" | "deleted":
            hidden = state.hidden - {word} if number == 0 else state.hidden | {word}
            return replace(state, hidden=hidden)
        case "plain":
            return replace(state, hidden=frozenset(), font=-1)
    return state


def with_layout(state: State, word: str, number: int) -> State:
    """The state after a property of paragraphs."""
    match word:
        case "pard":
            return replace(state, style=0, outline=None, depth=0, in_table=False)
        case "s":
            return replace(state, style=number)
        case "outlinelevel":
            return replace(state, outline=number)
        case "ilvl":
            return replace(state, depth=min(max(number, 0), _MOST))
        case "intbl":
            return replace(state, in_table=True)
    return state
