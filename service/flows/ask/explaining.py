"""Explain to a caller why a document was found or not, at the cost of one question."""

from __future__ import annotations

import numpy as np
from fastapi import Request

from index.search import DocumentExplanation, Question
from service.app.runtime import Runtime
from service.flows.ask.answering import EncodedQuestions, encoded_unless_gone
from service.state.identity import Principal


async def explain(
    request: Request, runtime: Runtime, caller: Principal, where: tuple[str, str], question: Question
) -> DocumentExplanation:
    """Why an answer has a document or not; ``where`` is the collection and the document's id.

    Raises :class:`index.errors.DocumentNotFound`, also for a document that the caller may not read,
    :class:`service.errors.Overloaded`, and what the collection raises.
    """
    collection, document_id = where
    # Before the question waits for the model: a document that is not there costs nothing.
    await runtime.pools.lookups.run(_require_document, runtime, caller, collection, document_id)
    pool = runtime.pools.questions
    with pool.permits.acquire():
        with pool.permits.waiting():
            encoded = await encoded_unless_gone(request, runtime, collection, [question.text])
        return await pool.run(_explain, runtime, caller, where, question, encoded)


def _require_document(runtime: Runtime, caller: Principal, collection: str, document_id: str) -> None:
    runtime.collection(caller, collection).archive.versions(document_id)


def _explain(
    runtime: Runtime,
    caller: Principal,
    where: tuple[str, str],
    question: Question,
    encoded: EncodedQuestions,
) -> DocumentExplanation:
    collection, document_id = where
    vectors = np.stack([one.vector for one in encoded.each])
    opened = runtime.collection(caller, collection)
    return opened.questions.explain(question, document_id, vectors=vectors, model=encoded.model)
