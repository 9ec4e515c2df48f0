"""Closed classes of English words by which one tells what a clause denies, plans or counts.

The words are data (``english.json``), in lower case.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

_READ = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def _words(name: str) -> frozenset[str]:
    return frozenset(word for line in _READ[name] for word in line.split())


DENYING = _words("denying")
"""Words other than negations that negate what follows in their clause."""
DENYING_TO = _words("denying_to")
"""The same, with ``to`` behind them; ``declined`` also before what is declined."""
DENYING_PHRASES = {"instead": "of", "rather": "than", "rid": "of", "devoid": "of"}
DECLINING = frozenset(("decline", "declines", "declined"))
NOT_DENYING = _words("not_denying")
"""Words after a negation that cancel it: "not only"."""
LESS = _words("less")
"""Words that may paraphrase a negation."""
PLANNING = _words("planning")
"""Words that mark what follows in their clause as planned or possible, not as a fact."""
PLANNING_TO = _words("planning_to")
"""The same, with ``to`` behind them."""
PLANNED = _words("planned")
"""Words that may paraphrase that something is planned or possible."""

ALL = {word: level for level, line in enumerate(_READ["levels"]) for word in line.split()}
"""Strength of a quantifier: 0 is none, 5 all."""
EXCLUSIVE = _words("exclusive")

DETERMINERS = _words("determiners")
PRONOUNS = _words("pronouns")
SUBJECTS = DETERMINERS | PRONOUNS
"""Function words that begin a subject."""
PREPOSITIONS = _words("prepositions")
JOINING = frozenset(("and", "or", "nor"))
SPLITTING = _words("splitting")
"""Words that begin a clause."""
SPLITTING_SUBJECT = _words("splitting_subject")
"""The same, where a subject and a verb follow."""
ROLES = _words("roles")
"""Words that name somebody or something only within a document, also with a capital: "the Recipient"."""
TIMES = {
    **dict.fromkeys("when while as after once whenever if because since".split(), "then"),
    **dict.fromkeys("before until till".split(), "earlier"),
    "unless": "otherwise",
}
"""Temporal or conditional relation of a clause, by the conjunction that begins it."""
BE = _words("be")
AUXILIARY = BE | frozenset(
    "has have had may might must can could will would shall should does do did having cannot wo ca".split()
)
_IRREGULAR = _words("irregular")
_PAST = re.compile(r"[a-z]{2,}[^e]ed")
_NO_AFFIX = _words("no_affix")
_IN_ENDINGS = (
    "able ible ent ant ive al ous ate ile ect act ular ure id ary ete ain ar inite sane human formal "
    "edible eligible elastic organic ability ibility ence ance ency ancy acy ation"
).split()
_IN_FORMS = tuple(form for ending in _IN_ENDINGS for form in (ending, ending + "ly", ending + "ness"))
_DIS = re.compile(
    r"dis(?:agree|approv|lik|appear|allow|abl|connect|continu|honest|prov|obey|content|pleas|trust|"
    r"proportion|similar|qualif|advantag|courag|satisf|comfort|loyal|order|organi|respect|regard|infect|"
    r"interest|assembl|band|believ|bar|engag|embark|entangl|favo|inclin|integrat|join|mount|orient|own|"
    r"passionate|possess|unit)"
)


def denies(word: str) -> bool:
    """Whether a word in lower case denies its clause without being a negation, as "refuses"."""
    return (word in DENYING and word not in ("without", "cannot", "non")) or word in DENYING_TO


def is_past(word: str) -> bool:
    """Whether a word in lower case has the form of a past tense or participle."""
    return word in _IRREGULAR or _PAST.fullmatch(word) is not None


def negated_base(word: str) -> str:
    """The word that a lower-case word negates by an affix, as ``safe`` for ``unsafe``; empty if none.

    It is a guess: use it only where a text also has the base.
    """
    if word in _NO_AFFIX:
        return ""
    if word.startswith("un") and len(word) > 4:
        return word[2:]
    if word.startswith("non") and len(word) > 6:
        return word[3:]
    if word[:2] in ("in", "im", "il", "ir") and len(word) > 5 and word.endswith(_IN_FORMS):
        return word[2:]
    if _DIS.match(word):
        return word[3:]
    return word[:-4] if word.endswith("less") and len(word) > 6 else ""
