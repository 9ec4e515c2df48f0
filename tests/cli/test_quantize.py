from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.cli.commands import loccit
from tests.index.embedding.processors import not_restricted_to_avx2, run_tests_with_avx2_only
from tests.index.embedding.tiny import tiny_model

pytestmark = pytest.mark.model


def test_a_model_quantized_on_a_collection(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = str(tiny_model(tmp_path / "model"))
    folder, random = tmp_path / "docs", Random(0)
    folder.mkdir()
    for number in range(40):
        words = random.choices("the lamp dog sea was lit a b c d".split(), k=20)
        (folder / f"{number}.txt").write_text(" ".join(words))
    options = {"LOCCIT_MODEL": model, "LOCCIT_CHUNK_OVERLAP_TOKENS": "4"}
    openvino = {"LOCCIT_PRECISION": "int8", "LOCCIT_BACKEND": "openvino", **options}
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


@not_restricted_to_avx2
def test_the_same_with_avx2_only() -> None:
    run_tests_with_avx2_only(__file__)
