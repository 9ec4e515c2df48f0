"""JSON Schemas of models, as OpenAPI documents and tools have them."""

from typing import Any

from pydantic import BaseModel


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """A model's JSON Schema without references: nested models are written out in place."""
    schema = model.model_json_schema()
    inner = schema.pop("$defs", {})

    def inline(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return inline(inner[part["$ref"].rpartition("/")[2]])
            return {key: inline(value) for key, value in part.items()}
        return [inline(value) for value in part] if isinstance(part, list) else part

    written: dict[str, Any] = inline(schema)
    return written
