from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from service.flows.evidence_packs.pack import Json, canonical_bytes, verify_pack
from service.flows.evidence_packs.signing import Signer
from tests.service.flows.evidence_packs.made import contents, quote, signer

PAGE = Path(__file__).resolve().parents[4] / "docs/evidence.md"
TEXT = 'The "lamp" was lit at 5:30 — by Élise 👩‍🚒\nand \\ Osgood.'
SIGNER = signer()
CHANGES = 200
ALPHABET = 'abcdefAE0123456789 \n"\\{}[]:,.-_@é\u200b\u202e'


def verified_by_loccit(file: bytes) -> Json:
    found = verify_pack(file)
    if not found.holds or found.evidence is None:
        raise ValueError(found)
    return found.evidence


def lines_of_the_page() -> Callable[[bytes], Json]:
    """The function of the page that verifies a pack without Loccit."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len([line for line in code.splitlines() if line.strip()]) <= 31
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102
    found: Callable[[bytes], Json] = names["verify"]
    return found


VERIFIERS = {"loccit": verified_by_loccit, "page": lines_of_the_page()}


@pytest.fixture(params=VERIFIERS)
def verify(request: pytest.FixtureRequest) -> Callable[[bytes], Json]:
    return VERIFIERS[request.param]


def made(signs: Signer = SIGNER) -> Json:
    answer = {"question": "Who lit it?", "answerability": "0.8712", "sentences": [{"start": 0, "end": 20}]}
    quotes = [quote(TEXT, 0, 14), quote(TEXT, 34, len(TEXT))]
    return signs.sign({"collection": "default", "change": 120, "answer": answer, "quotes": quotes})


def written(pack: Json, **options: Any) -> str:
    return json.dumps(pack, ensure_ascii=False, **options)


@settings(max_examples=100)
@given(contents())
def test_every_pack_verifies_in_any_layout(content: Json) -> None:
    pack = SIGNER.sign(content)
    for text in (written(pack), written(pack, indent=2), json.dumps(pack), written(pack, sort_keys=True)):
        for verify in VERIFIERS.values():
            assert verify(text.encode()) == pack["evidence"]


def one_character_changes(text: str, seed: int) -> Iterator[str]:
    """Texts in which one character was replaced, added or left out."""
    chance = random.Random(seed)
    while True:
        at, new = chance.randrange(len(text)), chance.choice([*ALPHABET, *text])
        yield chance.choice(
            (text[:at] + new + text[at + 1 :], text[:at] + new + text[at:], text[:at] + text[at + 1 :])
        )


def is_same_json(one: str, other: str) -> bool:
    try:
        return canonical_bytes(json.loads(one)) == canonical_bytes(json.loads(other))
    except ValueError:
        return False


@pytest.mark.parametrize("layout", [{}, {"indent": 2}])
def test_no_change_of_one_character_passes(verify: Callable[[bytes], Json], layout: Json) -> None:
    text = written(made(), **layout)
    assert verify(text.encode())
    changes = (one for one in one_character_changes(text, seed=len(layout)) if not is_same_json(one, text))
    for _ in range(CHANGES):
        changed = next(changes)
        with pytest.raises(Exception):  # noqa: B017, PT011 # whatever: it does not return
            verify(changed.encode())
        assert not verify_pack(changed.encode()).holds


def test_no_digit_of_the_signature_may_be_written_otherwise(verify: Callable[[bytes], Json]) -> None:
    pack = made()
    for at, digit in enumerate(pack["signature"]):
        for other in {digit.upper(), f"{digit} ", "0", "f", ""} - {digit}:
            signature = pack["signature"][:at] + other + pack["signature"][at + 1 :]
            with pytest.raises(Exception):  # noqa: B017, PT011
                verify(written({**pack, "signature": signature}).encode())


def test_what_readers_could_take_for_two_things_is_refused(verify: Callable[[bytes], Json]) -> None:
    pack, other = made(), {"evidence": {"answer": "A lie."}}
    text = written(pack)
    twice = f'{{"evidence": {written(other["evidence"])}, {text[1:]}'
    inside = text.replace('"change": 120', '"change": 7, "change": 120')
    for changed in (twice, inside, written({**pack, "note": "more"}), f"{text} {text}", text + "x"):
        assert changed != text
        with pytest.raises(Exception):  # noqa: B017, PT011
            verify(changed.encode())


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"1", b"\xff", b'{"evidence": [], "signature": ""}', b"[" * 100_000, b"1" * 10_000],
)
def test_a_file_of_anything_else_is_no_pack(content: bytes) -> None:
    assert "no evidence pack" in verify_pack(content).signature


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quote": "The «lamp» was"}, "another hash"),
        ({"end": 15}, "another length"),
        ({"document_id": "other.txt"}, "another place"),
        ({"start": 1, "end": 15}, "another place"),
        ({"start": False}, "no number"),
        ({"text_sha256": "0" * 64}, "another place"),
        ({"locator": "lamps é.txt@:0-14"}, "another place"),
    ],
)
def test_a_quote_that_contradicts_itself_is_told_whoever_signed_it(change: Json, message: str) -> None:
    pack = SIGNER.sign({"quotes": [quote(TEXT, 0, 14), {**quote(TEXT, 0, 14), **change}]})
    verified = verify_pack(written(pack).encode())
    assert (verified.signature, verified.holds) == ("", False)
    (told,) = verified.quotes
    assert message in told


@pytest.mark.parametrize("content", [{"quotes": {}}, {"quotes": ""}, {"quotes": [], "change": 2**53}])
def test_what_other_languages_read_otherwise_is_no_pack(content: Json) -> None:
    """Whoever signed it."""
    assert "no evidence pack" in verify_pack(written(SIGNER.sign(content)).encode()).signature


def test_a_key_that_is_not_the_one_of_its_id_is_refused() -> None:
    key = made()["evidence"]["key"]
    for id_, holds in ((key["id"], True), ("0" * 16, False)):
        pack = SIGNER.sign({"key": {**key, "id": id_}, "quotes": []})
        assert verify_pack(written(pack).encode()).holds == holds


def test_fractions_which_languages_print_differently_are_no_evidence() -> None:
    text = written(SIGNER.sign({"probability": 0.5, "quotes": []}))
    assert "no evidence pack" in verify_pack(text.encode()).signature
