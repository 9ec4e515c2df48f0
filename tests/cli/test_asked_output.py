"""What `loccit ask` prints above the passages, by the probability that they answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.instances import Question
from cli.instances.folder import Folder
from cli.terminal.output import print_answer
from index.embedding import WordEmbedder
from index.library import Library
from service.settings import Settings
from tests.service.http_service import put, served

LAMP = "The lamp was lit at dusk."
UNLIKELY, UNCERTAIN = "The documents probably do not say.", "The documents may not say. The nearest sentence:"


@pytest.mark.parametrize(
    ("answerability", "told"),
    [(0.0, UNLIKELY), (0.19, UNLIKELY), (0.2, UNCERTAIN), (0.49, UNCERTAIN), (0.5, ""), (0.99, "")],
)
@pytest.mark.parametrize("value", [None, "dusk"])
def test_what_is_improbable_does_not_stand_there_as_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answerability: float, told: str, value: str | None
) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as library, served(library) as client:
        put(client, "lamps.txt", LAMP)
        instance = Folder(library, "default", Settings(data=tmp_path))
        answer = instance.ask(Question("When was the lamp lit?"))
    computed = {"operation": "first", "of": "Lamp", "value": value, "reason": "", "cells": []}
    at = LAMP.index("dusk")
    cell = {"row": "Lamp", "column": "lit", "start": 7 + at, "end": 7 + at + len("dusk")}
    first = {"rank": 1, "start": 7, "text": LAMP, "introduction": "", "answering": [cell]}
    shown = {**answer, "answerability": answerability, "first": first, "computed": value and computed}
    print_answer(shown, as_json=False)
    above = capsys.readouterr().out.partition("1. lamps")[0]
    if value:
        told = ""
    assert above.startswith(told or LAMP)
    assert (f"{LAMP} [1]\nLamp, lit: dusk\n" in above) is (told != UNLIKELY)
