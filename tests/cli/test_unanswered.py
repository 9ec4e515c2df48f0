"""``loccit unanswered``: list and clear questions without an answer."""

from __future__ import annotations

import json
from pathlib import Path

from service.state.unanswered import open_unanswered_store
from tests.cli.commands import loccit


def test_questions_are_listed_and_cleared(tmp_path: Path) -> None:
    assert json.loads(loccit(tmp_path, "unanswered", "list", "--json").stdout) == []
    (tmp_path / "data").mkdir(exist_ok=True)
    store = open_unanswered_store(tmp_path / "data")
    store.add([(0.0, "default", "Does the zeppelin quack?", 0.125)])
    store.close()
    (found,) = json.loads(loccit(tmp_path, "unanswered", "list", "--json").stdout)
    assert found == {
        "asked": "1970-01-01T00:00:00+00:00",
        "collection": "default",
        "question": "Does the zeppelin quack?",
        "probability": 0.125,
    }
    assert "Does the zeppelin quack?" in loccit(tmp_path, "unanswered", "list").stdout
    assert "Erased 1 questions" in loccit(tmp_path, "unanswered", "clear").stderr
    assert json.loads(loccit(tmp_path, "unanswered", "list", "--json").stdout) == []
