"""Evaluation of answers with questions whose answers are known. Needs the extra ``eval``."""

from importlib.util import find_spec

from index.errors import LoccitError

_LIBRARIES = ("ir_measures", "matplotlib", "sklearn")
"""Modules of the extra ``eval``."""


class EvaluationMissing(LoccitError):
    """A library that only evaluation needs is not installed."""

    def __init__(self, module: str) -> None:
        super().__init__(
            f"loccit eval needs {module}. Run: pip install 'loccit[eval]' (in a clone: make setup)"
        )


def require_libraries() -> None:
    """Raise :class:`EvaluationMissing` for a library that is not installed. Imports none of them."""
    for module in _LIBRARIES:
        try:
            found = find_spec(module)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise EvaluationMissing(module)
