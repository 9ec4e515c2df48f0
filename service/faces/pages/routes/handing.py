"""Hand on the answer of the page to ask on: as Markdown, or all its citations in one file."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from index.answers import Citation
from index.citations import Format, format_citation
from service.faces.client import HttpClient
from service.faces.dependencies import Caller, ReadyAnswering
from service.faces.pages.asking import HomeQuery
from service.faces.pages.asking.showing import nothing_found, shown_verdict
from service.faces.pages.context import context_of
from service.faces.pages.languages import Language
from service.faces.pages.routes.ask import parse_question
from service.flows.answer.finding import Found, find
from service.http.links import base_url, with_absolute_links, with_links
from service.http.route import GuardedRoute
from service.state.collections import Collections
from service.state.identity import Scope, access

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)

Kind = Literal["markdown", "bibtex", "csl_json"]
_FILES: Mapping[Kind, tuple[str, str]] = {
    "markdown": ("answer.md", "text/markdown; charset=utf-8"),
    "bibtex": ("citations.bib", "application/x-bibtex; charset=utf-8"),
    "csl_json": ("citations.json", "application/vnd.citationstyles.csl+json"),
}
"""The name and the media type of each file."""
_MARKUP = re.compile(r"([\\`*_\[\]<>~|$^])")
Cite = Callable[[Citation, Format, str], object]
"""Formats a citation, with the label of a footnote."""


class HandOnQuery(HomeQuery):
    """The query of the page, and the file that is wanted."""

    form: Kind = Field("markdown", description="The file.")


@router.get("/hand-on")
@access(Scope.READ, "answers", "citations")
async def hand_on(
    request: Request, query: Annotated[HandOnQuery, Query()], caller: Caller, answering: ReadyAnswering
) -> Response:
    """The answer to the question of the page as a file to download."""
    asked = parse_question(query.model_copy(update={"mode": "", "judged": "1"}), caller, answering)
    found = await find(HttpClient(request), answering, caller, asked)
    language = context_of(request.scope).language
    base = base_url(request.scope, answering.settings.public_url)
    citing = _Citing(answering.collections, found, base)
    make = partial(_make, query.form, query.question, found, citing, language)
    text = await answering.pools.texts.run(make)
    name, media_type = _FILES[query.form]
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-cache"}
    return Response(text.encode("utf-8", "replace"), media_type=media_type, headers=headers)


@dataclass(frozen=True, slots=True)
class _Citing:
    """Formats the citations of an answer, each with what is known of its document."""

    collections: Collections
    found: Found
    base: str

    def __call__(self, citation: Citation, form: Format, label: str) -> object:
        name = citation.collection or self.found.collection
        archive = self.collections.open(self.found.caller, name).archive
        version = archive.version(citation.document_id, citation.version)
        return format_citation(
            with_absolute_links(with_links(citation, name), self.base),
            form,
            provenance=version.provenance,
            label=label,
            accessed=datetime.now(UTC).date(),
        )


def _make(form: Kind, question: str, found: Found, cite: Cite, language: Language) -> str:
    citations = _cited(found)
    if form == "markdown":
        return "\n".join(_markdown(question, found, citations, cite, language)) + "\n"
    each = [cite(one, form, str(number)) for number, one in enumerate(citations, 1)]
    return json.dumps(each, ensure_ascii=False, indent=1) if form == "csl_json" else "\n".join(map(str, each))


def _cited(found: Found) -> Sequence[Citation]:
    """The sentences of an answer; of one that declines, the nearest passages."""
    sentences = [one.citation for one in found.extract.sentences]
    return sentences or [hit.citation for hit in found.answer.hits]


def _markdown(
    question: str, found: Found, citations: Sequence[Citation], cite: Cite, language: Language
) -> Iterator[str]:
    """The lines of an answer: its sentences as quotes, and a footnote for each."""
    yield f"# {_plain(question)}"
    verdict = (
        shown_verdict(found.answer.answerability, language)
        if found.answer.hits
        else nothing_found(found.answer.unasked, language)
    )
    if found.declines:
        yield f"\n{verdict.declined} {language.t('The nearest passages')}:"
    for number, citation in enumerate(citations, 1):
        yield "\n" + "\n".join(f"> {_plain(line)}" for line in citation.quote.strip().splitlines())
        yield f"> [^{number}]"
    yield f"\n{verdict.words}\n"
    for number, citation in enumerate(citations, 1):
        yield str(cite(citation, "markdown_footnote", str(number)))


def _plain(text: str) -> str:
    """Text in which Markdown finds no markup."""
    plain = _MARKUP.sub(r"\\\1", " ".join(text.split()))
    return re.sub(r"^(#+|[-+>]|\d+[.)])(?=\s)", r"\\\1", plain)
