"""Passages, tables and questions about invented facts, whose truth is known exactly."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_SIBLINGS = 0.5
"""Share of the other subjects that have nearly the same name."""
_OF_OTHERS = 0.35
"""Share of the texts without an answer that have what is asked for, but of another subject."""
_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Case:
    """A question about invented facts and the sentences or rows that may answer it."""

    question: str
    title: str
    lines: tuple[str, ...]
    separator: str
    """What stands between two lines."""
    answer: tuple[int, str] | None
    """The line that answers and the words of it, or nothing if none does."""
    kind: str


@cache
def _loaded(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(Path(__file__).with_name(name).read_text("utf-8"))
    return loaded


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(_loaded("tables.yaml")["words"][name]).split(","))


def case(draw: random.Random, *, answered: bool) -> Case:
    """Invent a case, as sentences, as a table or as lines with labels."""
    (form,) = draw.choices((prose, table, labelled), (0.4, 0.35, 0.25))
    return form(draw, answered=answered)


def prose(draw: random.Random, *, answered: bool) -> Case:
    """Invent sentences about one or two subjects, and ask for a fact that they tell or do not tell."""
    topics = _loaded("facts.yaml")
    topic = topics[draw.choice(sorted(topics))]
    subject = _subject(topic, draw)
    other = _sibling(subject, draw) if draw.random() < _SIBLINGS else _subject(topic, draw)
    names = draw.sample(sorted(topic["facts"]), draw.randint(3, min(7, len(topic["facts"]))))
    asked, told = names[0], names[1:]
    if answered:
        told.insert(draw.randrange(len(told) + 1), asked)
    lines, answer = [], None
    for at, name in enumerate(told):
        line, value = _sentence(topic["facts"][name], subject, draw, named=at == 0)
        lines.append(line)
        if name == asked:
            answer = at, value
    if subject != other and draw.random() < 0.4:  # another subject, of which the same fact is told
        line, _ = _sentence(topic["facts"][asked], other, draw, named=True)
        lines.append(line)
    question = draw.choice([part for part in topic["facts"][asked][1:] if part.endswith("?")])
    title = draw.choice(["", "", subject.removeprefix("the ")])
    return Case(question.replace("{s}", subject), title, tuple(lines), " ", answer, "facts")


def _sentence(fact: Sequence[str], subject: str, draw: random.Random, *, named: bool) -> tuple[str, str]:
    value = _value(fact[0], draw)
    ways = [part for part in fact[1:] if not part.endswith("?") and "{v}" in part]
    if named:
        ways = [way for way in ways if "{s}" in way] or [f"Of {{s}}: {ways[0]}"]
    line = draw.choice(ways).replace("{s}", subject).replace("{v}", value)
    return line[0].upper() + line[1:], value


def _subject(topic: dict[str, Any], draw: random.Random) -> str:
    made = str(topic["subject"])
    for kind in ("place", "company", "person", "product", "topic", "building", "event", "service"):
        if f"{{{kind}}}" in made:
            made = made.replace(f"{{{kind}}}", _value(kind, draw))
    return made[0].lower() + made[1:] if made.startswith("The ") else made


def _sibling(subject: str, draw: random.Random) -> str:
    """Another subject whose name differs in one number or one first name, where the name has one."""
    if number := re.search(r"\d+", subject):
        other = str(max(1, int(number[0]) + draw.choice((-1, 1, 2))))
        return subject[: number.start()] + other + subject[number.end() :]
    first, _, rest = subject.partition(" ")
    return f"{draw.choice(_words('first'))} {rest}" if first in _words("first") else subject


def labelled(draw: random.Random, *, answered: bool) -> Case:
    """Invent lines of a label and a value, and ask for one that is there, or for one that is not.

    Sometimes the text is about another subject of the same kind, as its title says.
    """
    forms = _loaded("labels.yaml")
    form = forms[draw.choice(sorted(forms))]
    subject, title = _of_form(form, draw)
    is_of_other = not answered and draw.random() < _OF_OTHERS
    if is_of_other:
        _, title = _of_form(form, draw)
    asked, *others = draw.sample(sorted(form["labels"]), draw.randint(3, min(7, len(form["labels"]))))
    told = [asked, *others] if answered or is_of_other else others
    draw.shuffle(told)
    rows = [_labelled(name, form["labels"][name], draw) for name in told]
    answer = (told.index(asked), rows[told.index(asked)][1]) if answered else None
    question = draw.choice([way for way in form["labels"][asked][1:] if way.endswith("?")])
    separator = "\n" if draw.random() < 0.8 else " "
    shown = title if is_of_other or draw.random() < 0.7 else ""
    lines = tuple(f"{label}: {value}" for label, value in rows)
    return Case(question.replace("{s}", subject), shown, lines, separator, answer, "labels")


def _of_form(form: dict[str, Any], draw: random.Random) -> tuple[str, str]:
    """A subject of lines with labels, and the title of a text about it."""
    values = {kind: _value(kind, draw) for kind in ("day", "topic", "product", "version", "address_line")}
    return str(form["subject"]).format(**values), str(form["title"]).format(**values)


def _labelled(name: str, ways: Sequence[str], draw: random.Random) -> tuple[str, str]:
    """A label, by one of its names, and a value of its kind."""
    label = draw.choice([name, name, *(way for way in ways[1:] if not way.endswith("?"))])
    return label, _value(ways[0], draw)


def table(draw: random.Random, *, answered: bool) -> Case:
    """Invent a table, and ask for a cell that it has, or for a row or a column that it does not have."""
    tables = _loaded("tables.yaml")
    name = draw.choice(sorted(tables["tables"]))
    form = tables["tables"][name]
    columns = draw.sample(sorted(form["columns"]), draw.randint(2, 5))
    if name == "finance":
        columns.sort(reverse=draw.random() < 0.5)
    keys = _distinct(form["row"], draw.randint(2, 7), draw)
    key, column = keys.pop(), columns.pop(draw.randrange(len(columns)))
    missing = draw.choice(("row", "column"))
    if answered or missing == "row":
        columns.insert(draw.randrange(len(columns) + 1), column)
    if answered or missing == "column":
        keys.insert(draw.randrange(len(keys) + 1), key)
    if name == "finance":
        columns.sort(reverse=columns[0] > columns[-1])
    cells = [[_value(form["columns"][one], draw) for one in columns] for _ in keys]
    lines = _rendered(form["key"], columns, keys, cells, draw)
    answer = None
    if answered:
        at = keys.index(key)
        answer = at + len(lines) - len(keys), cells[at][columns.index(column)]
    ways = [*form.get("general", tables["general"]), *form["asked"].get(column, ()) * 3]
    shown = column if column.isupper() or column.isdigit() or draw.random() < 0.2 else column.lower()
    question = draw.choice(ways).replace("{k}", key).replace("{c}", shown)
    title = (
        draw.choice(["", name, f"{name.capitalize()}, {draw.randint(2015, 2024)}"])
        if name != "finance"
        else ""
    )
    return Case(question, title, lines, "\n", answer, "rows")


def _rendered(
    key: str, columns: Sequence[str], keys: Sequence[str], cells: Sequence[Sequence[str]], draw: random.Random
) -> tuple[str, ...]:
    """Render the rows with the names of the columns in each, or below a line of names."""
    if draw.random() < 0.7:
        first = f"{key}: " if key else ""
        return tuple(
            f"{first}{name}; " + "; ".join(f"{c}: {v}" for c, v in zip(columns, row, strict=True))
            for name, row in zip(keys, cells, strict=True)
        )
    rows = [" | ".join([name, *row]) for name, row in zip(keys, cells, strict=True)]
    return " | ".join([key, *columns]).strip(" |"), *rows


def _distinct(kind: str, count: int, draw: random.Random) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found.setdefault(_value(kind, draw))
    return list(found)


def _money(draw: random.Random) -> str:
    amount = draw.choice([draw.uniform(1, 60), draw.uniform(50, 900), draw.uniform(1000, 90_000)])
    ways = (
        f"${amount:,.2f}",
        f"€{amount:,.0f}",
        f"£{amount:,.0f}",
        f"{amount:,.1f} million",
        f"{amount:,.0f} euros",
    )
    return draw.choice(ways)


def _day(draw: random.Random) -> str:
    day, month, year = draw.randint(1, 28), draw.choice(_MONTHS), draw.randint(1998, 2026)
    return draw.choice((f"{day} {month} {year}", f"{month} {day}, {year}", f"{day} {month}"))


def _hours(draw: random.Random) -> str:
    start, end = draw.randint(6, 11), draw.randint(13, 22)
    return draw.choice((f"{start}:00 to {end}:00", f"{start} am to {end - 12} pm", f"{start}.30 to {end}.30"))


def _company(draw: random.Random) -> str:
    return f"{draw.choice(_words('maker'))} {draw.choice(_words('branch'))}"


def _email(draw: random.Random) -> str:
    return f"{draw.choice(_words('last')).lower()}@{draw.choice(_words('maker')).lower()}.example"


def _several(kind: str, draw: random.Random) -> str:
    return ", ".join(dict.fromkeys(_value(kind, draw) for _ in range(draw.randint(2, 5))))


_VALUES: dict[str, Callable[[random.Random], str]] = {
    "address": lambda d: f"10.{d.randint(0, 255)}.{d.randint(0, 255)}.{d.randint(1, 254)}",
    "address_line": lambda d: f"{d.choice(_words('place'))} Street {d.randint(1, 90)}",
    "area": lambda d: f"{d.randint(8, 900)} {d.choice(('m²', 'km²', 'ha'))}",
    "code": lambda d: f"{d.randint(10000, 99999)}",
    "colours": lambda d: _several("colour", d),
    "company": _company,
    "count": lambda d: f"{d.choice((d.randint(11, 99), d.randint(100, 999), d.randint(1000, 90_000))):,}",
    "day": _day,
    "days": lambda d: f"{d.randint(2, 48)} {d.choice(('days', 'weeks', 'months'))}",
    "degrees": lambda d: f"{d.randint(2, 30)} °C",
    "dose": lambda d: f"{d.choice((5, 10, 20, 25, 50, 75, 100, 150, 200, 250, 400, 500, 800))} mg",
    "email": _email,
    "grams": lambda d: f"{d.randint(2, 90) * 10} g",
    "heat": lambda d: f"{d.randint(14, 25) * 10} °C",
    "host": lambda d: f"{d.choice(('db', 'web', 'mail', 'cache', 'build'))}-{d.randint(1, 40):02d}",
    "hours": _hours,
    "hours_long": lambda d: f"{d.randint(2, 36)} hours",
    "length": lambda d: f"{d.randint(2, 400)} {d.choice(('m', 'metres', 'cm', 'feet'))}",
    "minutes": lambda d: f"{d.randint(5, 180)} minutes",
    "model": lambda d: f"{d.choice(_words('maker'))} {d.choice('ABKMRTX')}{d.randint(1, 99)}",
    "money": _money,
    "percent": lambda d: f"{d.randint(1, 60)}%",
    "person": lambda d: f"{d.choice(_words('first'))} {d.choice(_words('last'))}",
    "persons": lambda d: _several("person", d),
    "phone": lambda d: f"555-{d.randint(1000, 9999)}",
    "port": lambda d: f"{d.randint(80, 9999)}",
    "product": lambda d: f"{_value('model', d)} {d.choice(_words('thing'))}",
    "room": lambda d: f"{d.choice('ABCDE')}{d.randint(101, 499)}",
    "seconds": lambda d: f"{d.randint(1, 90)} s",
    "small": lambda d: f"{d.randint(1, 38)}",
    "storage": lambda d: f"{d.choice((2, 4, 8, 16, 32, 64, 100, 250))} {d.choice(('GB', 'TB', 'MB'))}",
    "time": lambda d: f"{d.randint(0, 23)}:{d.randint(0, 59):02d}",
    "university": lambda d: f"the University of {d.choice(_words('place'))}",
    "version": lambda d: f"{d.randint(0, 12)}.{d.randint(0, 30)}.{d.randint(0, 9)}",
    "weight": lambda d: f"{d.randint(1, 90)}.{d.randint(0, 9)} {d.choice(('kg', 'g', 'lb'))}",
    "year": lambda d: str(d.randint(1820, 2024)),
}  # fmt: skip


def _value(kind: str, draw: random.Random) -> str:
    made = _VALUES.get(kind)
    return made(draw) if made else draw.choice(_words(kind))
