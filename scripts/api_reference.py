"""The reference of HTTP operations: scope, fields, reply and errors of each, from the OpenAPI document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from scripts.object_reference import Objects, one_line, replies, unique
from scripts.openapi import document

_METHODS = ("get", "put", "post", "patch", "delete")
_COMMON = 0.6
"""Share of the operations from which an error is named once for all of them."""


_PAGES = {
    "DELETE /v1/documents/{document_id}": "../data.md#erasure",
    "GET /metrics": "../running.md#monitoring",
    "POST /v1/answer": "../answers.md",
    "POST /v1/chat/completions": "../answers.md#in-openais-shapes",
    "POST /v1/collections/{name}/upgrade": "../http-api.md#upgrades",
    "GET /v1/evidence/keys": "../evidence.md#the-key",
    "GET /v1/verify/thresholds": "../citations.md#reading-claims",
    "POST /v1/evidence": "../evidence.md",
    "POST /v1/explain": "../http-api.md#explain",
    "POST /v1/responses": "../answers.md#in-openais-shapes",
    "PUT /v1/collections/{name}": "../load-and-models.md#models",
}
"""The page that explains an operation, if it is not that of its group."""
_PAGE_OF_GROUP = re.compile(r"see docs/(\S+\.md)")


def addresses() -> str:
    """Return the table of all operations, each with a link to its section and to a page that explains it."""
    described = document()
    rows = ["| | |", "| --- | --- |"]
    for tag, name, one in _by_tag(described):
        page = _PAGE_OF_GROUP.search(tag["description"])
        target = _PAGES.get(name) or (f"../{page[1]}" if page else "")
        told = f"[{one['summary']}]({target})" if target else one["summary"]
        rows.append(f"| [`{name}`](#{_anchor(name)}) | {told} |")
    return "\n".join(rows)


def operations() -> str:
    """Return a section for each group of operations, and one below it for each operation."""
    described = document()
    return _sections(described, Objects(described["components"]["schemas"], "objects.md"))


def objects() -> str:
    """Return a section for each object of a body or a reply, by name."""
    described = document()
    found = Objects(described["components"]["schemas"])
    _sections(described, found)
    return "\n\n".join(found.sections())


def _sections(described: Mapping[str, Any], objects: Objects) -> str:
    common = _common_codes(described)
    parts = [f"Nearly every operation may answer with {_link_codes(common)}; the others are named with each."]
    for tag, group in groupby(_by_tag(described), key=itemgetter(0)):
        parts.append(f"## {tag['name']}\n\n{one_line(tag['description'])}")
        has_objects = _PAGE_OF_GROUP.search(tag["description"]) is None
        parts += [
            _operation(described, name, one, frozenset(common), objects if has_objects else None)
            for _, name, one in group
        ]
    return "\n\n".join(parts)


def _by_tag(described: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str, Mapping[str, Any]]]:
    """Yield the group, the method with the path, and the description of each operation, group by group."""
    for tag in described["tags"]:
        for path, methods in described["paths"].items():
            for method, one in methods.items():
                if method in _METHODS and tag["name"] in one.get("tags", ()):
                    yield tag, f"{method.upper()} {path}", one


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _common_codes(described: Mapping[str, Any]) -> Sequence[str]:
    """Codes of most operations, the most frequent first."""
    every = [one for methods in described["paths"].values() for one in methods.values()]
    counted = Counter(code for one in every for code in set(_codes(one)))
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [code for code, times in ordered if times >= _COMMON * len(every)]


def _link_codes(codes: Sequence[str]) -> str:
    return ", ".join(f"[`{code}`](errors.md#{code})" for code in codes)


def _operation(
    described: Mapping[str, Any],
    name: str,
    one: Mapping[str, Any],
    common: frozenset[str],
    objects: Objects | None,
) -> str:
    said = one_line(one.get("description") or one.get("summary", ""))
    lines = [f"### {name}", said, *_scope(one)]
    rows = [
        *(_field(given["name"], given["in"], given, given["schema"]) for given in one.get("parameters", ())),
        *_body(described, one, objects),
    ]
    if rows:
        lines.append("\n".join(["| field | where | meaning |", "| --- | --- | --- |", *rows]))
    if objects and (reply := unique(objects.type_of(schema) for schema in replies(one))):
        lines.append(f"Reply: {reply}.")
    if codes := [code for code in _codes(one) if code not in common]:
        lines.append(f"Errors: {_link_codes(codes)}.")
    return "\n\n".join(line for line in lines if line)


def _scope(one: Mapping[str, Any]) -> Sequence[str]:
    roles = sorted({role for way in one.get("security", ()) for needed in way.values() for role in needed})
    return [f"Scope: *{', '.join(roles)}*."] if roles else []


def _field(name: str, where: str, given: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    needed = " (required)" if given.get("required") else ""
    default = schema.get("default")
    value = f" Default: `{default}`." if default not in (None, "", [], {}) else ""
    text = one_line(given.get("description") or schema.get("description") or "")
    return f"| `{name}` | {where}{needed} | {text}{value} |".replace("  ", " ")


def _body(described: Mapping[str, Any], one: Mapping[str, Any], objects: Objects | None) -> Iterator[str]:
    content = one.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = _resolve_schema(described, content.get("schema", {}))
    for name, field in schema.get("properties", {}).items():
        required = {"required": name in schema.get("required", ())}
        found = objects.type_of(field) if objects else ""
        text = " ".join(filter(None, (field.get("description"), _told_type(found) if "](" in found else "")))
        yield _field(name, "body", {**required, "description": text}, field)


def _told_type(found: str) -> str:
    return f"{found[0].upper()}{found[1:].removesuffix(' or null')}."


def _resolve_schema(described: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = described["components"]["schemas"].get(name, schema)
    return found


def _codes(one: Mapping[str, Any]) -> Iterator[str]:
    for status, reply in one["responses"].items():
        if status.startswith(("4", "5")):
            yield from reply.get("content", {}).get("application/json", {}).get("examples", {})
