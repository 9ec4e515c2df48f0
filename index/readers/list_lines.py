"""Lists of formats that give each paragraph its mark and its depth, instead of nesting lists."""

from __future__ import annotations

from index.readers.builder import Draft

_MAX_INDENT = 32


class ListLines:
    """The list that is open, as lines: an item's mark, and under its text what follows it."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._open: list[tuple[int, int]] = []
        self._page = 0

    def add(self, text: str, *, mark: str, level: int, page: int) -> None:
        """Add an item; ``level`` is how deep it is, from 0."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        indent = min(sum(width for _, width in self._open), _MAX_INDENT)
        self._open.append((level, len(mark) + 1))
        self._page = self._page or page
        first, *others = text.split("\n")
        self._lines.append(f"{' ' * indent}{mark} {first}")
        self._lines += [" " * (indent + len(mark) + 1) + line for line in others]

    def taken(self) -> Draft | None:
        """The list as a block, None if there is none; the next item begins another list."""
        if not self._lines:
            return None
        draft = Draft("list", "\n".join(self._lines), page=self._page)
        self._lines, self._open, self._page = [], [], 0
        return draft
