"""Verify evidence packs, and see changed ones refused: ``python -m benchmarks.citations.evidence``.

A thousand packs, each of two sentences of a paper of COVID-QA, are verified by ``loccit evidence verify``
and by the lines of ``docs/evidence.md``. Of the first hundred, two characters each are changed, added or
left out, one at a time. A change that leaves the same JSON, as of a space between tokens, is none.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.citations.verification import DATA
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.text import sentence_spans
from service.flows.evidence_packs.documents import carried, is_shown, write_document
from service.flows.evidence_packs.pack import Json, canonical_bytes, verify_pack
from service.flows.evidence_packs.signing import Signer
from service.settings import Settings
from service.state.identity import open_keyring

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"
PACKS, CHANGED, CHANGES = 1000, 100, 2
SEED = 29
_CHARACTERS = 'abcdefAE0123456789 \n"\\{}[]:,.-_@é\u200b\u202e'


def study() -> dict[str, Estimate]:
    """The shares of packs that verify, and of changed packs and pages that are refused."""
    draw = random.Random(SEED)
    verifiers = [_by_loccit, _lines_of_the_page()]
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(open_keyring(Path(folder), Settings())) as keyring,
    ):
        signer = Signer(keyring)
        packs = [signer.sign(content) for content in _contents(draw)]
    texts = [json.dumps(pack, ensure_ascii=False, indent=draw.choice((None, 2))) for pack in packs]
    verified = sum(_verifies(text, pack, verifiers) for text, pack in zip(texts, packs, strict=True))
    changes = [changed for text in texts[:CHANGED] for changed in _changes(text, draw)]
    refused = sum(not any(_accepts(one, verify) for verify in verifiers) for one in changes)
    pages = [write_document(pack, "html").decode() for pack in packs[:CHANGED]]
    other = [changed for page in pages for changed in _changes(page, draw)]
    return {
        "verified": proportion(verified, len(packs)),
        "changed_refused": proportion(refused, len(changes)),
        "changed_pages_refused": proportion(sum(not _is_whole(one) for one in other), len(other)),
    }


def _contents(draw: random.Random) -> Iterator[Json]:
    """Answers to sign: two sentences of a paper each."""
    papers = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    for number in range(PACKS):
        text = draw.choice(papers)["text"]
        quotes = [_quote(text, span) for span in draw.sample(sentence_spans(text, 0, len(text)), 2)]
        sentences, answer = [], ""
        for quote in quotes:
            start, answer = len(answer), f"{answer}{quote['quote']} "
            place = {"start": start, "end": start + len(quote["quote"]), "citation": quote["locator"]}
            sentences.append(
                {**place, "text": quote["quote"], "status": "verbatim", "verdict": None, "quotes": []}
            )
        more = {"computed": None, "declined": False, "sources": [one["locator"] for one in quotes]}
        told = {"question": f"Question {number}?", "answer": answer, "sentences": sentences, **more}
        common = {"collection": "papers", "change": number, "fingerprint": "f", "verification": None}
        yield {**common, "answer": told, "quotes": list({one["locator"]: one for one in quotes}.values())}


def _quote(text: str, span: tuple[int, int]) -> Json:
    (start, end), digest = span, sha256(text.encode()).hexdigest()
    return {
        "locator": f"paper.txt@{digest[:12]}:{start}-{end}",
        "document_id": "paper.txt",
        "version": 1,
        "title": "A paper",
        "source": "paper.txt",
        "media_type": "text/plain",
        "section": [],
        "pages": None,
        "start": start,
        "end": end,
        "quote": text[start:end],
        "quote_sha256": sha256(text[start:end].encode()).hexdigest(),
        "text_sha256": digest,
        "source_sha256": digest,
    }


def _lines_of_the_page() -> Callable[[bytes], Json]:
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {"__name__": "page"}
    exec(compile(code, str(PAGE), "exec"), names)  # noqa: S102 -- our own page
    verify: Callable[[bytes], Json] = names["verify"]
    return verify


def _by_loccit(data: bytes) -> Json:
    found = verify_pack(data)
    if not found.holds or found.evidence is None:
        raise ValueError(found.signature)
    return found.evidence


def _verifies(text: str, pack: Json, verifiers: list[Callable[[bytes], Json]]) -> bool:
    return all(verify(text.encode()) == pack["evidence"] for verify in verifiers)


def _accepts(text: str, verify: Callable[[bytes], Json]) -> bool:
    try:
        verify(text.encode())
    except Exception:
        return False
    return True


def _is_whole(page: str) -> bool:
    """Tell whether a page carries evidence that verifies, and shows nothing else."""
    data = page.encode()
    found = carried(data)
    return verify_pack(found.pack).holds and is_shown(data, found, json.loads(found.pack))


def _changes(text: str, draw: random.Random) -> Iterator[str]:
    """The text with one character changed, added or left out."""
    made = 0
    while made < CHANGES:
        at, new = draw.randrange(len(text)), draw.choice(_CHARACTERS)
        changed = draw.choice(
            (text[:at] + new + text[at + 1 :], text[:at] + new + text[at:], text[:at] + text[at + 1 :])
        )
        if changed != text and not _is_same_json(changed, text):
            made += 1
            yield changed


def _is_same_json(one: str, other: str) -> bool:
    try:
        return canonical_bytes(json.loads(one)) == canonical_bytes(json.loads(other))
    except ValueError:
        return False


if __name__ == "__main__":
    for name, estimate in study().items():
        print(
            f"{name}: {estimate.value:.4f} ({estimate.low:.4f} to {estimate.high:.4f}), {estimate.questions}"
        )
