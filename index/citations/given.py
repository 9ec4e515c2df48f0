"""The passages that an answer cites, by its marks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from index.answers import Citation


@dataclass(frozen=True, slots=True)
class Given:
    """Passages by the number of their mark, and those for sentences without marks (none: any passage)."""

    by_mark: Mapping[int, Citation]
    unmarked: Sequence[Citation]

    def knows(self, mark: int) -> bool:
        """Whether a mark names a passage."""
        return mark in self.by_mark

    def cited(self, marks: Iterable[int]) -> list[Citation]:
        """The passages that marks name; without any, those for a sentence without marks."""
        return [self.by_mark[mark] for mark in marks if mark in self.by_mark] or list(self.unmarked)

    @property
    def passages(self) -> list[Citation]:
        """All of them."""
        return list(self.by_mark.values())
