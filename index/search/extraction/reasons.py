"""Tell whether a sentence gives the reason that a question asks for, or only says again what it asks about.

"USB sticks are no longer permitted." has all words of "Why are USB sticks no longer allowed?", and answers
nothing. Of 229 such questions of SQuAD one is answered by a sentence that shares half of their words and has
none of the signs of a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import regex

from index.answers import Hit
from index.patterns import lazy_pattern
from index.search.extraction.wording import missing_words
from index.text.sentences import Span, sentence_spans

_WHY = lazy_pattern(
    r"^\W*(?:(?:and|but|so|then|und|aber)\W+)?(?:why\b|how\s+come\b|warum\b|wieso\b|weshalb\b)",
    regex.IGNORECASE,
)
_ENGLISH = lazy_pattern(r"\bwhy\b|\bhow\s+come\b", regex.IGNORECASE)
_GIVES = lazy_pattern(
    r"\b(?:because|due\s+to|owing\s+to|thanks\s+to|on\s+account\s+of|so\s+that|in\s+order\s+(?:to|that)|so\s+as\s+to|"
    r"for\s+fear|as\s+a\s+result\s+of|caused\s+by|(?:reasons?|cause)\s+(?:is|was|were|are|for|of|that|why)|"
    r"since(?!\s+(?:the\s+)?(?:\d|then\b|last\b|\p{Lu}))|weil|denn|wegen|aufgrund|infolge|damit|(?:grund|ursache)\s+"
    r"(?:ist|war|dafür|für))\b|,\s+da\b",
    regex.IGNORECASE,
)
_AFTER_REASON = lazy_pattern(
    r"\b(?:therefore|hence|consequently|(?:that|this)\s+is\s+why|for\s+(?:this|that)\s+reason|deshalb|deswegen|"
    r"darum|daher|aus\s+diesem\s+grund)\b|^\W*(?:so|thus)\b",
    regex.IGNORECASE,
)
_MAY_GIVE = lazy_pattern(
    r"\b(?:because|since|due|owing|thanks|so|order|reasons?|caus\w+|therefore|thus|hence|consequently|"
    r"result\w*|led|leads?|leading|lest|after|when|while|until|unless|if(?<!\beven\s+if)|given|account|grounds?|"
    r"respon\w+|prevent\w*|avoid\w*|allow\w*|enabl\w*|mak\w+|made|help\w*|means?|meant|purposes?|fear\w*|"
    r"concern\w*|complain\w*|risk\w*|danger\w*|too|which|who|whose|as|for|to|by|from|through|without|following|"
    r"\w+ing)\b|[;:–—(]",
    regex.IGNORECASE,
)
_REASONS = lazy_pattern(r"\b(?:reasons?|causes?|rationale|motivation|gründe|ursachen?)\b", regex.IGNORECASE)
_CLAUSE = lazy_pattern(r"[,;:]|\b(?:and|und)\b", regex.IGNORECASE)
_END = lazy_pattern(r"[;:.!?]|,\s")
_LEAST_RESTATED = 0.5
"""Least share of a question's words in a sentence that only says again what it asks about."""


@lru_cache(64)
def asks_why(question: str) -> bool:
    """Whether a question asks for a reason."""
    return _WHY.search(question) is not None


def is_of_reason(heading: str, question: str) -> bool:
    """Whether a heading says that the reason follows which a question asks for: "Why texts are cut"."""
    if not asks_why(heading) and _GIVES.search(heading) is None and _REASONS.search(heading) is None:
        return False
    asked = _WHY.sub("", question)
    missing = len(missing_words(heading, asked))
    return missing <= (1 - _LEAST_RESTATED) * len(missing_words("", asked))


def gives_reason(sentence: str, question: str) -> bool:
    """Whether a sentence gives a reason, in words that the question lacks: no "because we moved"."""
    for sign in _GIVES.finditer(sentence):
        end = _END.search(sentence, sign.end())
        if missing_words(question, sentence[sign.end() : end.start() if end is not None else None]):
            return True
    return False


def follows_reason(sentence: str) -> bool:
    """Whether the sentence before it gives its reason: "It therefore moves to June".

    In "The boiler broke, and the trip therefore moves" it is in the sentence itself.
    """
    sign = _AFTER_REASON.search(sentence)
    return sign is not None and _CLAUSE.search(sentence, 0, sign.start()) is None


def only_restates(sentence: str, question: str) -> bool:
    """Whether a sentence only says again of what a question in English asks the reason."""
    if _ENGLISH.search(question) is None or _MAY_GIVE.search(sentence) is not None:
        return False
    asked = _WHY.sub("", question)
    missing = len(missing_words(sentence, asked))
    return missing <= (1 - _LEAST_RESTATED) * len(missing_words("", asked))


def leaves_reason_out(sentence: str, question: str) -> bool:
    """Whether a sentence surely gives no reason: the one before it may, or only words of the question do."""
    if gives_reason(sentence, question):
        return False
    return (
        follows_reason(sentence) or _GIVES.search(sentence) is not None or only_restates(sentence, question)
    )


def span_before(text: str, start: int) -> Span | None:
    """The sentence of its paragraph that ends where another one begins; None if that is the first."""
    begin = max(text.rfind("\n\n", 0, start), 0)
    before = sentence_spans(text, begin, start)
    return before[-1] if before else None


def lacks_reason(text: str, start: int, end: int, question: str) -> bool:
    """Whether ``text[start:end]`` only says again what is asked about, and those beside it give no reason."""
    if not asks_why(question) or not only_restates(text[start:end], question):
        return False
    until = text.find("\n\n", end)
    after = sentence_spans(text, end, until if until >= 0 else len(text))[:1]
    before = span_before(text, start)
    beside = [text[first:last] for first, last in (*after, *([before] if before else []))]
    return not any(_GIVES.search(one) or _AFTER_REASON.search(one) for one in beside)


def hits_lack_reason(hits: Sequence[Hit], at: int, question: str) -> bool:
    """Whether the best sentence of ``hits[at]`` only says again what is asked about, and no lit one says why.

    What stands below a heading such as "Why texts are cut" gives it.
    """
    if not asks_why(question) or not hits[at].evidence:
        return False
    if any(is_of_reason(heading, question) for hit in hits for heading in hit.citation.section[-1:]):
        return False
    lit = [
        (hit, one.start - hit.citation.start, one.end - hit.citation.start)
        for hit in (hits[at], *hits)
        for one in hit.evidence
    ]
    if any(gives_reason(hit.text[start:end], question) for hit, start, end in lit):
        return False
    hit, start, end = lit[0]
    return lacks_reason(hit.text, start, end, question)
