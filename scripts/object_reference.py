"""The reference of objects: what bodies and replies of HTTP operations have, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]


class Objects:
    """The objects of an OpenAPI document that something refers to, and links to them on a page."""

    def __init__(self, schemas: Mapping[str, Schema], page: str = "") -> None:
        self._schemas = schemas
        self._page = page
        self._found: dict[str, Schema] = {}

    def type_of(self, schema: Schema) -> str:
        """Return the type of a value in words, with links to the objects in it."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self._link(name, self._schemas[name])
        if "anyOf" in schema:
            return " or ".join(dict.fromkeys(self.type_of(one) for one in schema["anyOf"]))
        if "enum" in schema or "const" in schema:
            return ", ".join(f"`{one}`" for one in schema.get("enum", (schema.get("const"),)))
        if schema.get("type") == "array":
            return f"list of {self._type_of_items(schema)}"
        return self._type_of_object(schema) if schema.get("type") == "object" else schema.get("type", "any")

    def _type_of_items(self, schema: Schema) -> str:
        if fixed := schema.get("prefixItems"):
            return unique(self.type_of(one) for one in fixed)
        return self.type_of(schema.get("items", {}))

    def _type_of_object(self, schema: Schema) -> str:
        if "properties" in schema:
            return self._link(schema["title"], schema)
        values = schema.get("additionalProperties")
        if not isinstance(values, Mapping) or not values:
            return "object"
        found = self.type_of(values)
        return "object" if " or " in found else f"object of {found}"

    def _link(self, name: str, schema: Schema) -> str:
        if "properties" not in schema:
            return self.type_of(schema)
        known = self._found.setdefault(name, schema)
        if known["properties"].keys() != schema["properties"].keys():
            raise ValueError(f"Two objects are called {name}. Give one of them another title.")
        return f"[{name}]({self._page}#{name.lower()})"

    def sections(self) -> Sequence[str]:
        """Return a section for each object that was referred to, and for those in them, by name."""
        written: dict[str, str] = {}
        while missing := self._found.keys() - written.keys():
            written |= {name: self._section(name) for name in missing}
        return [written[name] for name in sorted(written)]

    def _section(self, name: str) -> str:
        schema = self._found[name]
        parts = (f"## {name}", one_line(schema.get("description", "")), self._table(schema))
        return "\n\n".join(part for part in parts if part)

    def _table(self, schema: Schema) -> str:
        rows = [self._row(name, field) for name, field in schema["properties"].items()]
        return "\n".join(["| field | type | meaning |", "| --- | --- | --- |", *rows])

    def _row(self, name: str, field: Schema) -> str:
        default = field.get("default")
        value = f" Default: `{default}`." if default not in (None, "", [], {}) else ""
        said = one_line(field.get("description", "")) + value
        return f"| `{name}` | {self.type_of(field)} | {said} |".replace("  ", " ")


def replies(operation: Schema) -> Iterator[Schema]:
    """Yield the schemas of the JSON with which an operation replies, if it succeeds."""
    for status, reply in operation["responses"].items():
        schema = reply.get("content", {}).get("application/json", {}).get("schema")
        if status.startswith("2") and schema:
            yield schema


def unique(texts: Iterable[str]) -> str:
    """Return the texts as alternatives, each once."""
    return " or ".join(dict.fromkeys(texts))


def one_line(text: str) -> str:
    """Return a description as one line that a table may have."""
    text = re.sub(r":class:`(\w+)`", r"\1", text).replace("``", "`")
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;").strip()
