"""Collections."""

from pydantic import ConfigDict, Field

from service.http.request_models import Request

_TITLE = "What people call it: up to 200 characters of any kind. Addresses keep the name."


class CollectionRequest(Request):
    """Options of a new collection."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"model": "all-MiniLM-L6-v2"}, {"title": "Manuals, 2024 (north)"}]}
    )

    model: str = Field(
        "",
        max_length=1000,
        description="Its embedding model: the one of LOCCIT_MODEL, one that is packaged, or one of "
        "LOCCIT_ALLOWED_MODELS. By default that of LOCCIT_MODEL. It stays until the collection is upgraded.",
    )

    title: str = Field("", description=_TITLE)


class CollectionChanges(Request):
    """Changes of a collection."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Manuals, 2024 (north)"}]})

    title: str = Field(description=f"{_TITLE} Empty: its name.")


class UpgradeRequest(Request):
    """Options of an upgrade."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"plan": True}, {"model": "all-MiniLM-L6-v2"}]})

    model: str = Field(
        "",
        max_length=1000,
        description="Embedding model to change to: the one of LOCCIT_MODEL, one that is packaged, or one of "
        "LOCCIT_ALLOWED_MODELS. By default the collection keeps its model, and an upgrade that has begun "
        "goes on.",
    )
    plan: bool = Field(False, description="Only say what would be done, how long, and with how much disk.")
