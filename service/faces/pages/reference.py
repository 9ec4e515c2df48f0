"""The reference of the API, read from the OpenAPI document: operations as the pages show them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

Json = Mapping[str, Any]
_METHODS = ("get", "put", "post", "patch", "delete")
_DEEPEST = 3
"""How deep fields of fields are listed."""
_JSON = "application/json"
_CODE = re.compile(r"``?([^`]+)``?")
_NAMED = re.compile(r":(?:class|func|mod|data|meth):`~?(?:[\w.]*\.)?(\w+)`")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a body or a parameter, with the fields inside it."""

    name: str
    type: str
    is_required: bool
    description: str
    default: str
    fields: tuple[Field, ...] = ()
    place: str = ""
    """Where a parameter stands: ``path`` or ``query``."""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """A body in one media type."""

    media_type: str
    type: str
    description: str
    fields: tuple[Field, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """The response with a status."""

    status: str
    description: str
    contents: tuple[Content, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``key`` is its name in addresses."""

    key: str
    tag: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: tuple[Field, ...]
    bodies: tuple[Content, ...]
    answers: tuple[Reply, ...]
    errors: tuple[Reply, ...]

    def matches(self, words: str) -> bool:
        """Whether all words stand in its address or its description."""
        text = f"{self.method} {self.path} {self.summary} {self.description}".lower()
        return all(word in text for word in words.lower().split())

    def curl(self, base: str) -> str:
        """The operation as a command line, with the first example."""
        path = self.path
        for one in self.parameters:
            if one.place == "path":
                path = path.replace(f"{{{one.name}}}", one.example or one.name)
        query = "&".join(
            f"{one.name}={one.example}" for one in self.parameters if one.place == "query" and one.is_required
        )
        parts = ["curl"] if self.method == "GET" else ["curl", "-X", self.method]
        parts.append(shlex.quote(f"{base}{path}{'?' if query else ''}{query}"))
        body = next((one for one in self.bodies if one.media_type == _JSON and one.examples), None)
        if body is not None:
            compact = json.dumps(json.loads(body.examples[0]), ensure_ascii=False)
            parts += ["-H", "'Content-Type: application/json'", "-d", shlex.quote(compact)]
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Section:
    """The operations of a tag."""

    name: str
    description: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference of an API."""

    summary: str
    description: str
    version: str
    sections: tuple[Section, ...]

    def operation(self, key: str) -> Operation | None:
        """The operation with a key, or None."""
        every = (one for section in self.sections for one in section.operations)
        return next((one for one in every if one.key == key), None)

    def search(self, words: str) -> tuple[Section, ...]:
        """The sections with the operations that match, without empty ones."""
        found = (
            Section(one.name, one.description, tuple(each for each in one.operations if each.matches(words)))
            for one in self.sections
        )
        return tuple(one for one in found if one.operations)


def reference_of(api: Json) -> Reference:
    """The reference of an OpenAPI document."""
    reading = _Reading(api)
    operations = [
        reading.operation(method, path, methods[method])
        for path, methods in api["paths"].items()
        for method in _METHODS
        if method in methods
    ]
    info = api["info"]
    sections = (
        Section(tag["name"], tag["description"], tuple(one for one in operations if one.tag == tag["name"]))
        for tag in api["tags"]
    )
    return Reference(info["summary"], info["description"], info["version"], tuple(sections))


def with_code(text: str) -> Markup:
    """A description as HTML: what is in backquotes is code."""
    shown = _NAMED.sub(r"`\1`", text)
    return Markup("\n\n").join(
        Markup("<p>{}</p>").format(Markup(_CODE.sub(r"<code>\1</code>", str(escape(part)))))  # noqa: S704 -- escaped
        for part in re.split(r"\n\s*\n", shown.strip())
    )


class _Reading:
    """Reads operations; references are resolved in the document."""

    def __init__(self, api: Json) -> None:
        self._api = api

    def operation(self, method: str, path: str, told: Json) -> Operation:
        security = told.get("security") or [{}]
        replies = [self._reply(status, one) for status, one in told["responses"].items()]
        words = re.sub(r"[^a-z0-9]+", "-", f"{method}{path}".lower()).strip("-")
        return Operation(
            words,
            told["tags"][0],
            method.upper(),
            path,
            told.get("summary", ""),
            told.get("description", ""),
            next((scopes[0] for scopes in security[0].values() if scopes), ""),
            tuple(self._parameter(one) for one in told.get("parameters", ())),
            tuple(self._contents(told.get("requestBody", {}).get("content", {}))),
            tuple(one for one in replies if one.status < "4"),
            tuple(one for one in replies if one.status >= "4"),
        )

    def _reply(self, status: str, told: Json) -> Reply:
        description = told.get("description", "")
        if description == "Successful Response":
            description = ""
        return Reply(status, description, tuple(self._contents(told.get("content", {}))))

    def _contents(self, contents: Json) -> Iterator[Content]:
        for media_type, one in contents.items():
            whole = one.get("schema", {})
            given = [each["value"] for each in one.get("examples", {}).values() if "value" in each]
            for schema in self._resolve(whole).get("anyOf") or [whole]:
                found = self._resolve(schema)
                examples = given or found.get("examples", [])
                yield Content(
                    media_type,
                    self._type(schema),
                    found.get("description", ""),
                    tuple(self._fields(self._inner(found), _DEEPEST)),
                    tuple(json.dumps(each, indent=2, ensure_ascii=False) for each in examples),
                )

    def _parameter(self, told: Json) -> Field:
        schema = told.get("schema", {})
        example = next(iter(schema.get("examples") or ()), "")
        return Field(
            told["name"],
            self._type(schema),
            told.get("required", False),
            told.get("description") or schema.get("description", ""),
            json.dumps(schema["default"]) if schema.get("default") is not None else "",
            place=told["in"],
            example=str(example),
        )

    def _fields(self, schema: Json, depth: int) -> Iterator[Field]:
        required = schema.get("required", ())
        for name, one in schema.get("properties", {}).items():
            default = one.get("default")
            yield Field(
                name,
                self._type(one),
                name in required,
                one.get("description", ""),
                "" if default in (None, "", [], {}) else json.dumps(default, ensure_ascii=False),
                tuple(self._fields(self._inner(one), depth - 1)) if depth > 1 else (),
            )

    def _inner(self, schema: Json) -> Json:
        """The object that a field holds, alone, in a list, or as one of several kinds."""
        schema = self._resolve(schema)
        for one in schema.get("anyOf", ()):
            if found := self._inner(one):
                return found
        if "items" in schema:
            return self._inner(schema["items"])
        return schema if "properties" in schema else {}

    def _resolve(self, schema: Json) -> Json:
        while "$ref" in schema:
            at: Any = self._api
            for part in schema["$ref"][2:].split("/"):
                at = at[part]
            schema = at
        return schema

    def _type(self, schema: Json) -> str:
        if "$ref" in schema:
            return str(schema["$ref"].rpartition("/")[2])
        if "anyOf" in schema:
            return " | ".join(dict.fromkeys(self._type(one) for one in schema["anyOf"]))
        if "enum" in schema or "const" in schema:
            values = schema.get("enum") or [schema["const"]]
            return " | ".join(json.dumps(one, ensure_ascii=False) for one in values)
        if schema.get("type") == "array":
            items: Json = schema.get("items") or next(iter(schema.get("prefixItems", ())), {})
            return f"list of {self._type(items)}"
        return str(schema.get("title") if "properties" in schema else schema.get("type", "any"))
