from __future__ import annotations

from typing import Any

import pytest

from index.records import Structure
from index.types import Block
from service.faces.pages.document import document_page
from service.faces.pages.marks import Marking
from tests.service.faces.pages.pages import parts_of


@pytest.mark.timeout(30)
@pytest.mark.parametrize("kind", ["list", "paragraph"])
def test_evidence_without_end_takes_no_long_time(kind: Any) -> None:
    text = "".join(f"- {number % 10}\n" for number in range(20_000))
    structure = Structure((Block(kind, 0, len(text)),), ())
    evidence = [(4 * number, 4 * number + 1) for number in range(10_000)]
    page = document_page(Marking(text, (0, 40_000), evidence), structure, at=0)
    parts = list(parts_of(page))
    assert sum(part.mark == "evidence" for part in parts) == 10_000
    assert {part.text for part in parts if part.mark == "evidence"} == {"-"}
