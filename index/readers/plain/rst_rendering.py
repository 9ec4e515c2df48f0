"""Render a docutils tree to blocks."""

from __future__ import annotations

import re

from docutils import nodes

from index.readers.base.builder import BlockBuilder

_LEVELS = 6
_MAX_SUBSTITUTED = 500
_ERROR = 3
_HIDDEN = (
    nodes.comment,
    nodes.meta,
    nodes.pending,
    nodes.raw,
    nodes.substitution_definition,
    nodes.transition,
)
_CODE = (nodes.literal_block, nodes.doctest_block, nodes.math_block)
_LINES = (nodes.paragraph, nodes.rubric, nodes.attribution, nodes.caption, nodes.subtitle, nodes.term)
_LISTS = (
    nodes.bullet_list,
    nodes.definition_list,
    nodes.enumerated_list,
    nodes.field_list,
    nodes.option_list,
)
_ROLE = re.compile(r":[\w:+.-]+:`([^`]*)`|`([^`]*)`:[\w:+.-]+:")
_TARGET = re.compile(r"\s*<[^<>]*>\Z")
_DATE = re.compile(r"\|[ \t]+date[ \t]*::")


class Rendering:
    """Walks a tree and adds its blocks to a builder. ``level`` is the depth of the current section."""

    def __init__(self, document: nodes.document) -> None:
        self.document = document
        self.builder = BlockBuilder()
        self.level = 0

    def add_unparsed(self, source: str) -> None:
        """Add the source of markup that docutils could not parse."""
        self.builder.code(source)

    def blocks(self, node: nodes.Node) -> None:
        """Add the blocks of a node."""
        for child in node.children:
            if not isinstance(child, _HIDDEN):
                self._block(child)

    def _block(self, node: nodes.Node) -> None:
        if isinstance(node, _CODE):
            self.builder.code(node.astext())
        elif isinstance(node, (*_LINES, nodes.target)):
            self.builder.paragraph(self.inline(node))
        elif isinstance(node, _LISTS):
            self._list(node)
        else:
            self._other(node)

    def _other(self, node: nodes.Node) -> None:
        match node:
            case nodes.section():
                self.level += 1
                self.blocks(node)
                self.level -= 1
            case nodes.title():
                self._title(node)
            case nodes.system_message():
                self._message(node)
            case nodes.table():
                self._table(node)
            case nodes.line_block():
                self.builder.paragraph("\n".join(self._lines(node)))
            case nodes.image():
                self.builder.paragraph(node.get("alt", ""))
            case nodes.footnote() | nodes.citation():
                self._note(node)
            case _:
                self.blocks(node)

    def _title(self, node: nodes.title) -> None:
        if isinstance(node.parent, nodes.section):
            self.builder.heading(self.inline(node), level=min(_LEVELS, max(1, self.level)))
        else:
            self.builder.paragraph(self.inline(node))

    def _message(self, node: nodes.system_message) -> None:
        for child in node.children:
            # The source that a warning quotes is in the tree anyway, except for disabled directives.
            if isinstance(child, nodes.literal_block):
                source = child.astext()
                if node.get("level", 0) >= _ERROR or source.startswith(".. "):
                    self.add_unparsed(source)

    def _table(self, node: nodes.table) -> None:
        for title in node.children:
            if isinstance(title, nodes.title):
                self.builder.paragraph(self.inline(title))
        marked = sum(isinstance(row.parent, nodes.thead) for row in node.findall(nodes.row))
        rows = [[self._cell(cell) for cell in row.children] for row in node.findall(nodes.row)]
        self.builder.table(rows, marked=marked)

    def _cell(self, node: nodes.Node) -> str:
        return " ".join(
            self.inline(child) if isinstance(child, _LINES) else child.astext() for child in node.children
        )

    def _list(self, node: nodes.Element) -> None:
        self.builder.open_list(ordered=isinstance(node, nodes.enumerated_list), start=node.get("start", 1))
        for item in node.children:
            self.builder.open_item()
            if isinstance(item, nodes.field):
                name, body = (" ".join(self._cell_or_line(child).split()) for child in item.children[:2])
                self.builder.paragraph(f"{name}: {body}" if body else "")
            elif isinstance(item, nodes.option_list_item):
                self.builder.paragraph(", ".join(option.astext() for option in item.children[0].children))
                self.blocks(item.children[1])
            else:
                self.blocks(item)
        self.builder.close_list()

    def _cell_or_line(self, node: nodes.Node) -> str:
        return self.inline(node) if isinstance(node, nodes.field_name) else self._cell(node)

    def _note(self, node: nodes.Element) -> None:
        label = next((child.astext() for child in node.children if isinstance(child, nodes.label)), "")
        rest = [child for child in node.children if not isinstance(child, nodes.label)]
        if rest and isinstance(rest[0], nodes.paragraph):
            self.builder.paragraph(f"[{label}] {self.inline(rest.pop(0))}")
        for child in rest:
            self._block(child)

    def _lines(self, node: nodes.Node) -> list[str]:
        found = []
        for child in node.children:
            found += self._lines(child) if isinstance(child, nodes.line_block) else [self.inline(child)]
        return found

    def inline(self, node: nodes.Node) -> str:
        """The text of a paragraph."""
        match node:
            case nodes.Text() | nodes.math():
                text = node.astext()
            case nodes.problematic():
                text = _ROLE.sub(_role_text, node.astext())
            case nodes.substitution_reference():
                text = self._substitute(node)
            case nodes.footnote_reference() | nodes.citation_reference():
                text = f"[{node.astext()}]"
            case nodes.image():
                text = node.get("alt", "")
            case nodes.system_message() | nodes.raw():
                text = ""
            case _:
                text = "".join(self.inline(child) for child in node.children)
        return str(text)

    def _substitute(self, node: nodes.substitution_reference) -> str:
        name = node.get("refname", "")
        document = self.document
        name = (
            name if name in document.substitution_defs else document.substitution_names.get(name.lower(), "")
        )
        definition = document.substitution_defs.get(name)
        # A date would be the current one.
        if definition is None or _DATE.search(definition.rawsource):
            return str(node.astext())
        text = "".join(
            child.get("alt", "") if isinstance(child, nodes.image) else child.astext()
            for child in definition.children
        )
        return text if 0 < len(text) <= _MAX_SUBSTITUTED else str(node.astext())


def _role_text(match: re.Match[str]) -> str:
    """The text that a Sphinx role shows: the title before a target, the last name of ``~a.b.c``."""
    text = match[1] if match[1] is not None else match[2]
    shown = _TARGET.sub("", text) or text
    if shown.startswith("~"):
        return shown[1:].rpartition(".")[2]
    return shown.removeprefix("!")
