"""Render lists of formats in which each paragraph has a marker and a level, instead of nested lists."""

from index.readers.base.builder import Draft

_MAX_INDENT = 32


class ListLines:
    """The lines of a list that is not closed yet: marker and text of each item, indented by its level."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._open: list[tuple[int, int]] = []
        self._page = 0

    def add(self, text: str, *, mark: str, level: int, page: int) -> None:
        """Add an item; ``level`` counts from 0."""
        while self._open and self._open[-1][0] >= level:
            self._open.pop()
        indent = min(sum(width for _, width in self._open), _MAX_INDENT)
        self._open.append((level, len(mark) + 1))
        self._page = self._page or page
        first, *others = text.split("\n")
        self._lines.append(f"{' ' * indent}{mark} {first}")
        self._lines += [" " * (indent + len(mark) + 1) + line for line in others]

    def take(self) -> Draft | None:
        """Close the list and return it as a block; None if it has no items."""
        if not self._lines:
            return None
        draft = Draft("list", "\n".join(self._lines), page=self._page)
        self._lines, self._open, self._page = [], [], 0
        return draft
