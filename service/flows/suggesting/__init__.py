"""Questions that the documents of a collection answer: drafted from what they say, and asked before."""

from service.flows.suggesting.drafting import Draft, drafts_of
from service.flows.suggesting.suggesting import Suggestions

__all__ = ["Draft", "Suggestions", "drafts_of"]
