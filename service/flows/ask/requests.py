"""Questions."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from index.answers import Extent, NearDuplicates
from index.citations import Format
from index.filters import OPERATORS
from service.http.parameters import LIMITED, AsOf, FilterJson, Question, ReachedChange
from service.http.request_models import Request, SeveralCollections


class Turn(Request):
    """An earlier message of the conversation."""

    role: Literal["user", "assistant"]
    text: str


class AskRequest(SeveralCollections):
    """One question, or a batch of questions with the same ``k`` and ``filter``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "How long may a passage be?", "k": 3},
                {
                    "questions": ["Who wrote it?", "When was it written?"],
                    "collection": "default",
                    "filter": {"type": "gte", "key": "year", "value": 2020},
                },
                {
                    "question": "And who signed it?",
                    "turns": [
                        {"role": "user", "text": "What is the treaty about?"},
                        {"role": "assistant", "text": "About fishing in the bay."},
                    ],
                    "min_answerability": 0.5,
                },
                {"question": "How long may a passage be?", "extent": "sentences", "max_per_document": 2},
                {"question": "What was just written?", "at_least_change": 13},
                {"question": "How long is the notice period?", "collections": ["handbook", "contracts"]},
                {"question": "What did the plan say then?", "as_of": 12, "formats": ["plain", "bibtex"]},
            ]
        }
    )

    question: Question | None = Field(None, description="The question in natural language.")
    questions: Annotated[list[Question], LIMITED] | None = Field(
        None, description="A batch of questions. Each is answered independently, in `results`."
    )
    k: Annotated[int, LIMITED] = Field(
        5, strict=True, description="Maximum number of passages for a question."
    )
    turns: Annotated[list[Turn], LIMITED] = Field(
        default_factory=list,
        description="The conversation before the question, oldest message first. A question that needs it is "
        "answered with it. Not allowed with `questions`.",
    )
    min_answerability: float = Field(
        0.0,
        ge=0.0,
        le=1.0,
        description="If the probability that the passages answer is lower, return none of them and the "
        "reason in `withheld`.",
    )
    filter: FilterJson | None = Field(
        None,
        description='Search only documents with matching metadata: `{"type": "eq", "key": "year", "value": '
        f"2020}}` with one of {', '.join(OPERATORS)}; or `and` and `or` with a list of `filters`. The key "
        "`printed_page` selects passages by the number that their page bears, such as `217` or `xii`.",
    )

    in_force: date | None = Field(
        None,
        description="Search only documents that are in force on this day, such as `2024-05-01`: by "
        "`valid_from` and `valid_to` in their metadata. Those that lack both are in force.",
    )
    as_of: AsOf | None = Field(
        None,
        description="Search the collection as of this change, `index.change` of an earlier answer, or as of "
        "this time, such as `2024-05-31T12:00:00Z`. Several collections are asked as of a time.",
    )
    at_least_change: ReachedChange | None = Field(
        None,
        description="Answer with all changes up to this one, such as `change` of the reply to a write. Waits "
        "for it, five seconds at most. Not allowed with `as_of`.",
    )
    extent: Extent = Field(
        "passage",
        description="How much each of `passages` quotes: only the `sentences` that answer, the `passage`, or "
        "the `section` that it is in.",
    )
    max_per_document: Annotated[int, LIMITED] | None = Field(
        None,
        strict=True,
        description="Maximum number of passages from one document: 1 to the largest `k`. Passages of other "
        "documents take the places that become free. By default there is no limit.",
    )
    near_duplicates: NearDuplicates = Field(
        "fold",
        description="`fold`: a passage in nearly the words of a better one takes no place of its own, and "
        "its locator is in `also_in` of that one. `keep`: it takes a place.",
    )
    read: bool = Field(
        True,
        strict=True,
        description="Whether the cross-encoder reads the first passages with the question, where the service "
        "has one. `false` answers some 30 ms sooner, and less well.",
    )
    conflicts: bool = Field(
        False,
        strict=True,
        description="Whether to look for what other documents say against the sentences that answer: "
        "`conflicts`. Not with several collections, and not for keys with the scope ask.",
    )
    formats: list[Format] = Field(
        default_factory=list,
        description="Additional formats for the citation of each passage, returned in its `formats`.",
    )

    @model_validator(mode="after")
    def _check_one_form(self) -> Self:
        if (self.question is None) == (self.questions is None):
            raise ValueError("Give either question or questions.")
        if self.turns and self.questions is not None:
            raise ValueError(
                "Turns are not allowed with several questions. Remove them, or ask one question at a time."
            )
        return self
