"""The page that checks a text: verdicts with their sources, and copies with citations."""

from service.faces.pages.checking.checked import Checked, Words, checked
from service.faces.pages.checking.pasted import Kind, Pasted, pasted

__all__ = ["Checked", "Kind", "Pasted", "Words", "checked", "pasted"]
