"""Proofs of citations, and links that visitors open without a key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from service.state.identity import Principal, Prover, Scope

PLACE = ("default", "a.txt@0123456789ab:0-5")
VISITED = Principal("k1", "a site", Scope.ASK, origins=("https://www.example.org",))


def test_a_proof_is_for_one_citation_of_one_collection() -> None:
    prover = Prover(b"secret")
    proof = prover.proof(*PLACE)
    assert prover.is_proven(*PLACE, proof)
    assert not prover.is_proven("other", PLACE[1], proof)
    assert not prover.is_proven(*PLACE, proof[:-1])
    assert not Prover(b"another").is_proven(*PLACE, proof)


def test_a_visitors_link_names_its_key_until_it_expires() -> None:
    now = 1e9
    prover = Prover(b"secret", days=2, clock=lambda: now)
    proof = prover.of(VISITED).link_proof(*PLACE)
    assert prover.key_of_link(*PLACE, proof) == "k1"
    assert prover.is_proven(*PLACE, proof)
    assert prover.key_of_link("other", PLACE[1], proof) == ""
    key, expires, signature = proof.split(".")
    for forged in (
        f"k2.{expires}.{signature}", f"{key}.{int(expires) + 1}.{signature}", f"{key}.{expires}.",
        f"{key}..{signature}", f"{key}.{expires}", f"{key}.\u0663.{signature}", f".{expires}.{signature}",
        "..", "", f"{key}.{'9' * 5000}.{signature}",
    ):  # fmt: skip
        assert prover.key_of_link(*PLACE, forged) == ""
        assert not prover.is_proven(*PLACE, forged)
    now += 2 * 24 * 3600
    assert prover.key_of_link(*PLACE, proof) == ""
    assert not prover.is_proven(*PLACE, proof)


@pytest.mark.parametrize(
    "caller",
    [replace(VISITED, origins=()), VISITED.on_behalf_of(["staff"]), None],
    ids=["no origins", "narrowed", "none"],
)
def test_other_callers_get_links_that_need_a_key(caller: Principal | None) -> None:
    prover = Prover(b"secret")
    mine = prover if caller is None else prover.of(caller)
    assert mine.link_proof(*PLACE) == prover.proof(*PLACE)
    assert prover.key_of_link(*PLACE, mine.link_proof(*PLACE)) == ""
