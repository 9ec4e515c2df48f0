"""Tell what a mail quotes of older mails, put what its newer part says before that, and its date behind.

A reply quotes the proposal that it settles: "> My idea is Friday", below "We go on Saturday". The older
part often has more of the question's words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import regex

from index.answers import Evidence, Hit
from index.patterns import lazy_pattern
from index.search.extraction.wording import missing_words
from index.search.judged import STRENGTH, JudgedSentence
from index.search.question.wanted import Wanted
from index.text.sentences import Span

_MAILBOX = "application/mbox"
_MAIL = frozenset(("message/rfc822", "application/vnd.ms-outlook", _MAILBOX))
_TEXT = "text/plain"
"""Mails are stored as text, too."""
_SAID = r"(?:wrote|schrieb|a\s+écrit|escribió|ha\s+scritto|escreveu|schreef|napisał\w*|skrev|пишет|писал\w*)"
_ORIGINAL = (
    "Original Message|Forwarded Message|Original-Nachricht|Ursprüngliche Nachricht|Weitergeleitete Nachricht|"
    "Message d['’]origine|Message transféré|Mensaje original|Mensaje reenviado|Messaggio originale|"
    "Messaggio inoltrato|Mensagem original|Mensagem encaminhada|Oorspronkelijk bericht|Doorgestuurd bericht"
)
_FORWARDED = (
    "Begin forwarded message|Anfang der weitergeleiteten (?:Nachricht|E-Mail)|"
    "Début du message (?:réexpédié|transféré)|Inicio del mensaje reenviado|Inizio messaggio inoltrato"
)
_ON = r"(?:On|Am|Le|El|Il|Em|Op|Den|W dniu)\s"
_END = r"[^\n]{0,80}:[^\S\n]*$"
_WROTE = lazy_pattern(
    # "On Tue, 14 May 2024 at 10:00, Paul Kern <paul@corda.example> wrote:", also in two lines.
    rf"^[> ]*+{_ON}(?=[^\n]*\d)[^\n]{{5,200}}(?:\n[> ]*+[^\n]{{0,80}})?\b{_SAID}\b{_END}"
    # "Paul Kern wrote:" above lines with the sign, and "paul@corda.example wrote on 14 May 2024:".
    rf"|^[> ]*+[^\n]{{3,200}}\b{_SAID}\b{_END}(?=\n(?:[^\S\n]*\n)?[^\S\n]*>)"
    rf"|^[> ]*+(?=[^\n]*[\d@])[^\n]{{0,200}}"
    rf"(?:\S@\S[^\n]{{0,80}}\b{_SAID}|\b{_SAID}\s(?:on|am|le|el|il|em|op)\s){_END}"
    rf"|^[> ]*+[-_]{{2,}}[^\S\n]*(?:{_ORIGINAL})[^\S\n]*[-_]{{2,}}[^\S\n]*$"
    rf"|^[> ]*+(?:{_FORWARDED})[^\S\n]?:[^\S\n]*$"
    # "From: Paul Kern", and "Sent: ..." below it.
    r"|^[> *]*+(?:From|Von|De|Da|Van)[*]?[^\S\n]?:[^\n]+?(?:[^\S\n][*]?|\n\n?(?:[^\n]+\n)?[> *]*+)"
    r"(?:Sent|Gesendet|Envoyé|Enviado(?: el)?|Enviada em|Inviato|Verzonden)[*]?[^\S\n]?:",
    regex.IGNORECASE | regex.MULTILINE,
)
"""The line above what is quoted of an older mail."""
_OWN_FIELDS = lazy_pattern(r"^From: [^\n]*\n(?:To: [^\n]*\n)?(?:Cc: [^\n]*\n)?Date: ", regex.MULTILINE)
"""What begins each message of a mailbox."""
_QUOTED_LINE = lazy_pattern(r"^[^\S\n]*>", regex.MULTILINE)
_SIGNS = lazy_pattern(r"\s*+(?:>\s*+)+")
_HEAD = lazy_pattern(
    r"(?:From|To|Cc|Date|Sent|Subject|Attachments|Von|An|Gesendet|Betreff|Datum|De|À|Objet|Envoyé|"
    r"Asunto|Enviado)\s?: "
)
_DATE_FIELD = lazy_pattern(r"\W{0,3}(?:Date|Sent|Gesendet|Datum|Envoyé|Enviado|Inviato|Verzonden)\s?: ")
_OF_MAIL = lazy_pattern(
    r"\b(?:e-?)?mails?\b|\b(?:messages?|newsletters?|letters?|issues?|notices?|writ(?:e|es|ing|ten)|wrote|sen[dt]s?|"
    r"sending|dated|repl(?:y|ies|ied)|answer\w*|forward\w*|announce\w*|nachricht\w*|rundbrief\w*|briefe?s?|"
    r"schr[ei]{2}b\w*|geschrieben|gesendet|geschickt|antwort\w*|courriel|courrier|écrit\w*|envoy\w*|"
    r"correo|carta|escri\w+|envi\w+|mensaje)\b",
    regex.IGNORECASE,
)
"""A question that may ask for the day on which a mail was sent."""
_DAY_SENT = -4.0
"""Added to the strength of the field with it in other questions: a date stands there, and no text."""
_PLAIN_CUES = ("\n>", "-----", "\nSent", "\nGesendet", "\nEnvoy", "\nEnviad", "\nInviato", "\nVerzonden")
"""One of these is in a text that may quote a mail: most texts have none, and nothing else is looked for."""
_CUES = (*_PLAIN_CUES, ":\n", ": \n", "*Sent", "___")
_AROUND = 20_000
"""Code points on each side of a hit in which a line is looked for that says what is older."""
_TOP = 200
"""Code points in which the fields of a message are that was saved as text."""
_MOST_LESS = 4.0
"""The most by which a newer sentence is weaker that is put before an older one."""
_OLDER = -2.5
"""Added to the strength of older sentences below a newer one about the same."""


@dataclass(frozen=True, slots=True)
class QuotedMail:
    """What a text quotes of older mails, near a part of it.

    Its lines have the sign for it; or all lines have it from ``begin`` on, where a line says so that ends at
    ``marked``, if none below that has the sign.
    """

    text: str
    is_mail: bool
    begin: int
    marked: int
    has_signs: bool

    @staticmethod
    def of(text: str, span: Span, media_type: str) -> QuotedMail | None:
        """That around a part; None if there is none, or the document cannot be a mail."""
        is_mail = media_type in _MAIL
        if not is_mail and media_type != _TEXT:
            return None
        start, end = max(0, span[0] - _AROUND), min(len(text), span[1] + _AROUND)
        for cue in _CUES if is_mail else _PLAIN_CUES:
            if text.find(cue, start, end) >= 0:
                break
        else:
            return None
        if media_type == _MAILBOX:
            fields = [one.start() for one in _OWN_FIELDS.finditer(text, start, end)]
            start = max((one for one in fields if one <= span[0]), default=start)
            end = min((one for one in fields if one >= span[1]), default=end)
        marker = _WROTE.search(text, start, end)
        if marker is not None and not is_mail and _begins(text, marker):
            marker = _WROTE.search(text, marker.end(), end)
        if marker is None:
            return QuotedMail(text, is_mail, end, end, has_signs=True) if is_mail else None
        has_signs = _QUOTED_LINE.search(text, marker.end(), end) is not None
        return QuotedMail(text, is_mail, marker.start(), marker.end(), has_signs)

    def has(self, start: int) -> bool:
        """Whether what begins at an offset of the text was quoted of an older mail."""
        if _QUOTED_LINE.match(self.text, self.text.rfind("\n", 0, start) + 1) is not None:
            return self.is_mail or start >= self.begin
        return start >= self.begin and not (self.has_signs and start >= self.marked)

    def newer_first(self, judged: Sequence[JudgedSentence], at: int, question: str) -> list[JudgedSentence]:
        """Give a newer sentence about the same the strength of the best one, if that is an older one.

        The text is from offset ``at`` of the document.
        """
        best = max(judged, key=STRENGTH, default=None)
        if best is None or not self.has(best.start - at):
            return list(judged)
        older = {one for one in judged if self.has(one.start - at)}
        said = self.text[best.start - at : best.end - at]

        def settles(one: JudgedSentence) -> bool:
            is_near = one not in older and one.strength >= best.strength - _MOST_LESS
            return is_near and is_about_the_same(self.text[one.start - at : one.end - at], said, question)

        first = max(filter(settles, judged), key=STRENGTH, default=None)
        if first is None:
            return list(judged)
        weights = {first: best.strength} | {one: one.strength + _OLDER for one in older}
        return [one._replace(strength=weights.get(one, one.strength)) for one in judged]

    def mark(self, lit: Sequence[Evidence], at: int) -> tuple[Evidence, ...]:
        """Mark the evidence that was quoted of older mails, each from behind its signs for that."""
        return tuple([self._mark(one, at) if self.has(one.start - at) else one for one in lit])

    def _mark(self, one: Evidence, at: int) -> Evidence:
        signs = _SIGNS.match(self.text, one.start - at, one.end - at)
        start = one.start if signs is None else at + signs.end()
        return replace(one, start=start if start < one.end else one.start, is_older=True)


def _begins(text: str, marker: regex.Match[str]) -> bool:
    """Whether the fields of a message are the first of a text, above its newest part."""
    is_first = marker.start() <= _TOP and "\n\n" not in text[: marker.start()].strip()
    return is_first and _HEAD.match(marker[0].lstrip("> *")) is not None


def _lower_date_sent(
    judged: Sequence[JudgedSentence], text: str, at: int, question: str
) -> list[JudgedSentence]:
    """Lower the field that tells when a mail was sent, unless the question may ask for that.

    The text is from offset ``at`` of the mail.
    """
    if _OF_MAIL.search(question) is not None:
        return list(judged)
    return [
        one._replace(strength=one.strength + _DAY_SENT)
        if _DATE_FIELD.match(text, one.start - at, one.end - at)
        else one
        for one in judged
    ]


def weigh_mail(
    judged: list[JudgedSentence], text: str, at: int, span: Span, media_type: str, question: str
) -> list[JudgedSentence]:
    """Put what a mail says before what it quotes, and before the day on which it was sent.

    The text is from offset ``at`` of the document, and the sentences are in a ``span`` of it.
    """
    if media_type in _MAIL:
        judged = _lower_date_sent(judged, text, at, question)
    quoted = QuotedMail.of(text, span, media_type)
    return judged if quoted is None else quoted.newer_first(judged, at, question)


def is_later(hit: Hit, than: Hit) -> bool:
    """Whether one mail was sent after another."""
    if not {hit.version.media_type, than.version.media_type} <= _MAIL:
        return False
    sent = [str(one.provenance.says_of_itself.get("date", "")) for one in (hit, than)]
    try:
        own, other = (datetime.fromisoformat(one).astimezone(UTC) for one in sent)
    except (ValueError, OverflowError):  # one of them is unknown, or beyond the years there are
        return False
    return own > other


def is_about_the_same(newer: str, older: str, question: str) -> bool:
    """Whether a newer sentence may settle what an older one proposes, which answers a question.

    It lacks one word of the question more, at most, has one, and what the question asks for.
    """
    asked, lacked = missing_words("", question), len(missing_words(newer, question))
    if _HEAD.match(newer) or lacked == len(asked):
        return False
    older_lacks = len(missing_words(older, question))
    wanted = Wanted.of(question)
    if wanted is not None and wanted.kind != "list" and lacked >= older_lacks:
        holds = wanted.is_in(newer, 0, len(newer))
        if not holds and wanted.is_in(older, 0, len(older)):
            return False
    return lacked <= older_lacks + 1
