"""Evidence as people read it: headings, the text with a note for each source, all quotes, and the signature.

It says nothing that the pack does not, and is made of it alone: whoever has the pack can make it again.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from index.answers import pages_in_file
from service.flows.evidence_packs.pack import Json

State = Literal["", "warn", "bad"]
_MARKS = re.compile(r"(?:(?<![^\S\n])[^\S\n]+)?\[\d+(?:\s*[,;–-]\s*\d+)*\]")
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_STATES: dict[str, State] = {
    "unsupported": "warn", "not_found": "warn", "unchecked": "warn", "contradicted": "bad", "altered": "bad",
    "misattributed": "bad",
}  # fmt: skip


class Translate(Protocol):
    """Returns a message in a language, with values for its fields in braces."""

    def __call__(self, message: str, **values: object) -> str: ...


def english(message: str, **values: object) -> str:
    """The message itself."""
    return message.format(**values)


def pages_in_words(
    pages: Sequence[object] | None, in_file: Sequence[object] | None, t: Translate = english
) -> str:
    """The first and the last of ``pages``, and of the places in the file where these are others; or empty."""
    if not pages:
        return ""
    first, last = pages
    shown = (
        t("page {number}", number=first)
        if first == last
        else t("pages {first}–{last}", first=first, last=last)
    )
    if not in_file:
        return shown
    return t(
        "{pages} ({numbers} of the file)", pages=shown, numbers="–".join(dict.fromkeys(map(str, in_file)))
    )


@dataclass(frozen=True, slots=True)
class Note:
    """A footnote: what was found of the words before it, the quote, and where it stands."""

    verdict: str
    quote: str
    place: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, with its notes."""

    text: str
    state: State = ""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words of the pack or of this report."""

    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Entries:
    """Names and values, such as the hashes of a quote."""

    entries: tuple[tuple[str, str], ...]


Block = Heading | Paragraph | Entries


@dataclass(frozen=True, slots=True)
class Report:
    """What a document shows. ``created`` is when the pack was signed (RFC 3339)."""

    title: str
    created: str
    blocks: tuple[Block, ...]


def report_of(pack: Json, t: Translate = english) -> Report:
    """The report of a pack. Raises LookupError, TypeError, ValueError and AttributeError for another form."""
    evidence = pack["evidence"]
    words = _Words(t, {one["locator"]: one for one in evidence["quotes"]})
    if evidence["answer"] is not None:
        title, blocks = str(evidence["answer"]["question"]), [*words.answer(evidence["answer"])]
    else:
        title, blocks = t("A checked text"), [*words.verification(evidence["verification"])]
    blocks += [*words.quotes(evidence["quotes"]), *words.signature(pack)]
    return Report(title, str(evidence["created"]), tuple(blocks))


@dataclass(frozen=True, slots=True)
class _Words:
    """Makes the blocks of a report."""

    t: Translate
    by_locator: dict[str, Json]

    def answer(self, answer: Json) -> Iterator[Block]:
        yield Heading(self.t("The answer"))
        yield from _paragraphs(_pieces(answer["answer"], answer["sentences"], self._sentence, _MARKS))
        if answer["computed"] is not None:
            computed = answer["computed"]
            label = self.t("Computed of the cells of a table; no quote")
            told = f"{computed['operation']}: {computed['value'] or computed['reason']} ({computed['of']})"
            yield Paragraph((Piece(f"{label}: {told}"),))
        if answer["declined"] and answer["sources"]:
            yield Heading(self.t("The nearest passages"))
            for locator in answer["sources"]:
                yield Paragraph((self._quoted(locator),))

    def verification(self, told: Json) -> Iterator[Block]:
        if told["answer"] is not None:
            yield Heading(self.t("The text"))
            yield from self._checked(told["text"], told["answer"])
        cited = [(number, locator) for number, locator in enumerate(told["cited"], 1) if locator]
        if cited:
            yield Heading(self.t("What its marks cite"))
            yield Entries(tuple((f"[{number}]", self._described(locator)) for number, locator in cited))
        t = self.t
        for name, heading in (("citations", t("Citations to check")), ("quotes", t("Quotes to check"))):
            if told[name]:
                yield Heading(heading)
            for one in told[name]:
                notes = self._notes(self._verdict(one), one["citation"])
                yield Paragraph((Piece(f"“{one['quote']}”", _STATES.get(one["status"], ""), notes),))

    def _checked(self, text: str, told: Json) -> Iterator[Block]:
        """The text that was checked, with a note on each sentence and quote, and the sums."""
        judged = [one["verdict"]["status"] for one in told["sentences"] if one["verdict"]]
        judged += [one["status"] for one in told["quotes"]]
        yield Entries(
            tuple((self._status(one), str(count)) for one, count in sorted(Counter(judged).items()))
        )
        quotes = told["quotes"]

        def piece(sentence: Json) -> Piece:
            inside = [one for one in quotes if sentence["start"] <= one["start"] < sentence["end"]]
            return self._sentence({**sentence, "quotes": inside, "status": "", "citation": None})

        yield from _paragraphs(_pieces(text, told["sentences"], piece))

    def _sentence(self, sentence: Json) -> Piece:
        """A sentence with what was found of it and of its quotes."""
        verdict, quotes = sentence["verdict"], sentence["quotes"]
        statuses = [one["status"] for one in (verdict, *quotes) if one is not None]
        states = [_STATES.get(one, "") for one in [sentence["status"], *statuses]]
        state: State = "bad" if "bad" in states else "warn" if "warn" in states else ""
        notes: list[Note] = []
        for quote in quotes:
            notes += self._notes(self._verdict(quote), quote["citation"])
        if verdict is not None:
            notes += self._notes(self._verdict(verdict), verdict["citation"])
        elif sentence["citation"] is not None:
            notes += self._notes("", sentence["citation"])
        return Piece(sentence["text"], state, tuple(notes))

    def _quoted(self, locator: str) -> Piece:
        return Piece(f"“{self.by_locator[locator]['quote']}”", notes=self._notes("", locator))

    def _notes(self, verdict: str, locator: str | None) -> tuple[Note, ...]:
        if locator is None:
            return (Note(verdict, "", ""),)
        quote = self.by_locator.get(locator, {"quote": ""})
        return (Note(verdict, quote["quote"], self._described(locator)),)

    def _described(self, locator: str) -> str:
        quote = self.by_locator.get(locator)
        return str(locator) if quote is None else self._place(quote)

    def _verdict(self, verdict: Json) -> str:
        """A verdict in words: its status, why, and what differs."""
        parts = [f"{self._status(verdict['status'])}."]
        conflicts = verdict.get("conflicts", ())
        if conflicts and all(one["claimed"] and one["stated"] for one in conflicts):
            differs = "The text has “{claimed}”, the source “{stated}”."
            parts += [self.t(differs, claimed=one["claimed"], stated=one["stated"]) for one in conflicts]
        elif verdict["reason"]:
            parts.append(verdict["reason"])
        if "probability" in verdict:
            parts.append(self.t("Probability {value}.", value=verdict["probability"]))
        standing = verdict.get("standing")
        if standing is not None and standing["status"] != "current":
            parts.append(f"{self.t('The newest version has:')} {self._standing(standing['status'])}.")
        return " ".join(parts)

    def _standing(self, status: str) -> str:
        t = self.t
        return {
            "moved": t("The same words at another place"),
            "reformatted": t("The same words in other typography"),
            "changed": t("Other words in their place"),
            "gone": t("No words like these"),
        }.get(status, status)

    def _status(self, status: str) -> str:
        t = self.t
        return {
            "supported": t("Its words and facts match the source"),
            "contradicted": t("A fact differs from the source"),
            "unsupported": t("Its words and facts were not found together"),
            "unchecked": t("Not checked: the time for one check was over"),
            "verified": t("The quote is exact"),
            "repaired": t("The words are right; quotation marks, dashes, spaces or capitals differ"),
            "altered": t("The nearest words in the documents differ"),
            "misattributed": t("The words stand in another document"),
            "not_found": t("No words like these were found"),
        }.get(status, status)

    def _place(self, quote: Json) -> str:
        """Where a quote stands."""
        parts = [quote["title"] or quote["document_id"], " › ".join(quote["section"])]
        pages, printed = quote["pages"] and tuple(quote["pages"]), quote.get("printed_pages")
        in_file = pages_in_file(pages, printed, quote["media_type"])
        parts.append(pages_in_words(printed or pages, in_file, self.t))
        parts.append(self.t("version {version}", version=quote["version"]))
        return f"{', '.join(filter(None, parts))}. {quote['locator']}"

    def quotes(self, quotes: Sequence[Json]) -> Iterator[Block]:
        """All quotes with their hashes."""
        t = self.t
        if quotes:
            yield Heading(t("All quotes"))
        for one in quotes:
            yield Paragraph((Piece(f"“{one['quote']}”"),))
            yield Entries(
                (
                    (t("Where"), self._place(one)),
                    (t("Document"), f"{one['document_id']} ({one['source']}, {one['media_type']})"),
                    (t("Code points"), f"{one['start']}–{one['end']}"),
                    (t("SHA-256 of the quote"), one["quote_sha256"]),
                    (t("SHA-256 of the text"), one["text_sha256"]),
                    (t("SHA-256 of the file"), one["source_sha256"]),
                )
            )

    def signature(self, pack: Json) -> Iterator[Block]:
        """Who signed what, and how to verify it."""
        t, evidence = self.t, pack["evidence"]
        yield Heading(t("The signature, and how to verify it"))
        before = (
            t("The signature is of the evidence inside this file, not of the words that it shows."),
            t("Anybody can change these: verify the file before you rely on them."),
        )
        after = (
            t("It tells whether the evidence is as it was signed, and whether the file shows what it says."),
            t("Loccit's documentation has thirty lines of Python that verify evidence without Loccit."),
            t("Only the public key tells who signed: compare it with one that you know."),
        )
        for text in (" ".join(before), "loccit evidence verify FILE", " ".join(after)):
            yield Paragraph((Piece(text),))
        yield Entries(
            (
                (t("Signed"), str(evidence["created"])),
                (t("Collection"), f"{evidence['collection']}, {evidence['fingerprint']}"),
                (t("Last change"), str(evidence["change"])),
                ("Loccit", str(evidence["loccit"])),
                (t("Format"), str(evidence["format"])),
                (t("Key"), str(evidence["key"]["id"])),
                (t("Public key (Ed25519)"), str(evidence["key"]["public_key"])),
                (t("Signature"), str(pack["signature"])),
            )
        )


def _pieces(
    text: str,
    sentences: Sequence[Json],
    piece: Callable[[Json], Piece],
    without: re.Pattern[str] | None = None,
) -> Iterator[Piece]:
    """The sentences of a text, and what is between them, there ``without`` what matches."""
    at = 0
    for sentence in [*sorted(sentences, key=lambda one: int(one["start"])), None]:
        between = text[at : sentence["start"] if sentence else len(text)]
        yield Piece(without.sub("", between) if without else between)
        if sentence is not None:
            yield piece(sentence)
            at = max(at, sentence["end"])


def _paragraphs(pieces: Iterable[Piece]) -> Iterator[Paragraph]:
    """Divide a text at its blank lines."""
    row: list[Piece] = []
    for piece in pieces:
        *before, last = _BLANK_LINES.split(piece.text)
        for text in before:
            yield Paragraph((*row, Piece(text, piece.state)))
            row = []
        row.append(Piece(last, piece.state, piece.notes))
    yield Paragraph(tuple(row))
