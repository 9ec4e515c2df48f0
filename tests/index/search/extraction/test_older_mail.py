from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from index.answers import Evidence
from index.search.extraction.older_mail import QuotedMail, weigh_mail
from index.search.extraction.selection import candidates
from index.search.judged import JudgedSentence

MAIL = "message/rfc822"
NEW = "The vote is over: we sail to Lake Orta on Saturday."
OLD = "> My idea for the outing is that we sail to Rastenburg on Friday."
REPLY = f"{NEW}\n\nOn Tue, 14 May 2024 Paul Kern wrote:\n{OLD}\n>\n> Paul\n\nSee you there."
BELOW = "We order from Halden.\n\n-----Original Message-----\nFrom: Tom\n\nI suggest Nordtech for the server."
FIELDS = "From: Ruth Abel\nTo: Tom\nDate: Mon, 3 Jun 2024 09:10:00 +0200"


def is_older(text: str, part: str, media_type: str = MAIL) -> bool:
    start = text.index(part)
    found = QuotedMail.of(text, (start, start + len(part)), media_type)
    return found is not None and found.has(start)


def judged(text: str, *sentences: tuple[str, float]) -> list[JudgedSentence]:
    found = []
    for one, strength in sentences:
        start = text.index(one)
        found.append(JudgedSentence(start, start + len(one), strength))
    return found


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        (REPLY, NEW, False),
        (REPLY, OLD, True),
        # Lines without the sign below those with it are of the newer mail.
        (REPLY, "See you there.", False),
        (BELOW, "We order", False),
        (BELOW, "I suggest", True),
        (f"{FIELDS}\n\nWe go on 5 May.\n\nThe board wrote:\nno.", "no.", False),
    ],
)
def test_what_a_mail_quotes_is_older(text: str, part: str, expected: bool) -> None:
    assert is_older(text, part) is expected


@pytest.mark.parametrize(
    "line",
    [
        "On Thu, 9 May 2024 at 10:00, Paul Kern <paul@corda.example> wrote:",
        "On Thu, 9 May 2024 at 10:00, Paul Kern of the committee for outings\n<paul@corda.example> wrote:",
        "Paul Kern <paul@corda.example> wrote:",
        "Am Do., 9. Mai 2024 um 10:00 Uhr schrieb Paul Kern:",
        "Paul Kern schrieb am 09.05.24 um 10:00:",
        "Le jeu. 9 mai 2024 à 10:00, Paul Kern a écrit :",
        "El jue, 9 may 2024 a las 10:00, Paul Kern escribió:",
        "Il giorno gio 9 mag 2024 alle ore 10:00 Paul Kern ha scritto:",
        "Em qui., 9 de mai. de 2024 às 10:00, Paul Kern escreveu:",
        "Op do 9 mei 2024 om 10:00 schreef Paul Kern:",
        "-------- Weitergeleitete Nachricht --------",
        "Begin forwarded message:",
        "________________________________\nVon: Paul Kern\nGesendet: Donnerstag, 9. Mai 2024\nAn: Ruth Abel",
        "From: Paul Kern <paul@corda.example>\nSent: Thursday, May 9, 2024\nTo: Ruth Abel\nSubject: Outing",
        "De : Paul Kern\nEnvoyé : jeudi 9 mai 2024",
        "De: Paul Kern\nEnviado el: jueves, 9 de mayo de 2024",
        "*From:* Paul Kern *Sent:* Thursday, May 9, 2024",
    ],
)
@pytest.mark.parametrize("media_type", [MAIL, "application/vnd.ms-outlook"])
def test_what_stands_below_such_a_line_is_older(line: str, media_type: str) -> None:
    text = f"Outing\n\n{FIELDS}\n\nWe go to Orta on 3 June.\n\n{line}\n\nWe may go to Halden."
    assert is_older(text, "We may go", media_type)
    assert not is_older(text, "We go to Orta", media_type)
    assert not is_older(text, "Ruth Abel\nTo", media_type)


def test_of_a_mailbox_each_message_has_its_own() -> None:
    text = f"{FIELDS}\n\n{BELOW}\n\nOuting\n\n{FIELDS}\n\nThe bus is booked.\n\n{OLD}"
    assert is_older(text, "I suggest", "application/mbox")
    assert not is_older(text, "The bus is booked", "application/mbox")
    assert is_older(text, OLD, "application/mbox")


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        (REPLY, OLD, True),
        (REPLY, NEW, False),
        ("From: Ruth\nSent: Monday\n\nWe go.\n\nFrom: Tom\nSent: Friday\n\nMay we go?", "We go.", False),
        ("From: Ruth\nSent: Monday\n\nWe go.\n\nFrom: Tom\nSent: Friday\n\nMay we go?", "May we", True),
        # No mail: a quotation, or a text that tells what somebody wrote.
        ("A saying:\n\n> We sail on Friday.", "> We sail", False),
        ("In 2019 the keeper wrote:\n\nWe sail on Friday.", "We sail", False),
    ],
)
def test_of_a_text_only_what_is_marked_as_of_a_mail_is_older(text: str, part: str, expected: bool) -> None:
    assert is_older(text, part, "text/plain") is expected
    assert not is_older(text, part, "application/pdf")


def newer_first(question: str, *sentences: tuple[str, float]) -> list[float]:
    found = QuotedMail.of(REPLY, (0, len(REPLY)), MAIL)
    assert found is not None
    return [one.strength for one in found.newer_first(judged(REPLY, *sentences), 0, question)]


def test_what_settles_a_proposal_stands_before_it() -> None:
    assert newer_first("Where do we sail to?", (NEW, -1.0), (OLD, 1.0)) == [1.0, -1.5]


@pytest.mark.parametrize(
    ("question", "strength"), [("What is Paul's idea for the outing?", -1.0), ("Where do we sail to?", -4.0)]
)
def test_what_only_the_older_mail_says_stands_first(question: str, strength: float) -> None:
    assert newer_first(question, (NEW, strength), (OLD, 1.0)) == [strength, 1.0]


@pytest.mark.parametrize(
    ("sent", "media_type", "expected"),
    [
        ("2024-06-03T09:10:00+02:00", MAIL, NEW),
        ("2024-05-01T09:10:00+02:00", MAIL, OLD),
        ("", MAIL, OLD),
        # Their times in UTC are of no year that can be told.
        ("9999-12-31T23:59:59-05:00", MAIL, OLD),
        ("0001-01-01T00:00:00+14:00", MAIL, OLD),
        ("2024-06-03T09:10:00+02:00", "text/plain", OLD),
    ],
)
def test_a_later_mail_stands_before_what_another_one_quotes(
    sent: str, media_type: str, expected: str
) -> None:
    def hit(text: str, rank: int, probability: float, at: str, *, media: str, is_older: bool) -> Any:
        return SimpleNamespace(
            text=text,
            citation=SimpleNamespace(start=0, document_id=f"{rank}", text_sha256="0", collection=""),
            version=SimpleNamespace(media_type=media),
            provenance=SimpleNamespace(says_of_itself={"date": at}),
            evidence=[Evidence(0, len(text), 0.9, is_older=is_older)],
            probability=probability,
            rank=rank,
        )

    quoting = hit(OLD, 1, 0.8, "2024-05-14T10:00:00+02:00", media=MAIL, is_older=True)
    other = hit(NEW, 2, 0.4, sent, media=media_type, is_older=False)
    answer: Any = SimpleNamespace(hits=[quoting, other], question="Where do we sail to?", said="")
    assert candidates(answer)[0].text == expected


@pytest.mark.parametrize("signs", ["> ", ">", ">> ", "> > ", ">\n> ", ">>\n>> ", "", "  "])
@pytest.mark.parametrize(
    ("told", "wrote"),
    [
        ("The coach leaves at 7.45.", "On Tue, 14 May 2024 Paul Kern wrote:"),
        ("Der Bus fährt um 7.45 Uhr.", "Am Di., 14. Mai 2024 schrieb Paul Kern:"),
        ("Le car part à 7 h 45.", "Le mar. 14 mai 2024, Paul Kern a écrit :"),
    ],
)
def test_a_quote_begins_behind_the_signs_of_a_mail(signs: str, told: str, wrote: str) -> None:
    text = f"{NEW}\n\n{wrote}\n> Hello,\n{signs}{told}\n"
    end = text.index(told) + len(told)
    found = QuotedMail.of(text, (0, len(text)), MAIL)
    assert found is not None
    (marked,) = found.mark([Evidence(end - len(signs + told) + 10, end + 10, 0.5)], 10)
    if ">" in signs:
        assert text[marked.start - 10 : marked.end - 10] == told
        assert marked.is_older


def test_a_sign_that_compares_is_kept() -> None:
    text = "Postage\n> 5 kg: 9 euros."
    assert QuotedMail.of(text, (0, len(text)), "text/plain") is None


@pytest.mark.parametrize(
    ("question", "media_type", "is_lowered"),
    [
        ("From when until when are the radiators on?", MAIL, True),
        ("Which date was the mail sent?", MAIL, False),
        ("When did Ruth write?", MAIL, False),
        ("Wann hat Ruth geschrieben?", MAIL, False),
        ("From when until when are the radiators on?", "text/plain", False),
    ],
)
def test_the_day_on_which_a_mail_was_sent_answers_who_asks_for_it(
    question: str, media_type: str, is_lowered: bool
) -> None:
    text, date = f"{FIELDS}\n\nHeating starts in May.", FIELDS.splitlines()[-1]
    sentences = judged(text, (date, 2.0), ("Heating", 0.0))
    found = weigh_mail(sentences, text, 0, (0, len(text)), media_type, question)
    assert [one.strength for one in found] == [-2.0 if is_lowered else 2.0, 0.0]
