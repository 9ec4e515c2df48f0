"""Prefer what a follow-up question adds to a sentence that was just quoted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.search.extraction.wording import is_said, missing_words
from index.search.judged import STRENGTH, JudgedSentence
from index.search.question.aliases import other_names
from index.search.question.contrasts import alike_words
from index.text.languages import language_of, language_of_question
from index.text.tables import table_at
from index.types import Block

_LEAST_SHARE = 0.5
"""Least share of the question's words which the quoted sentence lacks that another one has."""
_REPEATED, _NEW = -8.0, 1.0
"""Added to the strength of a sentence that is not lit because it only repeats the last answer, and to that of
one that names what is asked about instead."""
_MOST_READ = 2000
"""Code points of a passage by which its language is told."""


def prefer_new(
    judged: Sequence[JudgedSentence],
    text: str,
    at: int,
    question: str,
    said: str,
    tables: Sequence[Block] = (),
) -> list[JudgedSentence]:
    """Strengthen sentences of a hit that have what the question adds to the best one, which was just said.

    After "The guarantee is 36 months" the question "Does it cover limescale?" asks for the sentence about
    limescale. ``text`` is the text around them, from offset ``at`` of the document, and ``tables`` are those
    in it.
    """
    best = max(judged, key=STRENGTH, default=None)
    if best is None or not is_said(text[best.start - at : best.end - at], said):
        return list(judged)
    missing = missing_words(f"{text[best.start - at : best.end - at]}\n{_columns(best, tables)}", question)
    if not missing:
        return list(judged)

    def is_new(one: JudgedSentence) -> bool:
        own = text[one.start - at : one.end - at]
        lacks = len(missing_words(own, " ".join(missing)))
        return lacks <= (1 - _LEAST_SHARE) * len(missing) and not is_said(own, said)

    # Above the best one, in their order.
    return [
        one._replace(strength=best.strength + 1 / (1 + best.strength - one.strength)) if is_new(one) else one
        for one in judged
    ]


def _columns(one: JudgedSentence, tables: Sequence[Block]) -> str:
    """The names of the columns of a row."""
    of = table_at(tables, one.start) if one.is_row else None
    return "" if of is None or of.columns is None else "\n".join(of.columns.names)


@dataclass(frozen=True, slots=True)
class NewThing:
    """What a follow-up question asks about instead of what was answered: "students" of "And for students?".

    ``words`` are its words, each with those that mean the same. A name is only where all of them are.
    """

    words: Sequence[Sequence[str]]
    others: Sequence[str]
    is_name: bool
    language: str

    @staticmethod
    @lru_cache(64)
    def of(new: str, question: str) -> NewThing | None:
        """That of a question; None if it asks about nothing else."""
        words = missing_words("", new)
        if not words:
            return None
        is_name = all(word[0].isupper() or word[0].isdigit() for word in new.split())
        alike = [alike_words(word) for word in words]
        return NewThing(alike, list(other_names(new)), is_name, language_of_question(question).name)

    def is_in(self, text: str) -> bool:
        """Whether a text has it, in any form."""
        found = [any(not missing_words(text, one) for one in alike) for alike in self.words]
        return (all if self.is_name else any)(found) or any(
            not missing_words(text, one) for one in self.others
        )

    def is_lacked_by(self, text: str) -> bool:
        """Whether a passage with its headings tells of something else; in another language it may name it."""
        return not self.is_in(text) and language_of(text[:_MOST_READ]).name == self.language

    def weigh(
        self,
        judged: Sequence[JudgedSentence],
        text: str,
        at: int,
        above: str,
        said: str,
        tables: Sequence[Block] = (),
    ) -> list[JudgedSentence]:
        """Weaken sentences that were just said, strengthen those that name it. ``above`` are the headings.

        A row of one of the ``tables`` names what its columns do: of "Cash | 200 | 500", which was said,
        another cell may answer.

        "Pensioners pay 9 euros", said before, does not answer "And for students?".
        """
        is_above = self.is_in(above)

        def weight(one: JudgedSentence) -> float:
            own = text[one.start - at : one.end - at]
            if self.is_in(f"{own}\n{_columns(one, tables)}"):
                return _NEW
            return _REPEATED if not is_above and is_said(own, said) else 0.0

        return [one._replace(strength=one.strength + weight(one)) for one in judged]
