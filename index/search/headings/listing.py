"""Tell whether the headings above a list or a section say all that a question asks for.

"What was added in 2.2.0?" has no word in common with the items below "2.2.0" and "Added". What they answer
stands above them, as the names of a row and a column do in a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import regex

from index.patterns import lazy_pattern
from index.search.question.designations import CONTENT, designations_in
from index.text.languages import language_of_question
from index.text.stop_words import STOP_WORDS

Hashes = Callable[[str], Iterable[int]]
_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+")
_ASKS = lazy_pattern(
    r"\W*(?:(?:and|so|please|in|at|on|for|for the)\s+)?(?:which|what|list|name|show|enumerate|give|tell|"
    r"how\s+(?:do|can|should|to|does|must)|welche\w*|was|wie\s+\w+\s+(?:ich|man|wir)|nenne\w*|"
    r"quel\w*|qu['’e]|comment|qué|cuáles|cómo|quali|che|cosa|come|welke|wat|hoe|quais|o que|como)\b",
    regex.IGNORECASE,
)
_ASKS_OTHERWISE = lazy_pattern(
    r"\bhow\s+(?:many|much|long|often|old|far)\b|\bwhat\s+(?:time|date|day|year|month|number|percentage|price|cost)\b|"
    r"\bwie\s+(?:viele?|lange?|oft|hoch)\b|\bwann\b|\bcombien\b|\bwhy\b|\bwho\b|\bwhen\b|\bwhere\b",
    regex.IGNORECASE,
)
_FAMILIES: dict[str, set[int]] = {}
for _number, _line in enumerate(CONTENT["actions"]):
    for _one in _line.split():
        _FAMILIES.setdefault(_one, set()).add(_number)
_IDLE = frozenset(word for line in CONTENT["idle"] for word in line.split()) | STOP_WORDS["english"]


@dataclass(frozen=True, slots=True)
class AskedSection:
    """What a question for the content of a section says.

    ``words`` are its words, each by its terms and its actions. ``names`` is whether it also has a date, a
    version or a number. ``elsewhere`` are the terms that may stand in any heading: all words of a question
    that names a section or an action, and otherwise only names, as in "How do I clean the Aster 2?".
    """

    words: Sequence[tuple[frozenset[int], frozenset[int]]]
    elsewhere: frozenset[int]
    names: bool
    hashes: Hashes

    @staticmethod
    def of(question: str, hashes: Hashes) -> AskedSection | None:
        """Read a question; None if it asks for something else than what a section has, or negates."""
        if not _ASKS.match(question) or _ASKS_OTHERWISE.search(question):
            return None
        language = language_of_question(question)
        named = [(one.start, one.end) for one in designations_in(question)]
        words, names, every = [], set[int](), set[int]()
        for match in _WORD.finditer(question):
            word = match[0].lower()
            if word in language.negations:
                return None
            if any(start <= match.start() < end for start, end in named):
                continue
            if word in _FAMILIES or not (word in language.asking or word in _IDLE):
                terms = frozenset(hashes(word))
                words.append((terms, frozenset(_FAMILIES.get(word, ()))))
                every |= terms
                if match.start() and not match[0].islower():
                    names |= terms
        if not words and not named:
            return None
        has_actions = any(actions for _, actions in words)
        return AskedSection(words, frozenset(every if named or has_actions else names), bool(named), hashes)

    def is_said_by(self, inner: str, outer: str) -> bool:
        """Whether the heading just above, or those above it, say each word; the former at least one.

        Of a section that is named by its number the former need not say a word.
        """
        has_inner = self.names and not any(actions for _, actions in self.words)
        inner_said, outer_said = self._said(inner), self._said(outer)
        for terms, actions in self.words:
            if terms <= inner_said[0] or actions & inner_said[1]:
                has_inner = True
            elif actions or not terms <= outer_said[0] & self.elsewhere:
                return False
        return has_inner

    def is_done_by(self, label: str, above: str) -> bool:
        """Whether a line tells what was done, by its label, with what the headings above it name."""
        has_actions = any(actions for _, actions in self.words)
        return has_actions and not self.names and len(self.words) > 1 and self.is_said_by(label, above)

    def _said(self, text: str) -> tuple[frozenset[int], frozenset[int]]:
        actions = {one for word in _WORD.findall(text.lower()) for one in _FAMILIES.get(word, ())}
        return frozenset(self.hashes(text)), frozenset(actions)
