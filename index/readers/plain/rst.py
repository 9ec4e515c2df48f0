"""Read reStructuredText as rendered text; docutils parses it.

No transforms run and no files are included: the tree is rendered as it was parsed. docutils does not know the
roles and directives of Sphinx, such as ``:ref:`` and ``versionadded``; it reports them with their source, and
that source is parsed for its text.
"""

import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from docutils import frontend, nodes, utils
from docutils.parsers.rst import Parser, roles

from index.errors import CorruptDocument, DocumentTooLarge
from index.readers.base.bounds import limit_text
from index.readers.base.builder import BlockBuilder, assemble
from index.readers.base.normalisation import decode, normalise, one_line, require_text
from index.types import Extract

# Render a docutils tree to blocks.


_LEVELS = 6
_MAX_SUBSTITUTED = 500
_ERROR = 3
_HIDDEN_NODES = (
    nodes.comment,
    nodes.meta,
    nodes.pending,
    nodes.raw,
    nodes.substitution_definition,
    nodes.transition,
)
_CODE_NODES = (nodes.literal_block, nodes.doctest_block, nodes.math_block)
_LINES = (nodes.paragraph, nodes.rubric, nodes.attribution, nodes.caption, nodes.subtitle, nodes.term)
_LISTS = (
    nodes.bullet_list,
    nodes.definition_list,
    nodes.enumerated_list,
    nodes.field_list,
    nodes.option_list,
)
_ROLE_NAME = r":(?:[\w+.-]{1,60}:){1,4}"
_ROLE = re.compile(rf"{_ROLE_NAME}`([^`]*)`|`([^`]*)`{_ROLE_NAME}")
_TARGET = re.compile(r"(?:(?<!\s)\s+)?<[^<>]*>\Z")
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
            if not isinstance(child, _HIDDEN_NODES):
                self._block(child)

    def _block(self, node: nodes.Node) -> None:
        if isinstance(node, _CODE_NODES):
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


READER = "rst/2"
MEDIA_TYPE = "text/x-rst"

_MAX_CHARACTERS = 2_000_000
_MAX_LINE = 100_000
_MAX_NESTED = 8
"""Nested directives that docutils does not know: each level is parsed once more."""
_MAX_WEIGHT = 300_000_000
"""Sum over paragraphs of length times starts of inline markup: from each start, docutils searches the end."""
_MAX_PARAGRAPH_WEIGHT = 50_000_000
"""The same of one paragraph: twenty thousand characters with some thousand starts."""
_MAX_BLOCKS = 200_000_000
"""Blocks times lines: docutils copies the lines that follow for each construct that has lines of its own."""
_MARKER = r"[^\S\n]*+(?:\.\.|>>>|[-*+|]\s|[-+=:])"
_PARAGRAPH = re.compile(rf"(?<![^\S\n])[^\S\n]*+\S[^\n]*+\n?+(?:(?!{_MARKER})[^\S\n]*+\S[^\n]*+\n?+)*+")
_MARK = re.compile(r"[*`|_\[:]")
_LONG_LINE = re.compile(rf"[^\n]{{{_MAX_LINE}}}")
_DIRECTIVE = re.compile(r"\.\.[ \t]+(?:\|[^|\n]*\|[ \t]+)?([\w:.+-]+)[ \t]*::[ \t]*([^\n]*)(?:\n|\Z)")
_OPTION = re.compile(r"[ \t]*:[^:\n]+:[^\n]*(?:\n|\Z)")
_HIDDEN = re.compile(
    r"(?:auto\w+|contents|currentmodule|date|default-role|highlight|include|index|literalinclude|meta|(?:\w+:)?module"
    r"|raw|role|sectnum|tabularcolumns|testcleanup|testsetup|title|toctree)\Z"
)
"""Directives that show nothing, or the content of other files."""
_CODE = re.compile(
    r"(?:code|code-block|sourcecode|doctest|testcode|testoutput|prompt|math|ipython|productionlist)\Z"
)
_METADATA = {"author": "author", "authors": "author", "date": "date", "keywords": "keywords"} | {
    key: key for key in ("description", "language")
}


def read_rst(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """Extract the rendered text of a reStructuredText file, with its headings, lists, tables and code.

    Raises :class:`index.errors.DocumentTooLarge` for files of more than two million characters, which would
    take docutils minutes, and :class:`index.errors.CorruptDocument` for markup that is nested too deeply.
    """
    text = normalise(decode(data, name=name, charset=charset), name=name)
    require_text(text, name=name)
    if len(text) > _MAX_CHARACTERS or _LONG_LINE.search(text):
        raise DocumentTooLarge(
            f"{name}: more than {_MAX_CHARACTERS:,} characters, or {_MAX_LINE:,} in one line. Split the file."
        )
    weights = [len(one[0]) * len(_MARK.findall(one[0])) for one in _PARAGRAPH.finditer(text)]
    if sum(weights) > _MAX_WEIGHT or max(weights, default=0) > _MAX_PARAGRAPH_WEIGHT:
        raise DocumentTooLarge(
            f"{name}: paragraphs with too much markup. Divide them by blank lines, or send the file as .txt."
        )
    if len(weights) * text.count("\n") > _MAX_BLOCKS:
        raise DocumentTooLarge(f"{name}: too many short blocks. Split the file, or send it as .txt.")
    try:
        document = _parse_rst(text)
        rendering = _SphinxRendering(document)
        rendering.blocks(document)
    except (RecursionError, IndexError, AttributeError, ValueError, TypeError, AssertionError) as error:
        # docutils raises these for malformed markup.
        reason = "nested too deeply" if isinstance(error, RecursionError) else f"malformed ({error!r})"
        raise CorruptDocument(f"{name}: its markup is {reason}. Simplify it, or send it as .txt.") from error
    drafts = rendering.builder.drafts
    title = next((draft.text for draft in drafts if draft.kind == "heading" and draft.level == 1), "")
    return assemble(
        limit_text(drafts, name=name),
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=title,
        metadata=_metadata(document),
    )


class _SphinxRendering(Rendering):
    """A rendering that also parses the directives that docutils reports as unknown."""

    def __init__(self, document: nodes.document, nested: int = 0) -> None:
        super().__init__(document)
        self.nested = nested

    def add_unparsed(self, source: str) -> None:
        match = _DIRECTIVE.match(source)
        if match is None or self.nested == _MAX_NESTED:
            self.builder.code(source)
            return
        kind, argument, content = match[1].lower(), match[2].strip(), source[match.end() :]
        if _HIDDEN.match(kind):
            return
        content = textwrap.dedent(_without_options(content))
        if _CODE.match(kind):
            self.builder.code(f"{argument}\n{content}" if kind == "math" else content)
            return
        self.builder.paragraph(argument)
        if content.strip():
            inner = _SphinxRendering(_parse_rst(content), self.nested + 1)
            inner.builder, inner.level = self.builder, self.level
            inner.blocks(inner.document)


def _without_options(content: str) -> str:
    at = 0
    while option := _OPTION.match(content, at):
        at = option.end()
    return content[at:]


def _parse_rst(text: str) -> nodes.document:
    settings = frontend.get_default_settings(Parser)
    settings.file_insertion_enabled = False
    settings.raw_enabled = False
    settings.report_level = settings.halt_level = 6
    settings.warning_stream = False
    settings.syntax_highlight = "none"
    settings.line_length_limit = _MAX_LINE
    document = utils.new_document("", settings)
    with _restore_roles():
        Parser().parse(text, document)
    return document


@contextmanager
def _restore_roles() -> Iterator[None]:
    """Remove the roles that a file defines: docutils keeps them globally, for the next file as well."""
    known: dict[str, object] = vars(roles)["_roles"]
    before = dict(known)
    try:
        yield
    finally:
        known.clear()
        known.update(before)


def _metadata(document: nodes.document) -> dict[str, str]:
    """The fields of the field list at the top, or below the document's title."""
    found: dict[str, str] = {}
    parent: nodes.Element = document
    while parent.children and isinstance(parent.children[0], nodes.section):
        parent = parent.children[0]
    first = next(
        (child for child in parent.children if not isinstance(child, nodes.title | nodes.comment)), None
    )
    for field in first.children if isinstance(first, nodes.field_list) else ():
        key, value = (one_line(child.astext()) for child in field.children[:2])
        if value and (known := _METADATA.get(key.lower())):
            found.setdefault(known, value)
    return found
