"""Answers and verdicts to sign."""

from pydantic import ConfigDict, Field

from service.errors import InvalidRequest
from service.faces.api.requests.answering import AnswerOptions
from service.faces.api.requests.citations import ToVerify
from service.flows.evidence_packs.documents import Form
from service.http.parameters import Question


class EvidenceRequest(ToVerify, AnswerOptions):
    """What `/v1/answer` takes, or what `/v1/verify` takes, without `stream`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "How long may a passage be?"},
                {
                    "answer": {
                        "text": "The keeper says that “the lamp was lit at dusk” [1].",
                        "citations": ["lamps.md@9f2c41aab3de:0-120"],
                    }
                },
            ]
        }
    )

    question: Question = Field("", description="The question to answer.")
    format: Form = Field(
        "json",
        description="`word`: a Word document with footnotes; `html`: a file to print. Both carry the pack.",
    )

    @property
    def asks(self) -> bool:
        """Whether it is a question. Raises :class:`InvalidRequest` if it also has something to verify.

        Texts of the request are not signed: a pack would make what anybody sends look like a document.
        """
        if self.sources:
            raise InvalidRequest(
                "sources: only what is stored can be signed. Ingest the texts first, or send the request to "
                "/v1/verify."
            )
        given = self.model_fields_set
        verifies = given & ToVerify.model_fields.keys() - AnswerOptions.model_fields.keys()
        answers = given & AnswerOptions.model_fields.keys() - ToVerify.model_fields.keys()
        if answers and (verifies or "question" not in given):
            raise InvalidRequest(
                "Send either a question with its options, as to /v1/answer, or what is to be verified, as to "
                "/v1/verify."
            )
        return bool(answers)
