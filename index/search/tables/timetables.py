"""Find the first or the last trip in a timetable: "When does the last ferry from Lunga arrive in Skerra?".

Rows are trips, and columns of times are the places where they stop ("Skerra dep.", "Ankunft Lunga"), or say
that they are departures alone. Trips of other days, and those that do not stop there, are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Literal

import regex

from index.patterns import lazy_pattern
from index.search.tables.grid import Row
from index.search.tables.prices import asks_price
from index.search.tables.selection import Selection
from index.text.clock import HALF, HOUR, MINUTE, NOON, minutes_at
from index.text.days import days_asked, days_of

_VEHICLE = (
    "boat boats ferry ferries ship bus buses train trains tram trams coach shuttle flight plane metro tube "
    "sailing crossing departure departures connection schiff fähre boot zug bahn straßenbahn flug abfahrt "
    "verbindung bateau navette traversier car vol départ"
)
_IS_TRIP = lazy_pattern(rf"\b(?:{_VEHICLE.replace(' ', '|')})\b", regex.IGNORECASE)
_MOVES = (
    "leave leaves leaving depart departs go goes going run runs sail sails start starts arrive arrives "
    "arriving arrival reach reaches get gets catch take come comes back return returning stop stops call "
    "calls time clock "
    "wann fährt fahren geht ab an am um der die das von nach kommt ankunft zurück uhr "
    "à quelle quel heure part partir arrive arrivée retour le la les du de pour"
)
"""Words of such questions that no table needs to have."""
_ARRIVES = lazy_pattern(
    r"\b(?:arriv\w+|reach(?:es)?|gets?\s+(?:in|to|back)|ankunft|kommt|arrivée)\b", regex.IGNORECASE
)
_KINDS: dict[str, str] = {
    "dep": "dep departs departure departures depart leaves leave leaving from ab abfahrt abflug dép départ "
    "départs de salida salidas",
    "arr": "arr arrives arrival arrivals arrive arriving to an ankunft arrivée arrivées à llegada llegadas",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_ASKS_AMOUNT = lazy_pattern(
    r"\b(?:how\s+(?:much|many|long|far)|wie\s?(?:viel\w*|lange)|kostet|combien|coûte)\b", regex.IGNORECASE
)
_NO_STOP = lazy_pattern(
    r"[€£$¥]|\b(?:eur|gbp|usd|chf|euros?|(?:price|fare|cost|fee|duration)s?|(?:travel|journey|crossing|sailing|"
    r"transit)\s+time|check[\s-]?in|boarding|bag\s+drop|opens?|closes?|"
    r"(?:fahr)?preise?|tarife?|dauer|(?:fahr|fahrt|reise)(?:dauer|zeit)|einlass|einstieg|gepäckaufgabe|schließt|"
    r"öffnet|prix|tarifs?|durée|temps\s+de\s+(?:trajet|parcours)|embarquement|enregistrement|ouverture|fermeture|"
    r"precios?|tarifas?|duración|embarque|facturación|apertura|cierre)\b",
    regex.IGNORECASE,
)
"""In the name of a column: it has prices, or lengths, or tells what happens before a trip leaves."""
_CLOCK = frozenset(
    "time times clock uhr uhrzeit zeit zeiten heure heures horaire horaires hora horas".split()
)
_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}'’-]+")
_FROM = lazy_pattern(
    r"\b(?:from|leav\w+|depart\w*|ab|von|vom|de|du|depuis|part)\s+(?:the\s+|l[ae]\s+)?\Z", regex.IGNORECASE
)
_TO = lazy_pattern(
    r"\b(?:to|for|towards|reach(?:es)?|(?:arriv\w+|gets?|is|be|back)\s+(?:in|at|on)|nach|zum|zur|à|vers|pour)"
    r"\s+(?:the\s+|l[ae]\s+)?\Z",
    regex.IGNORECASE,
)
_TIME = lazy_pattern(
    rf"{HOUR}(?:(?P<mark>[:.h])\s?{MINUTE})?\s?(?:{HALF})?(?P<clock>\s?(?:uhr|h))?"
    r"(?:\s?[*†‡]|\s?\(?[a-z]\)?)?",
    regex.IGNORECASE,
)
_NONE = frozenset("- – — | .".split())
"""Cells of trips that do not stop there."""
_NIGHT = 4 * 60
"""Minutes after midnight up to which a trip may be one of the day before, after others in the afternoon."""
_DAY = 2 * NOON

Role = Literal["from", "to", "at", ""]


def minutes_of(cell: str) -> int | None:
    """The minutes of a time of day after midnight; None for another cell."""
    match = _TIME.fullmatch(cell.strip())
    if match is None or not (match["minute"] or match["half"] or match["clock"]):
        return None
    return minutes_at(match)


def _may_be_figure(cell: str) -> bool:
    """Whether a time of day is written as an amount is, too: "5.50"."""
    match = _TIME.fullmatch(cell.strip())
    return match is not None and match["mark"] == "." and not (match["half"] or match["clock"])


@dataclass(frozen=True, slots=True)
class _Stop:
    """A column of times: the words of its place, its kind (dep, arr), and what the question says of it."""

    column: int
    place: Sequence[str]
    kind: str
    role: Role


@dataclass(frozen=True, slots=True)
class FoundTrips:
    """The column and the rows of the best trips, and all cells that were compared."""

    column: int
    rows: Sequence[Row]
    used: Sequence[tuple[Row, int]]


@dataclass
class Timetable:
    """A table whose rows may be trips, seen by a question for the first or the last one."""

    table: Selection
    _passed: Sequence[_Stop] = field(init=False, default=())

    def best(self) -> FoundTrips | None:
        """The trips that the question asks for; None if the table does not tell."""
        operation, asked = self.table.operation, self.table.asked.text
        asks_time = _IS_TRIP.search(asked) and not _ASKS_AMOUNT.search(asked) and not asks_price(asked)
        if operation.name not in ("first", "last") or not asks_time:
            return None
        stop = self._measure()
        if stop is None:
            return None
        trips = [row for row in self._trips() if self._time(row, stop.column) is not None]
        if (of_day := self._of_day(trips)) is None:
            return None
        rows, words = of_day
        missing = self.table.asked.terms - self._accounted(words)
        used = [(row, stop.column) for row in rows]
        if missing:
            found = self.table.condition(rows, missing, {one.column for one in self._stops})
            if found is None:
                return None
            rows = [row for row in found[1] if row in rows]
            used = [(row, at) for row in rows for at in (found[0], stop.column)]
        by_time = self._by_time(rows, stop.column)
        times = sorted(by_time, reverse=operation.name == "last")
        if len(times) < operation.nth:
            return None
        return FoundTrips(stop.column, by_time[times[operation.nth - 1]], used)

    @cached_property
    def _stops(self) -> list[_Stop]:
        found: list[_Stop] = []
        unclear = set[int]()
        for column, name in enumerate(self.table.grid.names):
            cells = [self.table.cell(row, column) for row in self.table.grid.rows]
            told = [cell for cell in cells if cell and cell not in _NONE]
            if not told or _NO_STOP.search(name) or not all(minutes_of(cell) is not None for cell in told):
                continue
            words = [word.casefold() for word in _WORD.findall(name)]
            place = [word for word in words if word not in _KIND_OF]
            kind = next((_KIND_OF[word] for word in words if word in _KIND_OF), "")
            one = _Stop(column, place, kind, self._role(place))
            if one.role or kind or self._is_next(column, found):
                found.append(one)
            if not kind and _CLOCK.isdisjoint(words) and any(map(_may_be_figure, told)):
                unclear.add(column)
        if unclear.issuperset(one.column for one in found):
            # Each column is headed by its place alone, or by what has a price.
            return found if any(one.role for one in found) else []
        return [one for one in found if one.role or one.column not in unclear]

    def _is_next(self, column: int, stops: Sequence[_Stop]) -> bool:
        """Whether the times of a column are soon after those of the last stop: lengths and prices are not."""
        rows = self.table.grid.rows if stops else ()
        times = [(self._time(row, stops[-1].column), self._time(row, column)) for row in rows]
        return all((time - before) % _DAY <= NOON for before, time in times if before and time)

    def _role(self, place: Sequence[str]) -> Role:
        """The role of a place in the question: a trip leaves from it, arrives there, or it is only named."""
        if not place:
            return ""
        text = self.table.asked.text
        pattern = r"\s+".join(map(regex.escape, place))
        match = regex.search(rf"(?<!\p{{L}}){pattern}(?!\p{{L}})", text, regex.IGNORECASE)
        if match is None:
            return ""
        before = text[: match.start()]
        return "from" if _FROM.search(before) else "to" if _TO.search(before) else "at"

    def _measure(self) -> _Stop | None:
        """The column whose times are compared."""
        stops, is_arrival = self._stops, _ARRIVES.search(self.table.asked.text) is not None
        starting = [one for one in stops if one.role == "from" or (one.role == "at" and not is_arrival)]
        ending = [one for one in stops if one.role == "to" or (one.role == "at" and is_arrival)]
        origin = next((one for one in starting if one.kind != "arr"), None)
        end = next((one for one in reversed(ending) if one.kind != "dep"), None)
        # Of a table of the way back the places have the other kinds, or another order.
        if (starting and not origin) or (ending and not end):
            return None
        if origin and end and origin.column >= end.column:
            return None
        if len(stops) > 1 and ((origin and origin is stops[-1]) or (end and end is stops[0])):
            return None
        self._passed = [one for one in (origin, end) if one]
        if is_arrival or origin:
            return end if is_arrival else origin
        leaving = [one for one in stops if one.kind == "dep"] or [one for one in stops if not one.kind]
        return leaving[0] if leaving and (end or len(leaving) == 1) else None

    def _trips(self) -> list[Row]:
        """The rows that stop wherever the question says."""
        return [
            row
            for row in self.table.grid.rows
            if all(self._time(row, one.column) is not None for one in self._passed)
        ]

    def _of_day(self, rows: list[Row]) -> tuple[list[Row], str] | None:
        """The trips of the days that the question names, with its words for them; None if nothing tells."""
        days, words = days_asked(self.table.asked.text)
        if not days:
            return rows, ""
        for line in self.table.context.splitlines():
            if own := days_of(line):
                return (rows, words) if days <= own else None
        told = {row.start: self._days(row) for row in rows}
        if not all(told.values()):
            return None
        return [row for row in rows if days <= told[row.start]], words

    def _days(self, row: Row) -> frozenset[int]:
        """The days of a trip, by a cell or the line above its rows; none if nothing tells."""
        rows, text = self.table.grid.rows, self.table.text
        found = (
            days_of(self.table.cell(row, at), (self.table.cell(other, at) for other in rows))
            for at in row.cells
        )
        if days := next(filter(None, found), None):
            return days
        groups = (text[slice(*other.group)] for other in rows if other.group)
        return (row.group and days_of(text[slice(*row.group)], groups)) or frozenset()

    def _accounted(self, days: str) -> frozenset[int]:
        """The words of the question for what it asks, and for the places and days that the table has."""
        places = " ".join(" ".join(one.place) for one in self._stops if one.role)
        said = self.table.asked.words(f"{_VEHICLE} {_MOVES} {places} {days}")
        return self.table.known | said

    def _time(self, row: Row, column: int) -> int | None:
        return minutes_of(self.table.cell(row, column))

    def _by_time(self, rows: Sequence[Row], column: int) -> dict[int, list[Row]]:
        """The trips by their times; those after midnight are of the day before if the rows run over midnight.

        So do rows of the same days and group that go on after midnight, rows of other days that have nothing
        but such trips, and the stops of one trip.
        """
        found: dict[int, list[Row]] = {}
        is_late = False
        for _, some in groupby(rows, lambda row: (row.group, self._days(row))):
            trips = [(row, self._time(row, column) or 0) for row in some]
            is_late &= all(time < _NIGHT for _, time in trips)
            for row, time in trips:
                if time >= _NIGHT:
                    is_late = time >= NOON
                is_next_day = time < _NIGHT and (is_late or self._began_before(row, column, time))
                found.setdefault(time + _DAY * is_next_day, []).append(row)
        return found

    def _began_before(self, row: Row, column: int, time: int) -> bool:
        """Whether a trip stops somewhere before midnight, and at the column after it."""
        return any((self._time(row, one.column) or 0) > time for one in self._stops if one.column < column)
