"""Evaluation of answers with questions whose answers are known. Needs the extra ``eval``."""

from __future__ import annotations

from index.errors import LoccitError


class EvaluationMissing(LoccitError):
    """A library that only evaluation needs is not installed."""

    code = "evaluation_missing"

    def __init__(self, module: str) -> None:
        super().__init__(f"loccit eval needs {module}. Run: pip install 'loccit[eval]'")
