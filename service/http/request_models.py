"""Base classes of request models."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from index.naming import validate_groups
from service.http.parameters import LIMITED, CollectionName, Groups
from service.state.identity import Principal


class Request(BaseModel):
    """Base of all bodies and queries. Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


class CollectionBody(Request):
    """Base of bodies with a ``collection``. Their routes accept it as a query parameter, too."""

    collection: CollectionName = "default"
    on_behalf_of: Groups | None = Field(
        None,
        description="Narrows the key to those of its groups that are listed, for the person who asks. The "
        "header X-On-Behalf-Of does the same for every route.",
    )

    def narrow_caller(self, caller: Principal) -> Principal:
        """The caller, on behalf of the groups that are listed. Raises :class:`index.errors.InvalidGroup`."""
        if self.on_behalf_of is None:
            return caller
        return caller.on_behalf_of(validate_groups(self.on_behalf_of))


class SeveralCollections(CollectionBody):
    """Base of bodies that may ask several collections at once."""

    collections: Annotated[list[CollectionName] | Literal["*"], LIMITED] | None = Field(
        None,
        description="Names of collections to ask at once, 16 at most, in place of `collection`; or `*` for "
        "all that the key may read. The passages of all of them are in one ranking.",
        examples=[["handbook", "contracts"]],
    )

    @model_validator(mode="after")
    def _check_one_way_to_name(self) -> Self:
        if self.collections is not None and "collection" in self.model_fields_set:
            raise ValueError("Give either collection or collections.")
        return self


class CollectionQuery(Request):
    """Query of a route that concerns one collection."""

    collection: CollectionName = "default"


class PageQuery(CollectionQuery):
    """Query of a page. Unknown parameters are ignored, because sites add ``utm_source`` etc. to links."""

    model_config = ConfigDict(extra="ignore")
