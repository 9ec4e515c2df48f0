"""A model that was converted at installation is taken if it is of the same weights and libraries."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from index.embedding.converted import Converted, read_installed, write_converted
from index.embedding.graph import Description

WEIGHTS = "tiny:0123456789ab:"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    description = Description(
        fingerprint=f"{WEIGHTS}01234567:fp32",
        dimension=2,
        max_tokens=8,
        special_tokens=2,
        query_prompt="",
        passage_prompt="",
        takes_means=True,
        pad_id=0,
        inputs=("input_ids", "attention_mask"),
    )
    tokenizer = Tokenizer(WordLevel({"lamp": 0}, "lamp"))
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"graph")
    write_converted(
        folder, Converted(description, {}, ("onnx",), tokenizer, np.ones((1, 2), np.float32), 0.1)
    )
    return folder


def test_it_is_taken(installed: Path) -> None:
    found = read_installed(installed, WEIGHTS)
    assert found is not None
    assert found.tried == ("onnx",)


def test_one_of_other_weights_or_that_is_missing_is_left(installed: Path) -> None:
    assert read_installed(installed, "tiny:ba9876543210:") is None
    assert read_installed(installed.with_name("other"), WEIGHTS) is None


@pytest.mark.parametrize("file", ["model.onnx", "tokenizer.json", "probe.npy", "converted.json"])
@pytest.mark.parametrize("content", [None, b"", b"[]"])
def test_a_damaged_one_is_left(installed: Path, file: str, content: bytes | None) -> None:
    if content is None:
        (installed / file).unlink()
    else:
        (installed / file).write_bytes(content)
    assert read_installed(installed, WEIGHTS) is None


@pytest.mark.parametrize("library", ["torch", "transformers", "sentence-transformers"])
def test_one_that_another_version_of_a_library_made_is_left(installed: Path, library: str) -> None:
    file = installed / "converted.json"
    content = json.loads(file.read_text())
    content["made_with"][library] = "0.1"
    file.write_text(json.dumps(content))
    assert read_installed(installed, WEIGHTS) is None
