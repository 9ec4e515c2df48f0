"""``loccit gaps``: list and clear what documents lack."""

from __future__ import annotations

import json
import time
from contextlib import closing
from pathlib import Path

from service.state.questions import AskedQuestion, GivenAnswer, open_question_store
from tests.cli.commands import loccit

ASKED = "Does the zeppelin quack?"


def test_gaps_are_listed_and_cleared(tmp_path: Path) -> None:
    (tmp_path / "lamp.md").write_text("The lamp in the north tower was lit at dusk.")
    loccit(tmp_path, "ingest", str(tmp_path / "lamp.md"))
    assert json.loads(loccit(tmp_path, "gaps", "list", "--json").stdout)["kept"] is False
    assert "an administrator turns that on" in loccit(tmp_path, "gaps", "list").stdout
    with closing(open_question_store(tmp_path / "data")) as store:
        store.keep("default")
        store.add([AskedQuestion(time.time(), "default", ASKED, 0.125) for _ in range(3)])
        store.count([GivenAnswer(time.time(), "default", "gone.md")])
    (gap,) = json.loads(loccit(tmp_path, "gaps", "list", "--json").stdout)["gaps"]
    assert (gap["question"], gap["count"], gap["mended"]) == (ASKED, 3, False)
    assert "asked 3x" in loccit(tmp_path, "gaps", "list").stdout
    assert "asked 3x" not in loccit(tmp_path, "gaps", "list", "--week", "1").stdout
    assert "Erased 3 questions" in loccit(tmp_path, "gaps", "clear").stderr
    assert json.loads(loccit(tmp_path, "gaps", "list", "--json").stdout)["kept"] is False
