"""The page to ask on: what its form asks, and its answer in the shape that the template shows."""

from service.faces.pages.asking.form import HomeQuery
from service.faces.pages.asking.showing import ShownAnswer, shown_answer

__all__ = ["HomeQuery", "ShownAnswer", "shown_answer"]
