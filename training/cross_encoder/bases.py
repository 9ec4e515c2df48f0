"""The embedding models that a cross-encoder may start from, and what it is trained on then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from index.embedding.model_files import BUNDLED_MODEL, BUNDLED_SHA256, bundled_folder
from index.embedding.nano_e5 import NANO_E5_SHA256, multilingual_folder
from training.cross_encoder.stream import WEIGHTS

_MULTILINGUAL = "multilingual-e5-small"
_OTHERS: Mapping[str, float] = {
    "jaquad_train": 45, "piaf": 34, "squad2_pt_dev": 26, "squad_it_test": 28, "iapp_thai": 22,
    "drcd_test": 14, "cmrc2018_trial": 5, "norquad": 14, "facqa_id": 10, "arcd": 8, "amqa": 5,
    "faquad": 4, "faq_bitcoin": 3,
    "faq_python_pl_tr": 0.1,
}  # fmt: skip
"""Parts of the stream by set, beside those of English ones."""


@dataclass(frozen=True, slots=True)
class Base:
    """An embedding model to start from.

    ``folder`` finds its files, given a folder to unpack them in. ``weights`` are the parts of the stream by
    set. If it is ``multilingual``, pairs of all languages are read. Its vectors of words are not exported if
    they are ``apart``: the service takes them from the embedding model.
    """

    name: str
    sha256: str
    folder: Callable[[Path], Path]
    weights: Mapping[str, float]
    multilingual: bool = False

    @property
    def apart(self) -> bool:
        """Whether the vectors of words stay in the embedding model: 96 of its 118 million weights."""
        return self.multilingual


BASES = {
    BUNDLED_MODEL: Base(BUNDLED_MODEL, BUNDLED_SHA256, lambda _: bundled_folder(), WEIGHTS),
    _MULTILINGUAL: Base(
        _MULTILINGUAL,
        NANO_E5_SHA256,
        lambda unpacked: multilingual_folder(_MULTILINGUAL, unpacked),
        {**WEIGHTS, **_OTHERS},
        multilingual=True,
    ),
}
