"""Find the ends of link labels in Markdown in linear time."""

from __future__ import annotations

from markdown_it.rules_inline import StateInline

_NOT_CLOSED = -1
_Ends = dict[int, tuple[int, bool]]
"""By the position of a bracket: that of the one that closes it, and whether a link is between them."""


def parse_link_label(state: StateInline, start: int, disableNested: bool = False) -> int:  # noqa: N803
    """Return the position of the bracket that closes the one at ``start``; -1 if there is none.

    With ``disableNested``, a label that contains a link has no end. Replaces the function of markdown-it-py,
    with the same results: that one reads on to the end of the block from each bracket that is not closed, so
    that a megabyte of brackets takes minutes. Here each pass keeps what it learns about all brackets in it.
    """
    ends: _Ends = vars(state).setdefault("label_ends", {}).setdefault(state.posMax, {})
    if start not in ends:
        before = state.pos
        unclosed, links = [start], [False]
        state.pos = start + 1
        while unclosed and state.pos < state.posMax:
            at, character = state.pos, state.src[state.pos]
            state.md.inline.skipToken(state)
            if character == "]":
                _close(ends, unclosed, links, at)
            elif character == "[" and state.pos > at + 1:
                links[-1] = True
            elif character == "[" and at in ends:  # learnt while the token was skipped
                end, has_link = ends[at]
                if end == _NOT_CLOSED:
                    break
                links[-1] |= has_link
                state.pos = end + 1
            elif character == "[":
                unclosed.append(at)
                links.append(False)
        ends.update((bracket, (_NOT_CLOSED, False)) for bracket in unclosed)
        state.pos = before
    end, has_link = ends[start]
    return _NOT_CLOSED if has_link and disableNested else end


def _close(ends: _Ends, unclosed: list[int], links: list[bool], at: int) -> None:
    has_link = links.pop()
    ends[unclosed.pop()] = at, has_link
    if links:
        links[-1] |= has_link
