from pathlib import Path
from random import Random

import pytest

from tests.cli.commands import loccit
from tests.index.embedding.tiny import tiny_model


@pytest.mark.model
def test_a_model_in_integers_by_the_collection_s_own_passages(tmp_path: Path) -> None:
    model = str(tiny_model(tmp_path / "model"))
    folder, random = tmp_path / "docs", Random(0)
    folder.mkdir()
    for number in range(40):
        words = random.choices("the lamp dog sea was lit a b c d".split(), k=20)
        (folder / f"{number}.txt").write_text(" ".join(words))
    options = {"LOCCIT_MODEL": model, "LOCCIT_CHUNK_OVERLAP_TOKENS": "4"}
    refused = loccit(tmp_path, "ingest", str(folder), status=1, LOCCIT_PRECISION="int8", **options)
    assert "loccit quantize" in refused.stderr
    loccit(tmp_path, "ingest", str(folder), **options)
    done = loccit(tmp_path, "quantize", **options)
    assert "cosine with fp32 0.9" in done.stdout
    options["LOCCIT_PRECISION"] = "int8"
    other = loccit(tmp_path, "ask", "the lamp", status=1, **options)
    assert "collection_mismatch" in other.stderr
    loccit(tmp_path, "ingest", str(folder), "--collection", "integers", **options)
    assert "lamp" in loccit(tmp_path, "ask", "the lamp", "--collection", "integers", **options).stdout
