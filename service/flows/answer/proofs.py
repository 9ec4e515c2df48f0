"""Citations as a caller may follow them: with the scope ask by links that carry a proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from index.answers import Citation
from index.citations import StatementVerdict, Today, Verdict
from service.http.links import with_proof
from service.state.identity import Principal, Prover, Scope

Shown = Callable[[Citation], Citation]


def linker_for(caller: Principal, collection: str, prover: Prover) -> Shown:
    """A function that gives citations of a collection links that the caller may follow."""
    if caller.scope is not Scope.ASK:
        return lambda citation: citation
    return lambda citation: with_proof(citation, collection, prover)


def statement_with_links(verdict: StatementVerdict, shown: Shown) -> StatementVerdict:
    """A verdict on a sentence with citations that a caller may follow."""
    return replace(
        verdict,
        citation=_citation_with_links(verdict.citation, shown),
        today=_today_with_links(verdict.today, shown),
    )


def quote_with_links(verdict: Verdict, shown: Shown) -> Verdict:
    """A verdict on a quote with citations that a caller may follow."""
    parts = tuple(shown(one) for one in verdict.parts)
    citation, today = _citation_with_links(verdict.citation, shown), _today_with_links(verdict.today, shown)
    return replace(verdict, citation=citation, today=today, parts=parts)


def _citation_with_links(citation: Citation | None, shown: Shown) -> Citation | None:
    return None if citation is None else shown(citation)


def _today_with_links(today: Today | None, shown: Shown) -> Today | None:
    return None if today is None else replace(today, citation=_citation_with_links(today.citation, shown))
