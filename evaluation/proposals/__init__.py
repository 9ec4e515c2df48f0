"""Propose questions about a collection, as drafts that a person corrects. Needs no model and no extra."""

from evaluation.proposals.proposing import DEFAULT_COUNT, MAX_COUNT, Proposals, propose

__all__ = ["DEFAULT_COUNT", "MAX_COUNT", "Proposals", "propose"]
