"""Any history of any texts: a locator names its words for as long as their text is kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from index.citations.citing import parse_locator
from index.collection import Collection
from index.config import ChunkingConfig, LibraryConfig
from index.embedding import WordEmbedder
from index.errors import ChangeNotKept, CitationNotFound, DocumentNotFound, EmptyQuestion, InvalidInput
from index.history.retention import Retention
from index.ingest.preparation import Source
from tests.index.citations.resolution.lamps import LAMP, check_citation, digest, resolved
from tests.opening import collection_in
from tests.sizes import examples

SENTENCES = st.sampled_from(
    [
        LAMP + " ",
        "Oil lamps need a wick and oil, 1.5 ml an hour. ",
        "== Of lamps ==\n\n",
        "Il e\u0301tait une fois un re\u0302ve; \u1e69 \u0073\u0307\u0323. ",
        "A family 👩‍👩‍👧‍👦, two flags 🇩🇪🇫🇷 and a thumb 👍🏽 came home. ",
        "שָׁלוֹם עֲלֵיכֶם, said the \u202egnorts\u202c keeper. ",
        "كان المصباح مضاءً عند الغسق. ",
        "猫は静かな部屋で寝ている。",
        "등대지기는 해질녘에 등불을 켰다. ",
        "The ﬁrst 𝔩𝔞𝔪𝔭\u00a0— “bright”. ",
    ]
)
PIECES = st.one_of(
    st.sampled_from(
        ["lamp ", "\u0301", "\u200b", "\ufeff", "\u200f", "\t", "\r\n", "\u2028", "\n\n", "a", "🇩"]
    ),
    st.text(max_size=20),
)
WORDS = st.lists(SENTENCES | PIECES, min_size=1, max_size=4).map("".join)
TEXTS = st.lists(WORDS, min_size=2, max_size=6).map("\n\n".join)
DOCUMENTS = ("a.txt", "b/ü@:1-2.md", "猫")
IDS = st.sampled_from(DOCUMENTS)
PLACES = st.integers(0, 1000)
MEMORY = Path("/dev/shm")  # noqa: S108
"""Where there is one, commits do not wait for a disk."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A version as it was given and stored. No two are equal, whatever their texts."""

    number: int
    given: str
    text: str
    serial: int


class Histories(RuleBasedStateMachine):
    """Documents are put, changed, put again, described, pruned and deleted; every locator ever given holds.

    The model keeps what was put and which words each locator named when it was given, and nothing else.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
        self.tokens = 24
        self.collections = 0
        self.serial = 0
        self.kept: dict[str, list[Kept]] = {}
        self.named: dict[str, str] = {}
        self.moments: dict[int, dict[str, Kept]] = {}
        self.collection = self.opened()

    def teardown(self) -> None:
        self.collection.close()
        self.folder.cleanup()

    def opened(self) -> Collection:
        folder = Path(self.folder.name) / str(self.collections)
        chunking = ChunkingConfig(max_tokens=self.tokens, overlap_tokens=self.tokens // 4)
        return collection_in(folder, embedder=WordEmbedder(), config=LibraryConfig(chunking=chunking))

    # What is done

    def put(self, id_: str, text: str) -> None:
        try:
            outcome = self.collection.put(Source(id_, text.encode(), name="any.txt"))
        except InvalidInput:
            return
        version, stored = self.collection.archive.text(id_)
        versions = self.kept.setdefault(id_, [])
        same = bool(versions) and versions[-1].text == stored
        if not same:
            self.serial += 1
            versions.append(Kept(version.number, text, stored, self.serial))
        assert outcome.record.version == version.number == versions[-1].number
        self.remember()

    def remember(self) -> None:
        self.moments[self.collection.archive.counts().change] = {
            id_: versions[-1] for id_, versions in self.kept.items()
        }

    @initialize(texts=st.lists(TEXTS, min_size=1, max_size=3))
    def put_the_first_texts(self, texts: list[str]) -> None:
        for id_, text in zip(DOCUMENTS, texts, strict=False):
            self.put(id_, text)

    @rule(id_=IDS, text=TEXTS)
    def put_another_text(self, id_: str, text: str) -> None:
        self.put(id_, text)

    @precondition(lambda self: self.kept)
    @rule(id_=IDS, at=PLACES, length=st.integers(0, 60), words=st.just("") | WORDS)
    def change_a_text(self, id_: str, at: int, length: int, words: str) -> None:
        """Put in, take out, or replace."""
        text = self.text_of(id_)
        at %= len(text) + 1
        self.put(id_, text[:at] + words + text[at + length :])

    @precondition(lambda self: self.kept)
    @rule(id_=IDS, which=PLACES, to=PLACES, leave=st.booleans())
    def move_a_paragraph(self, id_: str, which: int, to: int, leave: bool) -> None:
        """Or repeat it elsewhere."""
        parts = self.text_of(id_).split("\n\n")
        at = which % len(parts)
        part = parts[at] if leave else parts.pop(at)
        parts.insert(to % (len(parts) + 1), part)
        self.put(id_, "\n\n".join(parts))

    @precondition(lambda self: self.kept)
    @rule(id_=IDS, which=PLACES)
    def put_an_older_text_again(self, id_: str, which: int) -> None:
        versions = self.kept.get(id_) or next(iter(self.kept.values()))
        self.put(id_, versions[which % len(versions)].given)

    @precondition(lambda self: self.kept)
    @rule(id_=IDS, title=st.text(max_size=9), year=st.integers())
    def describe_a_document(self, id_: str, title: str, year: int) -> None:
        if id_ not in self.kept:
            return
        newest = self.kept[id_][-1]
        source = Source(id_, newest.given.encode(), name="any.txt", title=title, metadata={"year": year})
        assert self.collection.put(source).record.version == newest.number
        self.remember()

    @rule()
    def embed(self) -> None:
        self.collection.embed_pending()
        self.remember()

    @rule(id_=IDS)
    def delete_a_document(self, id_: str) -> None:
        if self.kept.pop(id_, None) is None:
            with pytest.raises(DocumentNotFound):
                self.collection.editor.delete(id_)
            return
        self.collection.editor.delete(id_)
        self.remember()

    @rule(most=st.integers(1, 3))
    def prune(self, most: int) -> None:
        before = {one for one in self.named if self.number_of(one)}
        pruned = self.collection.editor.prune(
            Retention(keep_versions=most), [parse_locator(one) for one in self.named]
        )
        for versions in self.kept.values():
            del versions[:-most]
        assert set(pruned.broken) == {one for one in before if not self.number_of(one)}
        self.remember()

    @rule()
    def open_again(self) -> None:
        self.collection.close()
        self.collection = self.opened()

    @rule(tokens=st.sampled_from([16, 24, 60]))
    def cut_anew(self, tokens: int) -> None:
        """The documents in another collection, with passages of another size."""
        if tokens == self.tokens:
            return
        self.collection.close()
        self.tokens, old = tokens, self.kept
        self.collections += 1
        self.collection = self.opened()
        self.kept, self.moments = {}, {}
        for id_, versions in old.items():
            for version in versions:
                self.put(id_, version.given)
            assert [one.text for one in self.kept[id_]] == [one.text for one in versions]

    # What is asked

    @precondition(lambda self: self.kept)
    @rule(which=PLACES, spans=st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=3))
    def cite_any_spans(self, which: int, spans: list[tuple[int, int]]) -> None:
        versions = [(id_, one.text) for id_, versions in self.kept.items() for one in versions]
        id_, text = versions[which % len(versions)]
        for start, length in spans:
            at = start % len(text)
            end = at + 1 + length % min(100, len(text) - at)
            self.named[f"{id_}@{digest(text)[:12]}:{at}-{end}"] = text[at:end]

    @precondition(lambda self: self.kept)
    @rule(id_=IDS, start=PLACES)
    def ask(self, id_: str, start: int) -> None:
        self.answered(self.question(id_, start), {key: one[-1] for key, one in self.kept.items()}, None)

    @precondition(lambda self: self.moments)
    @rule(id_=IDS, start=PLACES, which=PLACES)
    def ask_as_of_earlier(self, id_: str, start: int, which: int) -> None:
        change = list(self.moments)[which % len(self.moments)]
        then = self.moments[change]
        kept = {one.serial for versions in self.kept.values() for one in versions}
        if all(one.serial in kept for one in then.values()):
            self.answered(self.question(id_, start), then, change)
        else:
            with pytest.raises(ChangeNotKept):
                self.collection.ask("lamp", as_of=change)

    def question(self, id_: str, start: int) -> str:
        text = self.text_of(id_)
        return text[start % (len(text) + 1) :][:200]

    def answered(self, question: str, texts: dict[str, Kept], as_of: int | None) -> None:
        try:
            answer = self.collection.ask(question, as_of=as_of)
        except EmptyQuestion:
            return
        for hit in answer.hits:
            citation = hit.citation
            version = texts[citation.document_id]
            assert (citation.version, citation.quote) == (version.number, hit.text)
            check_citation(citation, version.text)
            self.named[citation.locator] = hit.text
            self.named.update(dict.fromkeys(hit.also_at, hit.text))
            for part in hit.evidence:
                one = f"{citation.locator.rpartition(':')[0]}:{part.start}-{part.end}"
                self.named[one] = version.text[part.start : part.end]
                assert self.named[one] in hit.text

    def text_of(self, id_: str) -> str:
        return self.kept[id_][-1].text if id_ in self.kept else ""

    # What holds

    def number_of(self, one: str) -> int:
        """The version whose words a locator names; 0 if none with that text is kept."""
        wanted = parse_locator(one)
        same = [
            version.number
            for version in self.kept.get(wanted.document_id, [])
            if digest(version.text)[:12] == wanted.text_sha256
        ]
        return max(same, default=0)

    @invariant()
    def every_locator_names_its_words_while_a_version_of_its_text_is_kept(self) -> None:
        for one, words in self.named.items():
            if number := self.number_of(one):
                found = resolved(self.collection, one, around=9)
                assert (found.citation.quote, found.citation.version) == (words, number)
                newest = self.kept[found.citation.document_id][-1]
                assert found.today.version == newest.number
                if digest(newest.text) == found.citation.text_sha256:
                    assert found.today.standing.status == "current"
            else:
                with pytest.raises(CitationNotFound, match="deleted, the version was pruned"):
                    self.collection.archive.cite(one)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=examples(25, few=6),
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow],
)
