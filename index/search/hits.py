"""Build hits from the passages that were gathered: divide them into sentences, cite and explain."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from operator import itemgetter, lt

from index.answers import Evidence, Explanation, Hit, Reading, SideScore
from index.citations import citing
from index.config import SearchConfig
from index.protocols import History, Passages
from index.records import VersionRecord, content_key
from index.search.answerability import probability
from index.search.evidence import (
    MOST,
    divide_into_runs,
    judge_sentences,
    prefer_holding,
    select_evidence,
    weigh_read,
)
from index.search.extraction.continuing import NewThing, prefer_new
from index.search.extraction.older_mail import QuotedMail, weigh_mail
from index.search.gathering import Gathering, HitDraft, NearDuplicateFinder, Repeat
from index.search.headings.weighing import Headings
from index.search.judged import STRENGTH, JudgedSentence, JudgedText
from index.search.leads.answered import prefer_answers
from index.search.leads.finding import Leads, may_lead
from index.search.named import name_of
from index.search.near_duplicates import Wording, similar_lengths
from index.search.question import Selection
from index.search.question.contrasts import Contrasts
from index.search.question.definitions import AskedThing
from index.search.question.nouns import AskedNouns
from index.search.question.numbered_names import NumberedNames
from index.search.question.siblings import NamedThings
from index.search.question.words import QuestionWords
from index.search.ranking.candidates import RankedCandidates
from index.search.tables.asked import Asked
from index.search.tables.field_lines import light_fields
from index.search.tables.label_lines import prefer_label
from index.search.tables.labels import weigh_beside_tables
from index.search.tables.lighting import (
    empty_column,
    is_named,
    light_items,
    light_names,
    light_reading,
    with_cells,
)
from index.search.tables.reading import FoundTable, TableReader
from index.search.tables.records import MEDIA_TYPES
from index.types import Block

_TOGETHER = 4_000_000
"""Most code points of texts in memory at the same time, unless one text is longer."""
_MOST_REPEATS = 10
"""Most locators of ``also_in``."""
_READ_FROM = 3
"""Hits whose tables are read to compute what the question asks."""
_AROUND = 600
"""Code points on each side of a hit's passages in which a question or a heading may lead to a sentence."""
_PLACE = itemgetter(0)
"""Of a member of a hit."""


@dataclass(frozen=True, slots=True)
class _Text:
    """Text around a hit, from offset ``at`` of its version. ``whole`` is None for one too long to read."""

    text: str
    at: int
    whole: str | None


@dataclass(frozen=True, slots=True, eq=False)
class _Drafted:
    """The first ``k`` hits of a selection before they are built; their ``texts`` if these fit into memory."""

    k: int
    selection: Selection
    hits: list[HitDraft]
    texts: Sequence[_Text] | None = None


class Hits:
    """Builds the hits of one ranking. ``history`` returns sections and pages."""

    def __init__(  # noqa: PLR0913 -- what hits are made of
        self,
        passages: Passages,
        history: History,
        ranked: RankedCandidates,
        *,
        config: SearchConfig,
        words: QuestionWords,
        headings: Headings,
        asked: Asked,
    ) -> None:
        self._asked = asked
        self._passages = passages
        self._history = history
        self._ranked = ranked
        self._config = config
        self._words = words
        self._wanted = headings.wanted
        self._headings = headings
        self._numbered = NumberedNames.of(words.question)
        self._contrasts = Contrasts.of(words.question)
        self._defined = AskedThing.of(words.question)
        self._things = NamedThings.of(words.question, words.earlier, words.said)
        self._nouns = AskedNouns.of(words.question, headings.hashes)
        self._new = NewThing.of(words.new, words.question) if words.new else None
        self._is_told = False
        """Whether a passage has a noun of a German question."""
        named = self._contrasts, self._things, self._nouns, words.amounts, words.said, self._new
        self._names_some = any(named)
        self._hashes = headings.hashes
        self._leads = Leads.of(asked)
        self._repeats = NearDuplicateFinder(passages, ranked)
        self._tables: list[FoundTable] = []
        self._judged: dict[object, JudgedText] = {}
        """What is said of the sentences of passages, in the text around them."""
        self._drafted: _Drafted | None = None
        """The hits that :meth:`quotes` has read, until :meth:`first` builds hits of it."""
        self._built: dict[int, tuple[HitDraft, Hit]] = {}
        """The hits built last, by rank."""
        self.reading: Reading | None = None
        """The value computed of the tables in the first passages, when :meth:`first` has returned."""
        self.named = 0
        """The rank of the first hit of which the question names the row and the column, 0 if none."""
        self.differs: list[Sequence[str]] = []
        """For each hit what the question names, of which its best sentence has another one."""
        self.headed = 0
        """The rank of the first hit whose headings say all that the question asks for, 0 if none."""
        self.is_lowered = False
        """Whether sentences are not lit because they are titles, or of other sections than the one named."""

    def quotes(self, k: int, selection: Selection) -> list[str]:
        """Return the texts of the hits that :meth:`first` returns, with any extent but ``sentences``.

        Raises :class:`StoreDamaged` if one is not what was indexed.
        """
        found, quotes = self._gather(k, selection), list[str]()
        runs = _by_length(found)
        for some in runs:
            texts = self._texts(some)
            for one, read in zip(some, texts, strict=True):
                quotes.append(read.text[one.start - read.at : one.end - read.at])
        self._drafted = _Drafted(k, selection, found, texts if len(runs) == 1 else None)
        return quotes

    def _gather(self, k: int, selection: Selection) -> list[HitDraft]:
        return Gathering(
            self._passages, self._history, self._ranked, self._repeats, selection, self._config
        ).first(k)

    def first(self, k: int, selection: Selection) -> tuple[Hit, ...]:
        """Return at most ``k`` hits. Raises :class:`StoreDamaged` if a quote is not what was indexed.

        With the extent ``sentences`` they are the best runs of sentences in the ``k`` best passages. A hit
        that an earlier call has built is not built again.
        """
        drafted, self._drafted = self._drafted, None
        if drafted is None or (drafted.k, drafted.selection) != (k, selection):
            drafted = _Drafted(k, selection, self._gather(k, selection))
        found, texts = drafted.hits, drafted.texts
        if (nouns := self._nouns) is not None and (looked := self._ranked.second_look) is not None:
            terms = (looked.look(place).terms for one in found for place, _ in one.members)
            self._is_told = any(not nouns.terms.isdisjoint(own) for own in terms)
        self._read_tables(found[:_READ_FROM])
        if selection.extent == "sentences":
            found, texts = _best_runs(self._runs(found), k, selection), None
        hits: list[Hit] = []
        for some in _by_length(found):
            for one, read in zip(some, texts or self._texts(some), strict=True):
                hits.append(self._hit(len(hits) + 1, one, read))
        return tuple(hits)

    def _read_tables(self, found: Iterable[HitDraft]) -> None:
        tables = []
        for one in found:
            for table in one.tables:
                tables.append(FoundTable(one.best.version, table, one.best.passage.section))
        if tables != self._tables:
            self._tables = tables
            reader = TableReader(self._passages, self._history, self._asked)
            self.reading = reader.read(tables) if tables else None
            self._built.clear()

    def _runs(self, found: Iterable[HitDraft]) -> list[tuple[HitDraft, str]]:
        """Divide passages into runs of sentences, most probable first, each with its text."""
        divided = []
        for rank, one in enumerate(found, 1):
            at, until = one.read
            text = self._passages.text(one.best.version.text_sha256, at, until)
            one.judged = self._judge(one, text, at)  # the parts below share it
            parts = divide_into_runs(one.judged.sentences, rank)
            if not parts:  # without the second look there are no sentences
                divided.append((0.0, rank, one, text[one.start - at : one.end - at]))
            for run in parts:
                part = replace(
                    one,
                    start=run.start,
                    end=run.end,
                    probability=run.probability,
                    repeats=[
                        replace(of) for of in one.repeats if of.of_start < run.end and run.start < of.of_end
                    ],
                )
                divided.append((run.probability, rank, part, text[run.start - at : run.end - at]))
        divided.sort(key=lambda part: (-part[0], part[1]))
        return [(part, text) for *_, part, text in divided]

    def _texts(self, some: Sequence[HitDraft]) -> list[_Text]:
        """Read the texts of hits, and check that their passages are what was indexed."""
        short = {one.best.version.text_sha256 for one in some if one.best.version.length <= citing.LONGEST}
        wholes = self._passages.whole_texts(short)
        texts = []
        for one in some:
            sha256, at = one.best.version.text_sha256, 0
            whole = text = wholes.get(sha256)
            if text is None:
                at, until = one.read
                text = self._passages.text(sha256, at, until)
            for _, member in one.members:
                if content_key(text[member.passage.start - at : member.passage.end - at]) != member.quote_key:
                    raise member.damage()
            texts.append(_Text(text, at, whole))
        return texts

    def _hit(self, rank: int, one: HitDraft, read: _Text) -> Hit:
        draft, hit = self._built.get(rank, (None, None))
        if hit is not None and draft == one:
            return hit
        citation = citing.cite(
            citing.Excerpt(one.best.version, one.start, one.end, read.text, read.at),
            read.whole,
            section=one.best.passage.section,
            pages=one.best.passage.pages and self._pages(one, one.best.passage.pages),
        )
        place, _ = one.members[0]
        score = float(self._ranked.scores[place]) if one.probability is None else one.probability
        judged = one.judged or self._judge(one, read.text, read.at)
        evidence, differs = self._evidence(one, judged.sentences, read), judged.differs
        if evidence and one.tables and read.whole is not None:
            if empty := empty_column(evidence[0], self._asked, read.whole, one.tables):
                differs = [*differs, empty]
            elif not self.named and self._is_named(one, evidence, read.whole):
                self.named = rank
        self.differs.append(differs)
        if not self.headed and judged.is_headed:
            self.headed = rank
        self.is_lowered = self.is_lowered or judged.is_lowered
        hit = Hit(
            rank=rank,
            score=round(score, 6),
            text=citation.quote,
            citation=citation,
            explain=self._explanation(one, judged, citation.quote),
            version=one.best.version,
            evidence=evidence,
            match=round(min(1.0, judged.match), 4),
            also_at=tuple([citing.locator_of(*place) for place in _equal_places(one)]) if one.also else (),
            also_in=tuple(
                [citing.locator_of(of.version, of.start, of.end) for of in one.repeats[:_MOST_REPEATS]]
            )
            if one.repeats
            else (),
        )
        self._built[rank] = one, hit
        return hit

    def _evidence(self, one: HitDraft, judged: Sequence[JudgedSentence], read: _Text) -> tuple[Evidence, ...]:
        """The evidence in a hit; its rows have their cells, unless the text is too long to read."""
        found, tables = select_evidence(judged), one.tables
        if tables and (whole := read.whole) is not None:
            found = with_cells(found, self._asked, whole, tables)
            found = light_names(found, self._asked, whole, tables, most=MOST)
            found = light_items(found, self._asked, whole, tables, most=MOST)
            if one.best.version.media_type in MEDIA_TYPES:
                found = light_fields(found, self._asked, whole, tables, (one.start, one.end), most=MOST)
            found = light_reading(found, self.reading, one.best.version, (one.start, one.end), most=MOST)
            found = with_cells(found, self._asked, whole, tables)
        found = tuple([lit for lit in found if one.start <= lit.start and lit.end <= one.end])
        span = one.start - read.at, one.end - read.at
        quoted = QuotedMail.of(read.text, span, one.best.version.media_type) if found else None
        return found if quoted is None else quoted.mark(found, read.at)

    def _is_named(self, one: HitDraft, lit: Sequence[Evidence], whole: str) -> bool:
        version = one.best.version
        said = self._headings.said_above(version.document_id, version.text_sha256, one.start)
        above = "\n".join([version.title, name_of(version.document_id), *one.best.passage.section, *said])
        row = next((part for part in lit if part.cells and part.cells[0].row), lit[0])
        return is_named(row, self._asked, whole, above, one.tables)

    def _judge(self, one: HitDraft, text: str, at: int) -> JudgedText:
        """Judge the sentences of a hit's passages, once for all hits that have these in the same text.

        Without the second look there are none.
        """
        key, second_look = (tuple(map(_PLACE, one.members)), at, len(text)), self._ranked.second_look
        if second_look is None or key in self._judged:
            return self._judged.get(key, JudgedText())
        tables, placed, terms, match = one.tables, [], frozenset[int](), 0.0
        differs: Sequence[str] = ()
        start, until = one.best.passage.start, one.best.passage.end
        for place, of in one.members:
            look = second_look.look(place)
            placed.append((of.passage.start, look))
            terms, match = terms | look.terms, max(match, look.match)
            start, until = min(start, of.passage.start), max(until, of.passage.end)
        # Most texts have none; and of a long one only what is near may lead to an answer.
        around = text[max(0, start - at - _AROUND) : until - at + _AROUND]
        leads = self._leads if may_lead(around) else None
        judged = judge_sentences(placed, text, at, tables, leads)
        if self._wanted is not None:
            # Only the passages: what looks like a list below them may be a heading with a number.
            judged = prefer_holding(judged, text[: until - at], at, self._wanted)
        if self._ranked.judged:
            judged = weigh_read(judged, self._read_sentences(one))
        if tables:
            judged = weigh_beside_tables(judged, self._asked, text, at, tables)
        judged = prefer_answers(judged, text, at, self._asked, self._wanted) if leads else judged
        above, is_repeated = [one.best.version.title, *one.best.passage.section], False
        heading = "\n".join(above)
        if self._defined is not None:
            judged = self._defined.weigh(judged, text, at, above)
        if self._numbered is not None:
            judged = self._numbered.weigh(judged, text, at, heading)
        if self._names_some:
            judged, differs, is_repeated = self._weigh_named(one, judged, text, at, heading, (start, until))
        weighed = self._headings.weigh(judged, text, at, (start, until), one.best)
        judged, is_labelled = prefer_label(
            weighed.sentences, self._asked, text, at, above, self._headings.asks
        )
        media_type = one.best.version.media_type
        judged = weigh_mail(judged, text, at, (start - at, until - at), media_type, self._words.question)
        is_headed = weighed.is_headed or is_labelled
        is_lowered = weighed.is_lowered or is_repeated
        self._judged[key] = JudgedText(judged, differs, is_headed, is_lowered, terms, match)
        return self._judged[key]

    def _weigh_said(
        self, judged: list[JudgedSentence], text: str, at: int, above: str, tables: Sequence[Block]
    ) -> tuple[list[JudgedSentence], bool]:
        """Weigh the sentences of a follow-up by what was answered before it, and by what it asks for instead.

        Returns whether some only repeat that answer, too.
        """
        said, is_repeated = self._words.said, False
        if said:
            judged = prefer_new(judged, text, at, self._words.new or self._words.question, said, tables)
        if self._new is not None:
            before, judged = judged, self._new.weigh(judged, text, at, above, said, tables)
            is_repeated = any(map(lt, map(STRENGTH, judged), map(STRENGTH, before)))
        return judged, is_repeated

    def _weigh_named(
        self,
        one: HitDraft,
        judged: list[JudgedSentence],
        text: str,
        at: int,
        above: str,
        span: tuple[int, int],
    ) -> tuple[list[JudgedSentence], Sequence[str], bool]:
        """Weigh sentences by whether they are about what the question names, or about another of the kind.

        Returns what of it the best sentence lacks, and whether some only repeat what was said before, too.
        """
        differs: Sequence[str] = ()
        judged, is_repeated = self._weigh_said(judged, text, at, above, one.tables)
        if self._contrasts is not None:
            judged, differs = self._contrasts.weigh(judged, text, at, above)
        if self._things is not None:
            judged = self._things.weigh(judged, text, at)
            passage = one.best.passage
            differs = differs or self._things.missing_in(text[passage.start - at : passage.end - at])
        if self._nouns is not None:
            judged = self._nouns.weigh(judged, text, at, above, is_told=self._is_told)
        if self._words.amounts is not None:
            judged = self._words.amounts.weigh(judged, text, at)
        # Asked for instead of what was answered: lacked by a passage with its headings.
        if self._new is not None and self._new.is_lacked_by(f"{above}\n{text[span[0] - at : span[1] - at]}"):
            differs = (*differs, self._words.new)
        return judged, differs, is_repeated

    def _read_probability(self, one: HitDraft) -> float | None:
        """The best probability that the cross-encoder gives to a window of a hit; None if it read none."""
        read = self._ranked.judged
        logits = [read[of.id].answers for _, of in one.members if of.id in read]
        return round(probability(max(logits)), 4) if logits else None

    def _read_sentences(self, one: HitDraft) -> list[tuple[int, int, float]]:
        """The sentences of a hit that the cross-encoder read, as spans of the document, with their logits."""
        return [
            (of.passage.start + start, of.passage.start + end, logit)
            for _, of in one.members
            if of.id in self._ranked.judged
            for (start, end), logit in self._ranked.judged[of.id].sentences.items()
        ]

    def _pages(self, one: HitDraft, pages: tuple[int, int]) -> tuple[int, int] | None:
        span = one.best.passage
        if (one.start, one.end) == (span.start, span.end):
            return pages
        if pages[0] == pages[1] and span.start <= one.start and one.end <= span.end:
            return pages
        return self._history.section_at(one.best.version, one.start, one.end)[1]

    def _explanation(self, one: HitDraft, judged: JudgedText, text: str) -> Explanation:
        candidates, second_look = self._ranked.candidates, self._ranked.second_look
        place, _ = one.members[0]
        id_ = one.best.id
        terms = judged.terms if second_look else frozenset(self._hashes(text))
        of_sentence = second_look.sentence[place] if second_look else math.nan
        rounded: list[float | None] = []
        for score in map(float, (candidates.dense[place], candidates.lexical[place], of_sentence)):
            rounded.append(None if math.isnan(score) else round(score, 4))
        dense, lexical, sentence = rounded
        return Explanation(
            SideScore(candidates.dense_rank.get(id_), dense),
            SideScore(candidates.lexical_rank.get(id_), lexical, tuple(self._words.among(terms))),
            sentence=sentence,
            read=self._read_probability(one) if self._ranked.judged else None,
        )


def _equal_places(one: HitDraft) -> list[tuple[VersionRecord, int, int]]:
    """The spans with the very text of a hit."""
    start, end = (at - one.best.passage.start for at in (one.start, one.end))
    return [(twin.version, twin.passage.start + start, twin.passage.start + end) for twin in one.also]


def _best_runs(parts: Iterable[tuple[HitDraft, str]], k: int, selection: Selection) -> list[HitDraft]:
    """Choose the first ``k`` runs that repeat no other one, and not too many of a document."""
    wording = cache(Wording.of)
    chosen: list[tuple[HitDraft, str]] = []
    per_document = Counter[str]()

    def repeated(text: str) -> HitDraft | None:
        lengths = similar_lengths(len(text))
        alike = ((one, other) for one, other in chosen if len(other) in lengths)
        return next((one for one, other in alike if wording(other).says_the_same(wording(text))), None)

    for part, text in parts:
        if selection.near_duplicates == "fold" and (better := repeated(text)) is not None:
            places = [(part.best.version, part.start, part.end), *_equal_places(part)]
            places += [(of.version, of.start, of.end) for of in part.repeats]
            for place in places:
                better.add_repeat(Repeat(*place, better.start, better.end))
        elif len(chosen) == k:
            break
        elif (most := selection.max_per_document) is None or per_document[part.document_id] < most:
            per_document[part.document_id] += 1
            chosen.append((part, text))
    return [one for one, _ in chosen]


def _by_length(found: Sequence[HitDraft]) -> list[list[HitDraft]]:
    """Split into runs whose texts fit into memory together."""
    runs: list[list[HitDraft]] = []
    length = 0
    for one in found:
        length += one.best.version.length
        if not runs or length > _TOGETHER:
            runs.append([])
            length = one.best.version.length
        runs[-1].append(one)
    return runs
