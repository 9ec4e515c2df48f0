"""Search: turn a question into ranked passages with evidence and an answerability probability."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from index.errors import BackendMissing, ModelNotFound
from index.protocols import Reranker
from index.search.answerability import Answerability, load as load_answerability
from index.search.explaining import DocumentExplanation, ExplainedPassage
from index.search.features import FEATURES, PASSAGE_FEATURES, of_passages
from index.search.merging import merge_answers
from index.search.question import Question, normalize_question, validate_k, validate_per_document
from index.search.regression import Regression, sigmoid
from index.search.results import withhold_hits

if TYPE_CHECKING:
    from index.search.cross_encoder.model import CrossEncoder as CrossEncoder


def load_reranker(model: str, *, download: bool = False, device: str = "") -> Reranker:
    """Open a sentence-transformers cross-encoder by its name or folder.

    Raises :class:`index.errors.ModelNotFound`, :class:`index.errors.ModelDamaged`, and
    :class:`index.errors.BackendMissing` without sentence-transformers.
    """
    from index.embedding.registry import model_folder

    # Import here: torch takes seconds to import, and not every command needs it.
    try:
        from index.search.reranking import CrossEncoderReranker
    except ModuleNotFoundError as error:
        raise BackendMissing(
            f"{error.name} is not installed, which a reranker needs. Run: pip install sentence-transformers"
        ) from error
    return CrossEncoderReranker(model_folder(model, download=download), device=device)


def load_cross_encoder(
    folder: Path | None = None, *, threads: int = 0, optional: bool = False
) -> CrossEncoder | None:
    """Open the cross-encoder in a folder, by default that of the installed package.

    ``optional``: None where the package or OpenVINO is not installed, or the processor has no bf16, without
    which reading takes four times as long. Raises :class:`index.errors.ModelNotFound`,
    :class:`index.errors.ModelDamaged`, :class:`index.errors.ModelFailed`, and
    :class:`index.errors.BackendMissing` without OpenVINO.
    """
    from index.search.cross_encoder.model import PACKAGE, CrossEncoder, find_weights, has_bf16

    if optional and not has_bf16():
        return None
    folder = folder or find_weights()
    if folder is not None:
        return CrossEncoder.open(folder, threads=threads)
    if optional:
        return None
    raise ModelNotFound(f"The cross-encoder is not installed: there is no package {PACKAGE!r}.")


def load_multilingual_cross_encoder(
    base: Path, *, threads: int = 0, optional: bool = False
) -> CrossEncoder | None:
    """Open the cross-encoder for collections of the multilingual model, whose files are in ``base``.

    None where its package is not installed. Otherwise as :func:`load_cross_encoder`.
    """
    from index.search.cross_encoder.model import MULTILINGUAL_PACKAGE, CrossEncoder, find_weights, has_bf16

    folder = find_weights(MULTILINGUAL_PACKAGE)
    if folder is None or (optional and not has_bf16()):
        return None
    return CrossEncoder.open(folder, threads=threads, base=base)


__all__ = [
    "FEATURES",
    "PASSAGE_FEATURES",
    "Answerability",
    "DocumentExplanation",
    "ExplainedPassage",
    "Question",
    "Regression",
    "load_answerability",
    "load_cross_encoder",
    "load_multilingual_cross_encoder",
    "load_reranker",
    "merge_answers",
    "normalize_question",
    "of_passages",
    "sigmoid",
    "validate_k",
    "validate_per_document",
    "withhold_hits",
]
