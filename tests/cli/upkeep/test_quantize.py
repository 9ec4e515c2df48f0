from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.cli.commands import loccit
from tests.index.embedding.processors import not_restricted_to_avx2, run_tests_with_avx2_only
from tests.index.embedding.tiny import tiny_model

pytestmark = pytest.mark.model


@pytest.mark.processes
def test_a_model_quantized_on_a_collection(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = str(tiny_model(tmp_path / "model"))
    folder, random = tmp_path / "docs", Random(0)
    folder.mkdir()
    for number in range(40):
        words = random.choices("the lamp dog sea was lit a b c d".split(), k=20)
        (folder / f"{number}.txt").write_text(" ".join(words))
    options = {"LOCCIT_MODEL": model, "LOCCIT_CHUNK_OVERLAP_TOKENS": "4", "LOCCIT_PRECISION": "float"}
    openvino = {**options, "LOCCIT_PRECISION": "int8", "LOCCIT_BACKEND": "openvino"}
    refused = loccit(tmp_path, "ingest", str(folder), status=1, **openvino)
    assert "loccit quantize" in refused.stderr
    loccit(tmp_path, "ingest", str(folder), **options)
    done = loccit(tmp_path, "quantize", **options)
    # 0.999 on every processor, from AVX2 to bf16: a coarse bound, as the model is random and tiny.
    assert "cosine with fp32 0.99" in done.stdout
    options["LOCCIT_PRECISION"] = "int8"
    assert "lamp" in loccit(tmp_path, "ask", "the lamp", **options).stdout  # by its own model, in fp32
    loccit(tmp_path, "ingest", str(folder), "--collection", "integers", **options)
    asked = ("ask", "the lamp", "--collection", "integers")
    assert "lamp" in loccit(tmp_path, *asked, **options).stdout
    (reference,) = (tmp_path / "data" / "models").glob("*-int8/probe.npy")
    np.save(reference, -np.load(reference))
    refused = loccit(tmp_path, *asked, status=1, **options)  # vectors of two kinds never meet
    assert "The unquantized model runs instead" in caplog.text
    assert "collection_mismatch" in refused.stderr


@pytest.mark.processes
def test_a_collection_keeps_its_precision_until_it_is_upgraded(tmp_path: Path) -> None:
    options = {"LOCCIT_MODEL": str(tiny_model(tmp_path / "model")), "LOCCIT_CHUNK_OVERLAP_TOKENS": "4"}
    integers, floats = ({**options, "LOCCIT_PRECISION": one} for one in ("dynamic-int8", "float"))
    (tmp_path / "a.txt").write_text("the lamp was lit . the dog")
    loccit(tmp_path, "ingest", str(tmp_path / "a.txt"), **integers)
    assert "8-bit integers" in loccit(tmp_path, "list", **options).stdout
    assert "lamp" in loccit(tmp_path, "ask", "the lamp", **floats).stdout
    planned = loccit(tmp_path, "upgrade", "--plan", **floats).stdout
    assert "default: from vectors in dynamic-int8 to float." in planned
    assert "up to date" in loccit(tmp_path, "upgrade", "--plan", **integers).stdout
    loccit(tmp_path, "upgrade", **floats)
    assert "8-bit integers" not in loccit(tmp_path, "list", **options).stdout
    assert "lamp" in loccit(tmp_path, "ask", "the lamp", **integers).stdout


@pytest.mark.full
@pytest.mark.processes
@not_restricted_to_avx2
def test_the_same_with_avx2_only() -> None:
    run_tests_with_avx2_only(__file__)
