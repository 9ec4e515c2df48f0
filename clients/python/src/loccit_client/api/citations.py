"""Look up, verify and follow citations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict, Unpack

import httpx

from loccit_client.api.asking import Format
from loccit_client.calls import Call, Events, data_of, json_of, nothing, one, without_defaults
from loccit_client.decoding import Json, decode
from loccit_client.models import (
    AnswerSentence,
    Changes,
    Conflicts,
    ConflictsPlace,
    EvidencePack,
    PublicKeys,
    QuoteVerdict,
    ResolvedCitation,
    Thresholds,
    Verdict,
    VerifyResult,
)
from loccit_client.sse import ServerEvent


class CitedQuote(TypedDict):
    """A locator with the quote that it is said to have."""

    locator: str
    quote: NotRequired[str]
    prefix: NotRequired[str]
    suffix: NotRequired[str]


class BareQuote(TypedDict):
    """A quote that a document, or any document, is said to have."""

    quote: str
    document_id: NotRequired[str]
    prefix: NotRequired[str]
    suffix: NotRequired[str]


class SourceText(TypedDict):
    """A text to verify by in place of a collection."""

    text: str
    title: NotRequired[str]


def cite(
    locator: str, *, around: int = 300, proof: str = "", collection: str | None = None
) -> Call[ResolvedCitation]:
    """The quote that a locator names, the text around it, and its status in the newest version.

    ``around`` is the most characters of text on each side. ``proof`` is from the link of an answer: keys of
    the scope ask need it.
    """
    return Call(
        method="GET",
        path="/v1/citations/{locator}",
        named={"locator": locator},
        query={"around": around, "proof": proof or None},
        read=one(ResolvedCitation),
        collection=collection,
    )


def cite_as(
    locator: str, shape: Format, *, proof: str = "", collection: str | None = None
) -> Call[str | Mapping[str, Any]]:
    """A citation in a format of other programs: a text, or for the JSON formats an object."""
    return Call(
        method="GET",
        path="/v1/citations/{locator}",
        named={"locator": locator},
        query={"format": shape, "proof": proof or None},
        read=_read_formatted,
        collection=collection,
    )


class VerifyOptions(TypedDict, total=False):
    """What to verify, and how; what is left out has the service's default.

    ``answer`` is a text, ``cited`` the locators of the passages that it was given, in the order of its marks:
    [1] is the first. ``sources`` are texts to verify by in place of the collection, which are not stored.
    ``claims=False`` judges the quotes of the answer only; ``read=False`` compares words, numbers and names
    without a model. ``supported_from`` is the least probability of a sentence that is supported.
    """

    citations: Sequence[str | CitedQuote]
    quotes: Sequence[str | BareQuote]
    answer: str | None
    cited: Sequence[str]
    sources: Sequence[SourceText]
    claims: bool
    read: bool
    supported_from: float | None
    collection: str | None


@dataclass(frozen=True, slots=True)
class VerifyEvent:
    """A verdict as it is made: ``sentence``, ``citation``, ``quote``, and at the end ``finished``.

    ``data`` is the JSON of the event. A ``sentence`` of the answer comes with the verdicts on its ``quotes``;
    ``verdict`` is that on a citation or quote of its own, ``result`` all of them.
    """

    name: str
    data: Json
    sentence: AnswerSentence | None = None
    quotes: Sequence[QuoteVerdict] = ()
    verdict: Verdict | None = None
    result: VerifyResult | None = None


def verify(**options: Unpack[VerifyOptions]) -> Call[VerifyResult]:
    """Verify citations, quotes, and what an answer says; see :class:`VerifyOptions`."""
    return Call(
        method="POST",
        path="/v1/verify",
        json=_verify_body(options),
        read=one(VerifyResult),
        collection=options.get("collection"),
    )


def verify_events(**options: Unpack[VerifyOptions]) -> Events[VerifyEvent]:
    """The verdicts of :func:`verify` as they are made; a long text has more time for them."""
    call = Call(
        method="POST",
        path="/v1/verify",
        json={**_verify_body(options), "stream": True},
        read=nothing,
        collection=options.get("collection"),
    )
    return Events(call=call, read=_event)


def verify_evidence(
    *,
    citations: Sequence[str | CitedQuote] = (),
    quotes: Sequence[str | BareQuote] = (),
    answer: str | None = None,
    cited: Sequence[str] = (),
    claims: bool = True,
    collection: str | None = None,
) -> Call[EvidencePack]:
    """Return what :func:`verify` does, as evidence: signed, and to be kept as it is; ``raw`` is the pack."""
    body = _to_verify(citations, quotes, answer, cited, claims=claims)
    return Call(method="POST", path="/v1/evidence", json=body, read=one(EvidencePack), collection=collection)


def verify_thresholds() -> Call[Thresholds]:
    """Precision and recall of the thresholds from which a sentence is supported, on public sets."""
    return Call(method="GET", path="/v1/verify/thresholds", read=one(Thresholds), has_collection=False)


def evidence_keys() -> Call[PublicKeys]:
    """The public keys of the installation, which sign evidence or did so, oldest first."""
    return Call(method="GET", path="/v1/evidence/keys", read=one(PublicKeys), has_collection=False)


def _verify_body(options: VerifyOptions) -> Json:
    """The body of a request; options with the value of the default are left out."""
    body = _to_verify(
        options.get("citations", ()),
        options.get("quotes", ()),
        options.get("answer"),
        options.get("cited", ()),
        claims=options.get("claims", True),
    )
    if "answer" in body:
        body["answer"] |= without_defaults(supported_from=options.get("supported_from"))
        body["answer"] |= {} if options.get("read", True) else {"read": False}
    return body | without_defaults(sources=list(options.get("sources", ())))


def _event(event: ServerEvent) -> VerifyEvent:
    data = data_of(event)
    return VerifyEvent(
        event.name,
        data,
        sentence=decode(AnswerSentence, data) if event.name == "sentence" else None,
        quotes=[decode(QuoteVerdict, quote) for quote in data.get("quotes", ())]
        if event.name == "sentence"
        else (),
        verdict=decode(Verdict, data) if event.name in ("citation", "quote") else None,
        result=decode(VerifyResult, data) if event.name == "finished" else None,
    )


def _to_verify(
    citations: Sequence[str | CitedQuote],
    quotes: Sequence[str | BareQuote],
    answer: str | None,
    cited: Sequence[str],
    *,
    claims: bool,
) -> Json:
    body = without_defaults(citations=list(citations), quotes=list(quotes))
    if answer is not None:
        body["answer"] = {"text": answer, "citations": list(cited), "claims": claims}
    return body


def conflicts(
    citations: Sequence[str] = (),
    *,
    after: ConflictsPlace | Json | None = None,
    limit: int | None = None,
    as_of: int | None = None,
    collection: str | None = None,
) -> Call[Conflicts]:
    """Documents that disagree with cited sentences; without citations a page of those of a collection.

    Go on with ``after=reply.next`` until that is None.
    """
    place = after.raw if isinstance(after, ConflictsPlace) else after
    body = without_defaults(citations=list(citations), after=place, limit=limit, as_of=as_of)
    return Call(method="POST", path="/v1/conflicts", json=body, read=one(Conflicts), collection=collection)


def changes(*, since: int = 0, limit: int | None = None, collection: str | None = None) -> Call[Changes]:
    """The changes of documents after a change."""
    return Call(
        method="GET",
        path="/v1/changes",
        query={"since": since, "limit": limit},
        read=one(Changes),
        collection=collection,
    )


def follow(
    citations: Sequence[str],
    *,
    since: int = 0,
    until: int | None = None,
    limit: int | None = None,
    collection: str | None = None,
) -> Call[Changes]:
    """The changes of documents after a change, and the status of citations after the last one listed."""
    body = {"citations": list(citations), "since": since} | without_defaults(until=until, limit=limit)
    return Call(method="POST", path="/v1/changes", json=body, read=one(Changes), collection=collection)


def _read_formatted(response: httpx.Response) -> str | Mapping[str, Any]:
    if "json" not in response.headers.get("Content-Type", ""):
        return response.content.decode()
    found: Mapping[str, Any] = json_of(response)
    return found
