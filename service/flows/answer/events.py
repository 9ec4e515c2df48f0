"""Events of an answer, in the order in which a stream sends them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from index.answers import Citation
from index.citations import Quoted, StatementVerdict, Verdict
from index.types import Cell

Mode = Literal["extractive", "written"]
Status = Literal["verbatim", "passage", "supported", "contradicted", "unsupported", "unchecked"]
Finish = Literal["stop", "declined", "length", "refusal"]


@dataclass(frozen=True, slots=True)
class Delta:
    """Text that is added to the answer; ``is_refusal`` if a model says with it why it does not answer."""

    text: str
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the answer, ``[start, end)`` of its text in code points, with its marks.

    ``verbatim``: it stands in a document, where ``citation`` says. ``passage``: a line of a passage, shown
    because it is near; it does not answer. The others are verdicts on a sentence that a model wrote,
    with ``reason`` and the verdicts themselves; ``unchecked`` if it claims nothing that can be
    checked. ``part`` is the part of the question that it answers, if that is known. If it ``introduces``, it
    is there because the next one is not understood without it. Of a verbatim row of a table, ``names`` cites
    the line of column names that the text has above it; ``cells`` are its cells, and ``answering`` those that
    answer. ``superseded_by`` are the ids of the documents that supersede that of a verbatim sentence.
    """

    start: int
    end: int
    text: str
    marks: tuple[int, ...]
    status: Status
    reason: str = ""
    probability: float | None = None
    part: int | None = None
    introduces: bool = False
    citation: Citation | None = None
    statement: StatementVerdict | None = None
    quotes: tuple[tuple[Quoted, Verdict], ...] = ()
    names: Citation | None = None
    cells: tuple[Cell, ...] = ()
    answering: tuple[Cell, ...] = ()
    superseded_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a model counted, or words where none was asked."""

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of the answer: ``declined`` if the documents do not say, ``length`` if it was cut off."""

    finish: Finish
    usage: Usage


Event = Delta | Sentence | Finished
