"""A collection of a data folder that is opened in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from cli.instances import CONTEXT, CollectionRow, Format, Json, Place, Question, describe_model
from cli.options import read_settings
from index.answers import Answer, Turn
from index.citations import Claim, format_citation, in_force, parse_locator
from index.collection import Collection, Place as ConflictsPlace
from index.errors import Damaged
from index.filters import parse_filter
from index.library import Library
from index.search import merge_answers
from service.faces.api.schemas.answers import answer_json
from service.faces.api.schemas.changes import citation_status_json, event_json
from service.faces.api.schemas.citations import resolved_json
from service.faces.api.schemas.conflicts import page_json
from service.faces.api.schemas.documents import deleted_json, document_json, hunk_json, version_json
from service.faces.api.schemas.evidence import answer_content, public_key_json, verification_content
from service.faces.api.schemas.gaps import gaps_json
from service.faces.api.schemas.values import state_json
from service.faces.api.schemas.verdicts import report_json, verdict_json
from service.flows.ask.planning import nothing_to_ask, validate_count
from service.flows.evidence_packs.signing import open_signer
from service.flows.gaps import Kept, find_gaps_here, read_kept
from service.flows.ingest.background.purging import open_purger
from service.http.links import with_absolute_links, with_links
from service.settings import Settings
from service.state.jobs import has_jobs, open_job_store
from service.state.jobs.erasing import cancelling_jobs
from service.state.library import open_library
from service.state.questions import KEEP_DAYS, has_questions, open_question_store


@contextmanager
def open_folder(place: Place) -> Iterator[Folder]:
    """Open the data folder of the settings."""
    settings = read_settings(place.data)
    with open_library(settings) as library:
        yield Folder(library, place.collection, settings)


class Folder:
    """See :class:`cli.instances.Instance`."""

    def __init__(self, library: Library, collection: str, settings: Settings) -> None:
        self._library = library
        self._settings = settings
        self.collection = collection

    @cached_property
    def _collection(self) -> Collection:
        return self._library.open(self.collection)

    def prepare(self, question: Question) -> None:
        if question.collections is None:
            self._library.open(self.collection)

    def ask(self, question: Question) -> Json:
        return answer_json(self._ask(question), self.collection)

    def answer(self, question: Question) -> Json:
        from cli.instances.answering import answer

        return answer(self._collection, question, self._ask, least=self._settings.min_answerability)

    def _ask(self, question: Question) -> Answer:
        if question.collections is None:
            return self._ask_one(self._collection, question)
        names = self._library.names() if question.collections == "*" else question.collections
        if question.collections == "*" and not names:
            raise nothing_to_ask()
        validate_count(len(names))
        found = {name: self._ask_one(self._library.open(name), question) for name in names}
        return merge_answers(found, k=question.k)

    @staticmethod
    def _ask_one(collection: Collection, question: Question) -> Answer:
        where = None if question.where is None else parse_filter(question.where)
        return collection.ask(
            question.text,
            k=question.k,
            where=where if question.in_force is None else in_force(question.in_force, where),
            turns=[Turn(one["role"], one["text"]) for one in question.turns],  # type: ignore[arg-type]
            as_of=(
                collection.archive.change_at(question.as_of.timestamp())
                if isinstance(question.as_of, datetime)
                else question.as_of
            ),
            extent=question.extent,
            max_per_document=question.max_per_document,
            near_duplicates=question.near_duplicates,
        )

    def cite(self, locator: str, proof: str = "") -> Json:
        opened = self._collection
        with opened.archive.resolution() as resolution:
            found = resolution.resolve(parse_locator(locator), around=CONTEXT)
        return resolved_json(found, opened.state, self.collection)

    def cite_as(self, locator: str, shape: Format) -> str | Mapping[str, Any]:
        with self._collection.archive.resolution() as resolution:
            found = resolution.resolve(parse_locator(locator), around=0)
        citation: Any = format_citation(
            with_absolute_links(with_links(found.citation, self.collection), self._settings.public_url),
            shape,
            provenance=found.version.provenance,
            accessed=datetime.now(UTC).date(),
            news=found.news,
        )
        return citation  # type: ignore[no-any-return] # text or JSON, as the shape says

    def verify_quotes(self, quotes: Sequence[str], document_id: str) -> list[Json]:
        with self._collection.verification(claims=False) as verification:
            verdicts = [verification.quote(Claim(quote, document_id)) for quote in quotes]
        return [verdict_json(verdict, self.collection) for verdict in verdicts]

    def verify_answer(self, text: str, cited: Sequence[str]) -> Json:
        with self._collection.verification(claims=True) as verification:
            report = verification.answer(text, [parse_locator(one) for one in cited])
        return report_json(text, report, self.collection)

    def sign_answer(self, question: Question) -> Json:
        content = answer_content(self.answer(question), self.collection, {"filter": question.where})
        with open_signer(self._settings) as signer:
            return signer.sign(content)

    def sign_verification(self, text: str, cited: Sequence[str]) -> Json:
        report = {"citations": [], "quotes": [], "answer": self.verify_answer(text, cited)}
        told = {**report, "index": state_json(self._collection.state)}
        content = verification_content(told, self.collection, {"text": text, "citations": list(cited)})
        with open_signer(self._settings) as signer:
            return signer.sign(content)

    def evidence_keys(self) -> list[Json]:
        with open_signer(self._settings) as signer:
            return [public_key_json(key) for key in signer.published()]

    def conflicts(self, citations: Sequence[str], after: Json | None) -> Json:
        opened = self._collection
        if citations:
            page = opened.conflicts.of_citations([parse_locator(one) for one in citations])
        else:
            page = opened.conflicts.scan(ConflictsPlace(**after) if after else ConflictsPlace())
        return page_json(page, self.collection, opened.state)

    def changes(self, since: int, until: int | None, limit: int, citations: Sequence[str]) -> Json:
        opened = self._collection
        locators = [parse_locator(one) for one in citations]
        feed, statuses = opened.archive.changes(since=since, until=until, limit=limit, locators=locators)
        return {
            "since": since,
            "until": feed.until,
            "more": feed.more,
            "documents": [event_json(event) for event in feed.events],
            "citations": [citation_status_json(one, self.collection) for one in statuses],
            "index": state_json(opened.state),
        }

    def gaps(self, week: int) -> Json:
        url, days = self._library.config.store_url, self._settings.keep_unanswered_days
        kept = Kept()
        if has_questions(self._library.data, store=url):
            with closing(open_question_store(self._library.data, store=url)) as store:
                kept = read_kept(store, self._collection, None, week)
        is_kept = days > 0 or kept.since is not None
        found = find_gaps_here(kept, self._collection)
        return gaps_json(kept, found, self.collection, days or KEEP_DAYS, is_kept=is_kept)

    def diff(self, document_id: str, old: int, new: int | None) -> Json:
        before, after, hunks = self._collection.archive.diff(document_id, old, new)
        return {
            "document_id": document_id,
            "old": version_json(before, self.collection),
            "new": version_json(after, self.collection),
            "hunks": [hunk_json(hunk) for hunk in hunks],
        }

    def documents(self, *, retired: bool) -> Iterator[Json]:
        for record in self._collection.archive.all_documents(retired=retired):
            yield document_json(record, self.collection)

    def collections(self) -> list[CollectionRow]:
        return [
            CollectionRow({"name": name, **asdict(self._library.counts(name))}, self._describe_model(name))
            for name in self._library.names()
        ]

    def _describe_model(self, name: str) -> str:
        """The model of a collection, and whether an upgrade is available."""
        try:
            description = self._library.description(name)
        except Damaged as error:
            return error.code
        outdated = description.differences(self._library.config)
        return describe_model(description.model_name, description.precision, outdated)

    def count_documents(self) -> int:
        return self._library.counts(self.collection).documents

    def delete(self, document_id: str) -> Json:
        deleted = self._collection.editor.delete(document_id)
        return deleted_json(deleted, self._collection.state.change, "pending")

    def purge(self) -> str:
        return purge(self._library, self.collection)

    def delete_collection(self) -> None:
        with ExitStack() as stack:
            data, url = self._library.data, self._library.config.store_url
            if has_jobs(data, store=url):
                store = stack.enter_context(closing(open_job_store(data, store=url)))
                stack.enter_context(cancelling_jobs(self.collection, store))
            self._library.delete(self.collection)
        with open_purger(self._library) as purger:
            purger.finish_deleted()


def purge(library: Library, collection: str) -> str:
    """Remove what was erased from all files, all of it at once; ``pending`` if another process uses some."""
    with open_purger(library) as purger:
        return purger.finish(library.open(collection))
