"""Names of documents and passages for tools and resources: ids, addresses and URIs."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote as percent_encode, unquote

from index.answers import Citation
from index.citations import Locator, parse_locator
from index.errors import InvalidLocator
from index.naming import stored_id
from service.faces.mcp.tools.backend import Backend
from service.http.links import with_absolute_links, with_links, with_proof
from service.state.identity import Scope

_SCHEME = "loccit://"
_PROOF = "?proof="
_PART = "?part"
DOCUMENT_TEMPLATE = f"{_SCHEME}documents/{{collection}}/{{+document_id}}"
CITATION_TEMPLATE = f"{_SCHEME}citations/{{collection}}/{{+locator}}"


@dataclass(frozen=True, slots=True)
class Named:
    """A document, or a span of one where there is a ``locator``.

    ``is_part``: it is a part of a long text, to be read as it is.
    """

    document_id: str
    locator: Locator | None = None
    proof: str = ""
    is_part: bool = False

    @staticmethod
    def parse(id_: str) -> Named:
        """Read the id of a result: a locator, perhaps with a proof, or the id of a document."""
        name, _, proof = id_.removesuffix(_PART).partition(_PROOF)
        try:
            locator = parse_locator(name)
        except InvalidLocator:
            return Named(stored_id(id_))
        return Named(locator.document_id, locator, proof, is_part=id_.endswith(_PART))


def part_id(locator: str) -> str:
    """The id of a part of a long text."""
    return f"{locator}{_PART}"


def result_id(citation: Citation, collection: str, backend: Backend) -> str:
    """The id of a passage: its locator, with a proof for a caller who needs one."""
    if backend.prover is None or backend.caller.scope is not Scope.ASK:
        return citation.locator
    collection = citation.collection or collection
    return f"{citation.locator}{_PROOF}{backend.prover.proof(collection, citation.locator)}"


def web_address(citation: Citation, collection: str, backend: Backend) -> str:
    """The web address of a passage: in its original if that is on the web, else in Loccit's viewer.

    Without an address of the service it is the URI of the citation.
    """
    collection = citation.collection or collection
    if source := citation.links.get("source"):
        return source
    if not backend.base:
        return citation_uri(collection, citation.locator)
    if backend.prover is not None and backend.caller.scope is Scope.ASK:
        citation = with_proof(citation, collection, backend.prover)
    return with_absolute_links(with_links(citation, collection), backend.base).links["view"]


def document_uri(collection: str, document_id: str) -> str:
    """The URI of a document."""
    return f"{_SCHEME}documents/{collection}/{percent_encode(document_id, safe='/@:')}"


def citation_uri(collection: str, locator: str) -> str:
    """The URI of a citation."""
    return f"{_SCHEME}citations/{collection}/{percent_encode(locator, safe='/@:')}"


def parse_uri(uri: str) -> tuple[str, str, str] | None:
    """The kind (``documents`` or ``citations``), collection and name in a URI; None for other URIs."""
    if not uri.startswith(_SCHEME):
        return None
    kind, _, rest = uri.removeprefix(_SCHEME).partition("/")
    collection, _, name = rest.partition("/")
    return (kind, collection, unquote(name)) if kind in ("documents", "citations") and name else None
