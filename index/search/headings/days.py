"""Prefer what stands below the heading of a day that the question names: "Saturdays, from Harwick".

The tables of a timetable, and the days of a programme, share all words but those of their headings; and "on a
weekday" shares none with "Monday to Friday".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from index.patterns import lazy_pattern
from index.records import PlacedPassage, StoredPassage
from index.search.question.designations import Standing
from index.text.days import days_asked, days_of

_END = lazy_pattern(r"\s*(?:[,:(]|\s[-–—]\s|\d)")
"""The end of the days of a heading: "Saturday 19 October"."""
_LONGEST = 80
_SEVERAL = 2
"""Headings with days from which they divide a document; one alone may say when it was written."""
Days = frozenset[int]


class DaySections:
    """The days that a question names, and the headings with days of the documents that were found."""

    def __init__(self, asked: Days) -> None:
        self._asked = asked
        self._headings: dict[int, set[Days]] = defaultdict(set)

    @staticmethod
    def of(question: str) -> DaySections | None:
        """Those of a question; None if it names no day."""
        asked, _ = days_asked(question)
        return DaySections(asked) if asked else None

    def standings(self, passages: Sequence[StoredPassage]) -> Mapping[int, Standing]:
        """Tell of each passage below a heading with days whether they are those that are asked for, by id.

        One that itself names one of the days is not below other ones.
        """
        for one in passages:
            self._headings[one.version.key].update(filter(None, map(days_of_heading, one.passage.section)))
        found = {one.id: self.standing(one) for one in passages}
        for one in passages:
            if found[one.id] == "other" and self.names(one.text):
                found[one.id] = "open"
        return found

    def standing(self, passage: PlacedPassage | StoredPassage) -> Standing:
        """The same of one passage, by the headings of all those that were told apart before."""
        if len(self._headings.get(passage.version.key, ())) < _SEVERAL:
            return "open"
        for heading in reversed(passage.passage.section):
            if days := days_of_heading(heading):
                if days & self._asked:
                    return "named" if days >= self._asked else "open"
                return "other"
        return "open"

    def names(self, text: str) -> bool:
        """Tell if a text itself names one of the days."""
        return not self._asked.isdisjoint(days_asked(text)[0])


def days_of_heading(heading: str) -> Days:
    """The days with which a heading begins; none if it begins with anything else."""
    ends = [match.start() for match in _END.finditer(heading[:_LONGEST])]
    for end in (len(heading), *reversed(ends)):
        if found := days_of(heading[:end]):
            return found
    return frozenset()
