"""Find sentences that only lead to what follows: the question of a FAQ, and a run-in heading.

"Is fuel included?" and "4.3 Bees." have the words of a question asked, and answer nothing: the sentence after
them does. They are read as headings are, and a quote of that sentence begins with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import regex

from index.patterns import lazy_pattern
from index.search.tables.asked import Asked
from index.text.languages import lacks_words
from index.text.sentences import LIST_ITEM, Span, sentence_spans

Names = Callable[[str], bool]
"""Tells whether the question asked has all words of a text, but small ones."""
_LONGEST_QUESTION, _LONGEST_PREFACE, _LONGEST_RUN_IN = 300, 80, 60
_MOST_INDENT = 40
_BEFORE = 400
"""Code points before a sentence in which a question is looked for."""
QUESTION_MARKS = ("?", "？", "؟")
_ENDS_QUESTION = lazy_pattern(r"(?<![?？؟!！])[!！]*+[?？؟][!！?？؟]*+[\p{Pe}\p{Pf}\"'*_]*+$")
_OPENS_SPEECH = "\"'“„«「『‘"
_MAY_RUN_IN = lazy_pattern(r"[^\n.]{1,60}+(?:\.\d++[^\n.]{0,60}+)*+\. ")
"""The beginning of a line that may be a run-in heading."""
_ASKING = (
    r"asks?|asked|wonder(?:s|ed)?|(?:en|in)quire[sd]?|quer(?:y|ies|ied)|(?:want|wish)(?:s|es|ed)?\s+to\s+know|"
    r"would\s+like\s+to\s+know|fragten?|fragt|fragen|wollten?\s+wissen|möchten?\s+wissen|demand(?:e|é|a|ez|ent)|"
    r"pregunt(?:a|ó|an|aron)|chied(?:e|ono)|chiese(?:ro)?|vroeg(?:en)?|vraagt|pergunt(?:a|ou|aram)"
)
_MAY_REPORT = lazy_pattern(rf"\b(?:{_ASKING}|wissen)\b", regex.IGNORECASE)
_ASKING_HEADS = (
    "ask", "wonder", "enquire", "inquire", "quer", "want", "wish", "would", "frag", "wissen", "demand",
    "pregunt", "chied", "chiese", "vroeg", "vraagt", "pergunt",
)  # fmt: skip
"""How begins what this pattern finds: sooner found than the pattern is tried at each place."""
_TELLS_QUESTION = lazy_pattern(
    # Not what a reader is to do: "You must ask whether ...".
    r"[^\w]*+(?:(?!(?:must|should|shall|can|could|may|might|will|please|to|if|when|who|that|not|never|muss|müssen|soll|"
    r"sollen|bitte|nicht|wer|wenn)\b)[\p{L}\p{M}'’.-]++\s++){1,6}"
    rf"(?:{_ASKING}|(?:wollten?|möchten?)\s+(?:[\p{{L}}'’]+\s+){{0,3}}wissen)\b"
    r"(?!\s+(?:for|to|um|nach|pour|por|per|om)\b)[^.;:]{0,60}?,?\s"
    r"(?:whether|if|why|how|when|where|what|who|whom|whose|which|ob|warum|wieso|wie|wann|wo|was|wer|welche[rsnm]?|"
    r"si|pourquoi|comment|quand|où|por\s+qué|cómo|cuándo|dónde|se|perché|come|quando|dove|of|waarom|hoe|wanneer|waar)\b"
    r"[^;:]*+",
    regex.IGNORECASE,
)
"""A sentence that tells what somebody asked."""
_TELLS_MORE = lazy_pattern(
    r"\b(?:told|answer\w*|repl(?:y|ied|ies)|respon\w+|sa(?:ys?|id)|but|because|heard|learnt|learned|nor|neither|"
    r"antwort\w*|sagte[n]?|aber|weil|mais|parce|pero|porque|perché|maar|omdat|mas)\b",
    regex.IGNORECASE,
)
"""In a sentence that tells an answer, too."""
_REPORTS = lazy_pattern(
    r"\b(?:asked|asks|wonder(?:s|ed)|(?:en|in)quire[sd]|queried|(?:wants?|wanted)\s+to\s+know|fragte|fragt|"
    r"gefragt|demandé|demanda|preguntó|pregunta|chiese|chiesto|vroeg|gevraagd|perguntou)\b",
    regex.IGNORECASE,
)
"""In a sentence that tells of a question that somebody asked."""
_ASKS_OF_QUESTIONS = lazy_pattern(
    rf"{_REPORTS.pattern}|\bdid\b.*\bask\b|\bquestions?\b|\bfragen?\b|\bpreguntas?\b|\bdomand[ae]\b|\bvragen\b",
    regex.IGNORECASE,
)
"""A question for a question, or for whoever asked it."""
_OF_QUESTIONS = frozenset(
    "asked asks wonders wondered enquires enquired inquires inquired queried want wants wanted fragte fragt "
    "gefragt demanda pregunta chiese chiesto vroeg gevraagd perguntou did question questions frage fragen "
    "preguntas domanda domande vragen".split()
)
"""Words of which such a question has one, if it is ASCII."""
_ASKS_OF_SPEECH = lazy_pattern(
    r"\b(?:say|says|said|shout\w*|reply|replied|sagt|sagte|dit|dijo|disse|zei)\b", regex.IGNORECASE
)
_BEGINS_QUESTION = lazy_pattern(
    r"(?:[^\w¿]|\d)*+(?:(?:and|but|so|or|then|und|aber|oder|et|mais|ou|y|pero|e|ma|en|maar)\b[,\s]++)?(?:¿|[^\P{L}\p{Latin}]|"
    r"(?:who|whom|whose|what|when|where|why|which|how|is|are|was|were|am|do|does|did|can|could|will|would|shall|"
    r"should|may|might|must|has|have|had|isn't|aren't|don't|doesn't|can't|wer|wen|wem|was|wann|wo|woher|wohin|warum|"
    r"wieso|weshalb|wie|welche[rsnm]?|ist|sind|war|kann|können|darf|dürfen|muss|müssen|gibt|haben|hat|wird|werden|qui|"
    r"que|quoi|quand|où|pourquoi|comment|combien|quel(?:le)?s?|est-ce|chi|che|cosa|quando|dove|perché|come|quant[aeio]|"
    r"quali?|wat|wanneer|waar|waarom|hoe|welke?|mag|kan|quem|onde|por\s+qu[eê]|quais)\b)",
    regex.IGNORECASE,
)
_MARK = lazy_pattern(
    rf"(?:{LIST_ITEM})?\s*(?:(?:[QFPDV]|Question|Frage|Pregunta|Domanda|Vraag)\s*\d*[:.)]\s*)?"
)
_CLAUSE = lazy_pattern(
    r"(?:§\s*\d[\d.]*|\d{1,3}(?:\.\d{1,3})+[.)]?|(?P<item>\(?(?:\d{1,3}|[A-Za-z])[.)]))\s+"
)
_RUN_IN = lazy_pattern(r"\p{Lu}[\p{L}\p{M}'’&,/-]*(?: [\p{L}\p{M}'’&,/-]+){0,4}\.")
_SAYS = frozenset(
    "is are was were be been am has have had do does did can could will would shall should may might "
    "must let see no not none never nor nobody nothing only yes allowed permitted forbidden prohibited "
    "banned required included excluded closed open free welcome optional compulsory mandatory unlimited "
    "abolished i you he she it we they there this these that those one two three four five six seven "
    "eight nine ten ja nein nicht kein keine ist sind war waren hat haben kann darf muss soll wird "
    "werden verboten erlaubt gestattet oui non pas est sont était doit peut interdit autorisé sí es son "
    "está debe puede prohibido è sono deve può vietato nee niet zijn moet mag verboden toegestaan "
    "thanks thank dear hello hi please sorry good".split()
)
"""Words of a sentence that says something, however short it is."""
_MOST_NAMED = 3
"""Most words of a run-in heading that no clause number marks."""
_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+")


@dataclass(frozen=True, slots=True)
class Leads:
    """Tells which sentences only lead to others, for a question asked.

    ``wants_questions`` is whether that asks for questions, or who asked them, and ``wants_speech`` for what
    was said: then these are sentences like any others.
    """

    names: Names
    wants_questions: bool = False
    wants_speech: bool = False

    @staticmethod
    def of(asked: Asked) -> Leads:
        """Read a question."""
        return Leads(
            asked.names,
            not lacks_words(asked.text, _OF_QUESTIONS) and _ASKS_OF_QUESTIONS.search(asked.text) is not None,
            _ASKS_OF_SPEECH.search(asked.text) is not None,
        )

    def is_question(self, text: str, start: int, end: int) -> bool:
        """Whether a sentence is a question to which the text after it may be the answer."""
        return not self.wants_questions and is_question(text, start, end)

    def is_reported_question(self, text: str, start: int, end: int) -> bool:
        """Whether a sentence tells what somebody asked, to which the sentence after it may be the answer."""
        return not (self.wants_questions or self.wants_speech) and is_reported_question(text, start, end)

    def is_spoken_question(self, text: str, start: int, end: int) -> bool:
        """Whether somebody in a story asks: that is no answer, and what follows need not be one."""
        return (
            not (self.wants_questions or self.wants_speech)
            and text[start : start + 1] in _OPENS_SPEECH
            and _ends_question(text, end)
        )

    def is_run_in(self, text: str, start: int, end: int) -> bool:
        """Whether a sentence is a run-in heading."""
        return is_run_in(text, start, end, self.names)


def may_lead(text: str) -> bool:
    """Whether a text may have questions or run-in headings at all: most have none."""
    if any(map(text.__contains__, QUESTION_MARKS)) or _MAY_RUN_IN.match(text):
        return True
    line = text.find("\n") + 1
    while line:
        if _MAY_RUN_IN.match(text, line):
            return True
        line = text.find("\n", line) + 1
    return may_report(text)


def may_report(text: str) -> bool:
    """Whether a text may tell what somebody asked."""
    small = text.lower()
    if len(small) != len(text):
        return _MAY_REPORT.search(text) is not None
    for head in _ASKING_HEADS:
        at = small.find(head)
        while at >= 0:
            if _MAY_REPORT.match(text, at):
                return True
            at = small.find(head, at + 1)
    return False


def is_reported_question(text: str, start: int, end: int) -> bool:
    """Whether a sentence only tells what somebody asked, as in "You asked whether it is free."."""
    if end - start > _LONGEST_QUESTION or text[end - 1] != ".":
        return False
    return _TELLS_QUESTION.fullmatch(text, start, end) is not None and not _TELLS_MORE.search(
        text, start, end
    )


def is_question(text: str, start: int, end: int) -> bool:
    """Whether a sentence is a question that the text asks: none that somebody is told to have asked.

    Within a line it must also begin as a question: "She played in What's Up, Doc?" is none.
    """
    if not _ends_question(text, end) or end - start > _LONGEST_QUESTION or text[start] in _OPENS_SPEECH:
        return False
    if _REPORTS.search(text, start, end):
        return False
    return _begins_line(text, start) or _BEGINS_QUESTION.match(text, start, end) is not None


def is_run_in(text: str, start: int, end: int, names: Names) -> bool:
    """Whether a sentence is a heading in the line of its text, as in "4.3 Bees. Up to three hives ...".

    It is short, and has no verb. Without the number of a clause it names only what the question asked names.
    """
    if end - start > _LONGEST_RUN_IN or text[end - 1] != "." or not _begins_line(text, start):
        return False
    number = _CLAUSE.match(text, start, end)
    begin = number.end() if number else start
    is_followed = end < len(text) and text[end] == " " and text[end + 1 : end + 2].strip() != ""
    if not is_followed or _RUN_IN.fullmatch(text, begin, end) is None:
        return False
    words = _WORD.findall(text[begin:end].casefold())
    if not _SAYS.isdisjoint(words) or question_before(text, start) is not None:
        return False
    is_clause = number is not None and number["item"] is None
    return is_clause or (len(words) <= _MOST_NAMED and names(text[begin : end - 1]))


def question_before(text: str, start: int) -> Span | None:
    """The question just before an offset of a text, with what its line says before it; None without one."""
    tail = text[max(0, start - 8) : start].rstrip()
    if not tail or not _ENDS_QUESTION.search(tail):
        return None
    first = max(0, start - _BEFORE)
    end = first + len(text[first:start].rstrip())
    if text.count("\n", end, start) > 2:
        return None
    spans = sentence_spans(text, max(first, text.rfind("\n\n", first, end) + 1), end)
    if not spans or not is_question(text, *spans[-1]):
        return None
    begin = spans[-1][0]
    if "\n" in text[end:start]:
        begin = min([begin, *(one for one, _ in spans if is_preface(text, one, begin))])
    return begin, end


def lead_before(text: str, start: int, names: Names) -> Span | None:
    """The question just before an offset of a text, or the run-in heading in its line."""
    if (question := question_before(text, start)) is not None:
        return question
    line = text.rfind("\n", 0, start) + 1
    last = line + len(text[line:start].rstrip())
    return (line, last) if line < last and is_run_in(text, line, last, names) else None


def is_preface(text: str, start: int, question: int) -> bool:
    """Whether the line of a question begins with a sentence, as in "It broke. Do I pay?"."""
    return (
        0 < question - start <= _LONGEST_PREFACE
        and _begins_line(text, start)
        and not any(mark in text[start:question] for mark in (*QUESTION_MARKS, "\n"))
    )


def without_mark(question: str) -> str:
    """A question of a text without its number and its label, such as "Q:"."""
    match = _MARK.match(question)
    return question[match.end() :] if match else question


def _ends_question(text: str, end: int) -> bool:
    return _ENDS_QUESTION.search(text[max(0, end - 6) : end]) is not None


def _begins_line(text: str, start: int) -> bool:
    before = text[max(0, start - _MOST_INDENT) : start].rstrip(" \t")
    return not before or before.endswith("\n")
