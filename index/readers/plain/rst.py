"""Read reStructuredText as rendered text; docutils parses it.

No transforms run and no files are included: the tree is rendered as it was parsed. docutils does not know the
roles and directives of Sphinx, such as ``:ref:`` and ``versionadded``; it reports them with their source, and
that source is parsed for its text.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from docutils import frontend, nodes, utils
from docutils.parsers.rst import Parser, roles

from index.errors import CorruptDocument, DocumentTooLarge
from index.readers.base.bounds import limit_text
from index.readers.base.builder import assemble
from index.readers.base.normalisation import decode, normalise, one_line, require_text
from index.readers.plain.rst_rendering import Rendering
from index.types import Extract

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
_PARAGRAPH = re.compile(rf"[^\S\n]*+\S[^\n]*+\n?+(?:(?!{_MARKER})[^\S\n]*+\S[^\n]*+\n?+)*+")
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
