"""The tools that read documents and citations: fetch and cite."""

from datetime import UTC, datetime

from pydantic_core import to_json

from index.citations import Format, Locator, Resolved, format_citation, locator_of
from index.collection import Collection
from index.errors import InvalidLocator
from index.records import VersionRecord
from service.errors import Forbidden
from service.faces.api.requests.cited_spans import (
    ASK_AROUND,
    MAX_QUOTE_CHARACTERS,
    check_locator,
    check_proof,
)
from service.faces.mcp.tools.arguments import CiteArguments, FetchArguments
from service.faces.mcp.tools.backend import Backend
from service.faces.mcp.tools.names import Named, part_id, result_id, web_address
from service.faces.mcp.tools.results import CiteResult, FetchedText
from service.http.links import with_absolute_links, with_links, with_proof
from service.state.identity import Scope

_CONTEXT = 300
"""Code points before and after a quote that is looked up."""


async def fetch(backend: Backend, given: FetchArguments) -> FetchedText:
    """Read a document, or the part of a long one around a passage.

    Of a long document at most as many characters as a citation may have. For a caller who may only ask, the
    surroundings of a passage of its answers, as long as those of a citation.
    """
    named, collection = Named.parse(given.id), backend.collection
    most = MAX_QUOTE_CHARACTERS
    if named.locator is None:
        if backend.caller.scope is Scope.ASK:
            raise Forbidden(
                "A key with the scope ask may fetch the results of its searches only. Use the id of one."
            )
        return await backend.read(
            collection, lambda opened: _read_beginning(opened, backend, named.document_id, most)
        )
    locator = _require_locator(backend, collection, named)
    if backend.caller.scope is Scope.ASK:
        return await backend.read(
            collection, lambda opened: _read_surroundings(opened, backend, locator, ASK_AROUND)
        )
    around = 0 if named.is_part else (most - (locator.end - locator.start)) // 2
    return await backend.read(
        collection, lambda opened: _read_surroundings(opened, backend, locator, around, most=most)
    )


def _require_locator(backend: Backend, collection: str, named: Named) -> Locator:
    """The locator that was named, if the caller may look it up."""
    if named.locator is None:
        raise InvalidLocator(
            f"{named.document_id[:200]!r} is not a locator. Use the locator of a passage that ask returned."
        )
    locator = check_locator(str(named.locator))
    if backend.prover is not None and backend.caller.scope is Scope.ASK:
        check_proof(backend.prover, collection, str(locator), named.proof)
    return locator


def _read_beginning(opened: Collection, backend: Backend, document_id: str, most: int) -> FetchedText:
    version, text = opened.archive.text(document_id)
    with opened.archive.resolution() as resolution:
        # No stored text is empty. The page that shows its first character shows its beginning.
        beginning = resolution.citation(version, 0, 1)
    url = web_address(beginning, backend.collection, backend)
    return _fetched_text(document_id, text[:most], url, version, start=0, most=most)


def _read_surroundings(
    opened: Collection, backend: Backend, locator: Locator, around: int, *, most: int = 0
) -> FetchedText:
    with opened.archive.resolution() as resolution:
        found = resolution.resolve(locator, around=max(0, around))
    citation = found.citation
    text = found.before + citation.quote + found.after
    return _fetched_text(
        result_id(citation, backend.collection, backend),
        text,
        web_address(citation, backend.collection, backend),
        found.version,
        start=citation.start - len(found.before),
        most=most,
    )


def _fetched_text(
    id_: str, text: str, url: str, version: VersionRecord, *, start: int, most: int
) -> FetchedText:
    """The text of a version from ``start``; the part that follows has at most ``most`` characters."""
    end = start + len(text)
    following = None
    if most and end < version.length:
        following = part_id(locator_of(version, end, min(version.length, end + most)))
    own = {
        "document_id": version.document_id,
        "version": version.number,
        "start": start,
        "end": end,
        "length": version.length,
        "next": following,
        "says_of_itself": version.provenance.says_of_itself,
    }
    return FetchedText(
        id=id_,
        title=version.title or version.document_id,
        text=text,
        url=url,
        metadata={**version.provenance.metadata, **own},
    )


async def cite(backend: Backend, given: CiteArguments) -> CiteResult:
    """Look up a citation, and locate it in the newest version."""
    collection = given.collection or backend.collection
    locator = _require_locator(backend, collection, Named.parse(given.locator))
    around = min(_CONTEXT, ASK_AROUND)

    def look_up(opened: Collection) -> CiteResult:
        with opened.archive.resolution() as resolution:
            return _cite_result(resolution.resolve(locator, around=around), collection, backend, given.format)

    return await backend.read(collection, look_up)


def _cite_result(found: Resolved, collection: str, backend: Backend, shape: Format | None) -> CiteResult:
    citation, now = found.citation, found.today.citation
    return CiteResult(
        locator=result_id(citation, collection, backend),
        quote=citation.quote,
        before=found.before,
        after=found.after,
        title=citation.title,
        document_id=citation.document_id,
        version=citation.version,
        section=list(citation.section),
        pages=citation.pages,
        printed_pages=citation.printed_pages,
        url=web_address(citation, collection, backend),
        status=found.today.standing.status,
        current_locator=result_id(now, collection, backend) if now else "",
        formatted="" if shape is None else _format_citation(found, collection, backend, shape),
    )


def _format_citation(found: Resolved, collection: str, backend: Backend, shape: Format) -> str:
    citation = found.citation
    if backend.prover is not None and backend.caller.scope is Scope.ASK:
        citation = with_proof(citation, collection, backend.prover)
    made = format_citation(
        with_absolute_links(with_links(citation, collection), backend.base),
        shape,
        provenance=found.version.provenance,
        accessed=datetime.now(UTC).date(),
        news=found.news,
    )
    return made if isinstance(made, str) else to_json(made).decode()
