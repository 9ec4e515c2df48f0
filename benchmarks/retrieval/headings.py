"""Questions that name a section by its heading: ``python -m benchmarks.retrieval.headings``.

Changelogs, minutes, contracts, courses and instructions are made by rule, each in four formats. What tells
their sections apart stands in the headings alone: a version, a date, a number. ``first``: the first sentence
of the answer is the one asked for, or has the whole list. ``declined``: of questions for a section that is
not there, the share that is declined. ``steps``: of instructions, the share quoted whole and in order.
"""

from __future__ import annotations

import html
import io
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import docx

from benchmarks import sets
from benchmarks.proportions import proportion
from benchmarks.retrieval.answers import LEAST
from evaluation.measures import Estimate
from index.collection import Collection
from index.config import LibraryConfig
from index.ingest import Source
from index.library import Library
from index.search.extraction import Extract, divide_question, extract_answer
from index.sources import put_all

FORMATS = ("md", "html", "txt", "docx")
SEED = 41
_MOST = 3
_PRODUCTS = "Brightleaf Corvane Dunmere Eskil Farrow Glenmoor".split()
_THINGS = (
    "export of tables as CSV;a dark colour scheme;search by author;undo for deleted rows;a map of all sites;"
    "reminders by mail;import from calendars;a printed summary;keyboard shortcuts;comments on drawings;"
    "filters by region;an offline mode;labels in colour;a chart of the week;sharing by link;"
    "two-step login;a list of recent files;automatic backups;voice notes;a scale for weights"
).split(";")
_RESOLUTIONS = (
    "The car park is closed on Sundays.;Nora Falk becomes treasurer.;The fee rises to 45 euros.;"
    "The old pump is sold.;A second coach is hired.;The summer party takes place at the lake.;"
    "The roof of the boat house is repaired.;New tables are bought for the kitchen.;"
    "The newsletter appears every two months.;The gate is painted green.;Guests pay eight euros.;"
    "The archive moves to the cellar."
).split(";")
_DUTIES = (
    "The carrier insures the goods against fire.;The tenant clears the path of snow.;"
    "The supplier keeps spare parts for ten years.;Either side may end the contract within six weeks.;"
    "The price is reviewed every spring.;Disputes are settled by the court of Lunden.;"
    "The keys are returned on the last day.;Samples are kept for ninety days.;"
    "The work begins at seven in the morning.;Subcontractors need written consent."
).split(";")
_TASKS = (
    (
        "replace the filter",
        "Switch the unit off.;Open the flap at the back.;Pull the old frame out.;"
        "Push the new one in until it clicks.;Press reset for five seconds.",
    ),
    (
        "reset the controller",
        "Hold both buttons.;Wait for the red light.;Release the left button first.;"
        "Enter the code from the label.",
    ),
    (
        "clean the burner",
        "Let everything cool down.;Lift the grid off.;Soak the ring in warm water.;Brush the holes gently.;"
        "Dry it with a cloth.;Put the grid back.",
    ),
    ("pair the remote", "Insert two batteries.;Stand near the lamp.;Press the star key twice."),
)
_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a level, from 1, and what is below it: sentences, items of a list, or numbered steps."""

    level: int
    heading: str
    sentences: Sequence[str] = ()
    items: Sequence[str] = ()
    steps: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the documents: all texts that the first sentence has; none if it is to be declined."""

    question: str
    expected: Sequence[str]
    is_steps: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A document as its sections, the first of which is the title, and questions to it."""

    name: str
    sections: Sequence[Section]
    asked: Sequence[Asked]


def documents() -> list[Made]:
    """All documents, the same ones each time."""
    draw = random.Random(SEED)
    made = [*_changelogs(draw), *_minutes(draw), *_diaries(draw), *_contracts(draw), *_instructions(draw)]
    return [*made, *_courses(draw)]


def _changelogs(draw: random.Random) -> Iterator[Made]:
    styles = ("{version} - {date}", "[{version}] ({date})", "Version {version}", "v{version}, {date}")
    for at, product in enumerate(_PRODUCTS):
        things = draw.sample(_THINGS, len(_THINGS))
        versions = [f"{at + 1}.{minor}.{draw.randrange(3)}" for minor in range(4)]
        sections, asked = [Section(1, f"Changelog of {product}")], []
        for number, version in enumerate(reversed(versions)):
            date = f"2023-{9 - number:02}-{draw.randrange(1, 28):02}"
            sections.append(Section(2, styles[at % len(styles)].format(version=version, date=date)))
            own = things[5 * number : 5 * number + 5]
            sections.append(Section(3, "Added", items=own[:2]))
            sections.append(Section(3, "Removed", items=own[2:3]))
            sections.append(Section(3, "Fixed", items=[f"Faults in {one}" for one in own[3:]]))
            asked.append(Asked(f"What was added in {product} {version}?", own[:2]))
            asked.append(Asked(f"What was fixed in version {version} of {product}?", own[3:]))
        asked.append(Asked(f"What was added in {product} {at + 1}.7.0?", ()))
        asked.append(Asked(f"What was removed in {product} {at + 1}.9.1?", ()))
        yield Made(f"changes-{product.lower()}", sections, asked)


def _minutes(draw: random.Random) -> Iterator[Made]:
    for at in range(6):
        month, day = _MONTHS[at + 2], draw.randrange(3, 28)
        decided = draw.sample(_RESOLUTIONS, 3)
        rejected = draw.choice([one for one in _RESOLUTIONS if one not in decided])
        date = f"{day} {month} 2022" if at % 2 else f"{month} {day}, 2022"
        sections = [
            Section(1, f"Minutes of the rowing club, {date}", ("Present were all members but two.",)),
            Section(2, "1. Decisions" if at % 3 else "Decisions", items=decided),
            Section(2, "2. Rejected proposals" if at % 3 else "Rejected", items=[rejected]),
        ]
        asked = [
            Asked(f"What was decided on {day} {month} 2022?", decided),
            Asked(f"Which decisions were made on {month} {day}, 2022?", decided),
            Asked(f"What did the rowing club decide on {day} {month}?", decided),
            Asked(f"What was decided on {day} {month} 2021?", ()),
            Asked(f"Which decisions were made on {day + 1} {month} 2022?", ()),
        ]
        yield Made(f"club-{at}", sections, asked)


def _diaries(draw: random.Random) -> Iterator[Made]:
    """Several meetings in one document."""
    for at in range(3):
        sections, asked = [Section(1, f"Meetings of the parish council {('A', 'B', 'C')[at]}")], []
        months = draw.sample(_MONTHS, 4)
        for number, month in enumerate(months):
            day, own = draw.randrange(1, 28), draw.sample(_RESOLUTIONS, 3)
            heading = (f"{day} {month} 2019", f"2019-{_MONTHS.index(month) + 1:02}-{day:02}", f"{month} 2019")
            sections.append(Section(2, heading[at], ("Decided:",), items=own))
            when = f"in {month} 2019" if at == 2 else f"on {day} {month} 2019"
            asked.append(Asked(f"What did the parish council {('A', 'B', 'C')[at]} decide {when}?", own))
            if not number:
                asked.append(
                    Asked(f"What did parish council {('A', 'B', 'C')[at]} decide in {month} 2017?", ())
                )
        yield Made(f"council-{at}", sections, asked)


def _contracts(draw: random.Random) -> Iterator[Made]:
    nouns = ("Article", "Section", "§", "Clause", "Chapter", "Part")
    for at, noun in enumerate(nouns):
        duties = draw.sample(_DUTIES, 6)
        place = _PRODUCTS[at]
        sections = [Section(1, f"Contract for the works at {place}")]
        sections += [Section(2, f"{noun} {n}", (duty,)) for n, duty in enumerate(duties, 1)]
        asked = [
            Asked(f"What does {noun} {n} of the contract for {place} say?", duties[n - 1 : n])
            for n in (2, 3, 5)
        ]
        asked.append(Asked(f"What does {noun} 9 of the contract for {place} say?", ()))
        yield Made(f"contract-{at}", sections, asked)


def _instructions(draw: random.Random) -> Iterator[Made]:
    for at, product in enumerate(_PRODUCTS[:3]):
        sections, asked = [Section(1, f"{product} user guide")], []
        for number, (task, written) in enumerate(draw.sample(_TASKS, len(_TASKS))):
            steps = written.split(";")
            heading = (f"How do I {task}?", f"To {task}", task.capitalize())[at]
            note = f"Never {task} while a child is near."
            sections.append(Section(2, heading, (note,) if number % 2 else (), steps=steps))
            ask = (f"How do I {task} of the {product}?", f"How to {task} ({product})", f"How can I {task}?")
            asked.append(Asked(f"{ask[number % 3]}", steps, is_steps=True))
        yield Made(f"guide-{product.lower()}", sections, asked)


def _courses(draw: random.Random) -> Iterator[Made]:
    for noun in ("Week", "Lesson"):
        own = draw.sample(_THINGS, 6)
        sections = [Section(1, f"Course in drawing, by {noun.lower()}")]
        sections += [Section(2, f"{noun} {n}", (f"We practise {one}.",)) for n, one in enumerate(own, 1)]
        asked = [Asked(f"What is practised in {noun.lower()} {n}?", own[n - 1 : n]) for n in (1, 4, 6)]
        asked.append(Asked(f"What is practised in {noun.lower()} 8?", ()))
        yield Made(f"course-{noun.lower()}", sections, asked)


def source(one: Made, format_: str) -> Source:
    """A document in a format."""
    content = {"md": _markdown, "html": _page, "txt": _plain, "docx": _word}[format_](one.sections)
    return Source(f"{one.name}.{format_}", content, f"{one.name}.{format_}")


def _blocks(section: Section) -> Iterator[str]:
    yield from section.sentences
    if section.items:
        yield "\n".join(f"- {one}" for one in section.items)
    if section.steps:
        yield "\n".join(f"{n}. {one}" for n, one in enumerate(section.steps, 1))


def _markdown(sections: Sequence[Section]) -> bytes:
    blocks = [text for one in sections for text in (f"{'#' * one.level} {one.heading}", *_blocks(one))]
    return "\n\n".join(blocks).encode()


def _plain(sections: Sequence[Section]) -> bytes:
    return "\n\n".join(text for one in sections for text in (one.heading, *_blocks(one))).encode()


def _page(sections: Sequence[Section]) -> bytes:
    def listed(tag: str, items: Sequence[str]) -> str:
        return f"<{tag}>{''.join(f'<li>{html.escape(one)}</li>' for one in items)}</{tag}>" if items else ""

    body = "".join(
        f"<h{one.level}>{html.escape(one.heading)}</h{one.level}>"
        + "".join(f"<p>{html.escape(text)}</p>" for text in one.sentences)
        + listed("ul", one.items)
        + listed("ol", one.steps)
        for one in sections
    )
    title = html.escape(sections[0].heading)
    head = f"<!doctype html><html lang='en'><head><title>{title}</title></head>"
    return f"{head}<body>{body}</body></html>".encode()


def _word(sections: Sequence[Section]) -> bytes:
    file = docx.Document()
    for one in sections:
        file.add_heading(one.heading, one.level - 1)
        for text in one.sentences:
            file.add_paragraph(text)
        for item in one.items:
            file.add_paragraph(item, style="List Bullet")
        for step in one.steps:
            file.add_paragraph(step, style="List Number")
    kept = io.BytesIO()
    file.save(kept)
    return kept.getvalue()


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question, what stands first in its answer, and whether that is right."""

    format: str
    asked: Asked
    first: str
    probability: float
    is_right: bool


def ask(collection: Collection, question: str) -> tuple[Extract, float]:
    """The extractive answer, and its probability."""
    answer = collection.ask(question)
    with collection.archive.resolution() as resolution:
        parts = divide_question(question)[:1]
        return extract_answer(resolution, parts, [answer], most=_MOST, least=LEAST), answer.answerability


def is_right(one: Asked, first: str) -> bool:
    """Whether a first sentence has all that is expected, in its order; empty if nothing is."""
    if not one.expected:
        return not first
    places = [first.find(text) for text in one.expected]
    return -1 not in places and places == sorted(places)


def outcomes(data: Path, formats: Sequence[str] = FORMATS) -> list[Outcome]:
    """Ask all questions of the documents of each format."""
    made, found = documents(), []
    with Library(data, embedder=sets.embedder(), config=LibraryConfig()) as library:
        for format_ in formats:
            collection = library.open(f"headings-{format_}", create=True)
            for _ in put_all(collection, [source(one, format_) for one in made]):
                pass
            for asked in (asked for one in made for asked in one.asked):
                extract, probability = ask(collection, asked.question)
                first = extract.opening
                found.append(Outcome(format_, asked, first, probability, is_right(asked, first)))
    return found


def figures(found: Sequence[Outcome]) -> Mapping[str, Estimate]:
    """The shares that are right."""
    groups = {
        "first": [one for one in found if one.asked.expected and not one.asked.is_steps],
        "steps": [one for one in found if one.asked.is_steps],
        "declined": [one for one in found if not one.asked.expected],
    }
    for format_ in FORMATS:
        groups[f"first_{format_}"] = [one for one in groups["first"] if one.format == format_]
    return {name: proportion(sum(one.is_right for one in some), len(some)) for name, some in groups.items()}


def study() -> Mapping[str, Estimate]:
    """The figures, of collections in a folder of their own."""
    with TemporaryDirectory() as folder:
        return figures(outcomes(Path(folder)))


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        every = outcomes(Path(folder))
    for one in every:
        if not one.is_right:
            print(f"{one.format:5}{one.probability:.2f} {one.asked.question} | {one.first[:90]!r}")
    for name, figure in figures(every).items():
        print(f"{name}: {figure.value:.3f} of {figure.questions}")
