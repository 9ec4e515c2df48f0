"""Explain to a caller why a document was found or not, at the cost of one question."""

import numpy as np

from index.search import DocumentExplanation, Question
from service.flows.ask.answering import EncodedQuestions, encode
from service.flows.ask.asking import Asking
from service.flows.ask.disconnection import Client, unless_gone
from service.monitoring.reads import note_read
from service.state.collections import Collections
from service.state.identity import Principal
from service.state.limits.pools import Place


async def explain(
    client: Client, asking: Asking, caller: Principal, where: tuple[str, str], question: Question
) -> DocumentExplanation:
    """Explain why an answer has a document or not.

    ``where`` is the collection and the document's id.

    Raises :class:`index.errors.DocumentNotFound`, also for a document that the caller may not read,
    :class:`service.errors.Overloaded`, and what the collection raises.
    """
    collection, document_id = where
    note_read(collection, document_id)
    # Before the question waits for the model: a document that is not there costs nothing.
    await asking.pools.lookups.run(_require_document, asking.collections, caller, collection, document_id)
    with asking.pools.questions.admit(caller.holder) as place:
        return await unless_gone(client, _explain_in_turn(asking, caller, place, where, question))


async def _explain_in_turn(
    asking: Asking, caller: Principal, place: Place, where: tuple[str, str], question: Question
) -> DocumentExplanation:
    with place.waiting():
        encoded = await encode(asking, caller, where[0], [[question.text]])
    return await place.run(_explain, asking.collections, caller, where, question, encoded)


def _require_document(collections: Collections, caller: Principal, collection: str, document_id: str) -> None:
    collections.open(caller, collection).archive.versions(document_id)


def _explain(
    collections: Collections,
    caller: Principal,
    where: tuple[str, str],
    question: Question,
    encoded: EncodedQuestions,
) -> DocumentExplanation:
    collection, document_id = where
    (own,) = encoded.each
    vectors = np.stack([one.vector for one in own])
    opened = collections.open(caller, collection)
    return opened.questions.explain(question, document_id, vectors=vectors, model=encoded.model)
