"""Collections."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from service.requests.base import Request


class CollectionRequest(Request):
    """What a new collection is made with."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "all-MiniLM-L6-v2"}]})

    model: str = Field(
        "",
        max_length=1000,
        description="Its embedding model: the one of LOCCIT_MODEL, one that is packaged, or one of "
        "LOCCIT_ALLOWED_MODELS. By default that of LOCCIT_MODEL. It stays until the collection is upgraded.",
    )
