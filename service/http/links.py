"""Addresses of the service: of documents, citations, jobs and pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote as percent_encode, urlencode

from starlette.types import Scope

from index.answers import Citation
from index.citations import locator_of, parse_locator
from index.records import VersionRecord
from index.types import Figure
from service.monitoring.reads import note_read
from service.state.identity import Prover

DEFAULT_COLLECTION = "default"
VIEW = "/view/"
"""Prefix of the addresses of citations' pages."""
FIGURE_WIDTH = 1000
"""Width of a picture that a citation links to, in pixels."""
OPEN_PATHS = ("/healthz", "/readyz")
"""Health checks, which need no API key: a process supervisor has none."""
SIGN_IN = "/sign-in"
"""The page to sign in on; below it are the addresses of providers."""
HOOKS = "/hooks/sources/"
"""Prefix of the addresses at which applications say that a source has changed; they sign it."""
MCP = "/mcp"
RESOURCE_METADATA = "/.well-known/oauth-protected-resource"
"""Address of what clients of OAuth ask first (RFC 9728), followed by the path of the resource."""
ASSETS = "/static/"
"""Prefix of the addresses of stylesheets and scripts, which everyone may load."""
_EVIDENCE = re.compile(r"(.+)\|([0-9]{1,12})-([0-9]{1,12})", re.DOTALL)


def document_path(document_id: str) -> str:
    """The address of a document."""
    return f"/v1/documents/{percent_encode(document_id, safe='/@:')}"


def text_path(document_id: str, version: int) -> str:
    """The address of the text of a version."""
    return f"{document_path(document_id)}/text?version={version}"


def citation_path(locator: str) -> str:
    """The address of a citation."""
    return f"/v1/citations/{percent_encode(locator, safe='/@:')}"


def view_path(locator: str) -> str:
    """The address of the page that shows a citation in its document."""
    return f"{VIEW}{percent_encode(locator, safe='/@:')}"


def job_path(job_id: str) -> str:
    """The address of a job."""
    return f"/v1/jobs/{job_id}"


def with_links(citation: Citation, collection: str) -> Citation:
    """A citation of a collection with links to this service: itself, its text, and the page that shows it.

    ``collection`` is that of a citation that does not name its own. Links that it has already stay, and a
    citation of a text that is in no collection (``""``) gets none.
    """
    collection = citation.collection or collection
    if collection:
        note_read(collection, citation.document_id)
    if not collection:
        return citation
    if "view" in citation.links:
        return citation if citation.collection else replace(citation, collection=collection)
    own = {
        "citation": citation_path(citation.locator),
        "text": text_path(citation.document_id, citation.version),
        "view": f"{view_path(citation.locator)}#quote",
        **({"figure": _figure_path(citation, citation.figure)} if citation.figure else {}),
    }
    links = {name: in_collection(link, collection) for name, link in own.items()}
    return replace(citation, collection=collection, links={**links, **citation.links})


def _figure_path(citation: Citation, figure: Figure) -> str:
    """The address of a picture, cut from its page."""
    query = urlencode(
        {"version": citation.version, "page": figure.page, "figure": figure.start, "width": FIGURE_WIDTH}
    )
    return f"{document_path(citation.document_id)}/page.png?{query}"


def with_absolute_links(citation: Citation, base: str) -> Citation:
    """The citation with links to this service that begin with its address; as it is without one."""
    if not base:
        return citation
    links = {name: f"{base}{link}" if link.startswith("/") else link for name, link in citation.links.items()}
    return replace(citation, links=links)


def base_url(connection: Scope, public_url: str) -> str:
    """The address of this service for a caller: the one that is configured, else that of the request.

    Empty for a request that names no host.
    """
    if public_url:
        return public_url
    host = next((value.decode("latin-1") for name, value in connection["headers"] if name == b"host"), "")
    scheme = "https" if connection["state"].get("secure") else "http"
    return f"{scheme}://{host}" if host else ""


def with_proof(citation: Citation, collection: str, prover: Prover) -> Citation:
    """A citation of a collection with links that carry a proof, and without one to the whole text."""
    locator, collection = citation.locator, citation.collection or collection
    proof = urlencode({"proof": prover.proof(collection, locator)})
    link_proof = urlencode({"proof": prover.link_proof(collection, locator)})
    own = {
        "citation": in_collection(f"{citation_path(locator)}?{proof}", collection),
        "view": in_collection(f"{view_path(locator)}?{link_proof}#quote", collection),
    }
    return replace(citation, collection=collection, links={**own, **citation.links})


@dataclass(frozen=True, slots=True)
class CitedWith:
    """A locator and the evidence inside its quote, written ``locator|start-end|start-end``."""

    locator: str
    evidence: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        return "|".join([self.locator, *(f"{start}-{end}" for start, end in self.evidence)])

    @staticmethod
    def parse(written: str) -> CitedWith:
        """Read what :meth:`__str__` wrote. Raises :class:`index.errors.InvalidLocator`."""
        locator = written
        spans: list[tuple[int, int]] = []
        while match := _EVIDENCE.fullmatch(locator):
            locator = match[1]
            spans.insert(0, (int(match[2]), int(match[3])))
        parse_locator(locator)
        return CitedWith(locator, tuple(spans))


def view_address(
    locator: str,
    cited: Sequence[CitedWith],
    collection: str,
    *,
    at: int | None = None,
    page: int | None = None,
    proof: str = "",
) -> str:
    """The address of a citation's page, with links to the answer's other citations.

    ``at`` is the offset in a long document that the page shows, ``page`` the number of a page of the file.
    ``proof`` shows that an answer contained the citation.
    """
    pairs = [("of", str(one)) for one in cited]
    elsewhere = [(name, str(one)) for name, one in (("at", at), ("page", page)) if one is not None]
    pairs += elsewhere
    if proof:
        pairs.append(("proof", proof))
    path = view_path(locator) + (f"?{urlencode(pairs)}" if pairs else "")
    return in_collection(path if elsewhere else f"{path}#quote", collection)


def reading_address(version: VersionRecord, collection: str) -> str:
    """The address of the page that shows a version from its start, without a mark; empty without text."""
    if not version.length:
        return ""
    return in_collection(f"{view_path(locator_of(version, 0, 1))}?mark=false", collection)


def in_version_address(locator: str, number: int, collection: str, *, mark: bool) -> str:
    """The address that leads to a citation's words in another version; without a mark, to its start."""
    query = urlencode({"version": number, **({} if mark else {"mark": "false"})})
    return in_collection(f"{view_path(locator)}?{query}{'#quote' if mark else ''}", collection)


def document_page_address(document_id: str, collection: str) -> str:
    """The address of the page about a document."""
    return in_collection(f"/library/document?{urlencode({'id': document_id})}", collection)


def comparison_address(document_id: str, old: int, new: int, collection: str) -> str:
    """The address of the page that compares two versions."""
    query = urlencode({"id": document_id, "old": old, "new": new})
    return in_collection(f"/library/document/diff?{query}", collection)


def page_image_address(document_id: str, version: int, page: int, width: int, collection: str) -> str:
    """The address of a drawn page of a version."""
    query = urlencode({"version": version, "page": page, "width": width})
    return in_collection(f"{document_path(document_id)}/page.png?{query}", collection)


def original_address(document_id: str, version: int, collection: str) -> str:
    """The address of the bytes that a version was read from."""
    return in_collection(f"{document_path(document_id)}/original?version={version}", collection)


def in_collection(path: str, collection: str) -> str:
    """Add the collection to the query of an address, unless it is the default one."""
    if collection == DEFAULT_COLLECTION:
        return path
    path, mark, fragment = path.partition("#")
    query = urlencode({"collection": collection})
    return f"{path}{'&' if '?' in path else '?'}{query}{mark}{fragment}"
