"""Rank passages anew by what of the question they name: sections, days, editions, numbered names, values.

Scores compare words and vectors, in which "Aster 2" and "Aster 3", or two years of one report, are nearly the
same. These preferences read the first passages of the ranking; most questions need none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from index.protocols import History, Passages
from index.search.headings import weighing
from index.search.headings.days import DaySections
from index.search.headings.editions import AskedEdition
from index.search.headings.sections import NamedSections
from index.search.headings.weighing import Headings
from index.search.question import Query, definitions, numbered_names
from index.search.question.definitions import AskedThing
from index.search.question.numbered_names import NumberedNames
from index.search.ranking.candidates import RankedCandidates
from index.search.tables.asked import Asked
from index.search.tables.operations import operation_of
from index.search.tables.reading import TableReader, has_value, tables_of

_COMPARED_NAMES = 50
"""Passages whose names are compared with those of the question."""
_TABLES, _HAS_VALUE = 8, 8.0
"""Tables of which a question may be computed, and what is added to the logits of passages with its value."""
_TOPIC = 1.0
"""Added to the logits of the passages of the document that the last answer quotes."""


class Preferences:
    """Ranks the passages of one snapshot anew. ``history`` returns the structure of their documents."""

    def __init__(self, passages: Passages, history: History) -> None:
        self._passages = passages
        self._history = history

    def apply(
        self, found: RankedCandidates, query: Query, headings: Headings, asked: Asked
    ) -> RankedCandidates:
        """Apply those that the question asks for; ``headings`` and ``asked`` are what it says of these."""
        if headings.sections is not None:
            found = self._named(found, headings.sections)
        if headings.days is not None:
            found = self._days(found, headings.days)
        if headings.edition is not None:
            found = self._edition(found, headings.edition)
        if (numbered := NumberedNames.of(query.question)) is not None:
            found = self._numbered(found, numbered)
        if (thing := AskedThing.of(query.question)) is not None:
            found = self._defining(found, thing)
        if query.topic:
            found = self._topic(found, query.topic)
        return found if operation_of(query.question) is None else self._computed(found, asked)

    def _named(self, found: RankedCandidates, sections: NamedSections) -> RankedCandidates:
        """Put the passages of the sections first that the question names by a date, version or number."""
        places = self._passages.places(found.candidates.ids)
        logits = [weighing.PASSAGE_LOGITS[standing] for standing in sections.of_passages(places)]
        return _prefer(found, dict(zip([one.id for one in places], logits, strict=True)))

    def _days(self, found: RankedCandidates, days: DaySections) -> RankedCandidates:
        """Put passages below a heading of other days than the question's behind its own."""
        passages = self._passages.passages(found.candidates.ids[:_COMPARED_NAMES])
        standings = days.standings(passages)
        return _prefer(found, {id_: weighing.PASSAGE_LOGITS[of] for id_, of in standings.items()})

    def _topic(self, found: RankedCandidates, document: str) -> RankedCandidates:
        """Prefer the document that the last answer quotes: what refers to that mostly stays in it."""
        places = self._passages.places(found.candidates.ids)
        return _prefer(found, {one.id: _TOPIC for one in places if one.version.document_id == document})

    def _edition(self, found: RankedCandidates, edition: AskedEdition) -> RankedCandidates:
        """Prefer the document of the year that the question names to its twins of other years."""
        passages = self._passages.passages(found.candidates.ids[:_COMPARED_NAMES])
        return _prefer(found, edition.logits(passages, self._passages.whole_texts))

    def _numbered(self, found: RankedCandidates, numbered: NumberedNames) -> RankedCandidates:
        """Prefer passages that name "Aster 2", as the question does, to those that name "Aster 3"."""
        ids = found.candidates.ids[:_COMPARED_NAMES]
        logits = {}
        for one in self._passages.passages(ids):
            text = "\n".join([*one.passage.section, one.text])
            logits[one.id] = numbered_names.PASSAGE_LOGITS[numbered.of_passage(text, title=one.version.title)]
        return _prefer(found, logits)

    def _defining(self, found: RankedCandidates, thing: AskedThing) -> RankedCandidates:
        """Prefer passages with a sentence that says what the thing is which the question asks about."""
        if found.second_look is None:
            return found
        ids = found.candidates.ids[:_COMPARED_NAMES]
        places = {id_: at for at, id_ in enumerate(ids.tolist())}
        logits = {}
        for one in self._passages.passages(ids):
            spans = found.second_look.look(places[one.id]).spans.tolist()
            above = [one.version.title, *one.passage.section]
            kind = thing.of_passage([one.text[start:end] for start, end in spans], above)
            logits[one.id] = definitions.PASSAGE_LOGITS[kind]
        return _prefer(found, logits)

    def _computed(self, found: RankedCandidates, asked: Asked) -> RankedCandidates:
        """Prefer the passage with the value that the first table gives of which the question can be computed.

        A table shares few words with "Which tool is the most expensive per day?", and prose beside it many.
        """
        places = self._passages.places(found.candidates.ids[:_COMPARED_NAMES])
        reader = TableReader(self._passages, self._history, asked)
        reading = reader.read(islice(tables_of(places), _TABLES))
        if reading is None or not reading.value:
            return found
        return _prefer(found, {one.id: _HAS_VALUE for one in places if has_value(one, reading)})


def _prefer(found: RankedCandidates, logits: Mapping[int, float]) -> RankedCandidates:
    """Rank candidates anew by logits of what was read of their passages, by ids; to the others 0 is added."""
    return found.add_to_logits([logits.get(id_, 0.0) for id_ in found.candidates.ids.tolist()])
