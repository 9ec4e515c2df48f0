"""Put what amends a passage before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from index.answers import Answer, Hit

_SAME_CLAUSE = 0.3
"""Least share of the terms of the shorter of two passages that are in the other, if one amends the other."""

Hashes = Callable[[str], Iterable[int]]


def put_amendments_first(
    answer: Answer, amending: Answer, newer: Mapping[str, Sequence[str]], k: int, hashes: Hashes
) -> Answer:
    """Put the hits that amend a hit before it.

    ``newer`` are the ids of the documents that supersede the document of a hit, and ``amending`` answers from
    these alone.
    """
    hits: list[Hit] = []
    for hit in answer.hits:
        ids = newer.get(hit.citation.document_id, ())
        hits.extend(
            replace(one, probability=max(one.probability, hit.probability))
            for one in amending.hits
            if one.citation.document_id in ids and _are_alike(one, hit, hashes)
        )
        hits.append(replace(hit, superseded_by=tuple(ids)))
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.citation.locator, hit)
    ranked = [replace(hit, rank=rank) for rank, hit in enumerate([*first.values()][:k], 1)]
    return replace(answer, hits=tuple(ranked))


def _are_alike(one: Hit, other: Hit, hashes: Hashes) -> bool:
    mine, theirs = set(hashes(one.text)), set(hashes(other.text))
    fewer = min(len(mine), len(theirs))
    return fewer > 0 and len(mine & theirs) >= _SAME_CLAUSE * fewer
