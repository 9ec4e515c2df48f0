"""The page to ask on: what its form asks, and its answer in the shape that the template shows."""

from service.browser.asking.form import HomeQuery
from service.browser.asking.showing import ShownAnswer, shown_answer
from service.browser.asking.suggestions import suggested

__all__ = ["HomeQuery", "ShownAnswer", "shown_answer", "suggested"]
