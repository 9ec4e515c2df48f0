"""The page that checks a text: verdicts with their sources, and copies with citations."""

from service.faces.pages.checking.checked import Checked, Words, check_pasted_input, verify_carried
from service.faces.pages.checking.pasted import Kind, Pasted, parse_pasted_input

__all__ = [
    "Checked",
    "Kind",
    "Pasted",
    "Words",
    "check_pasted_input",
    "parse_pasted_input",
    "verify_carried",
]
