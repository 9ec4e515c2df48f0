"""The verdicts of people on answers."""

from typing import Literal

from pydantic import ConfigDict, Field

from service.flows.ask.planning import MAX_QUESTION_CHARACTERS
from service.flows.gaps import LONGEST_REASON
from service.http.request_models import CollectionBody


class FeedbackRequest(CollectionBody):
    """A verdict on an answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "May I return a lamp from Norway?", "verdict": "down", "reason": "Only Sweden."}
            ]
        }
    )

    question: str = Field(
        min_length=1, max_length=MAX_QUESTION_CHARACTERS, description="The question that was answered."
    )
    verdict: Literal["up", "down"] = Field(description="`up` if the answer helps, `down` if it does not.")
    reason: str = Field("", max_length=LONGEST_REASON, description="Why, in words.")
