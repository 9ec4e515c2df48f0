"""reStructuredText, as the text that it renders to (docutils parses it).

No transforms are run, nothing is included and nothing is looked up: the tree is rendered as it was parsed.
What belongs to Sphinx rather than docutils (roles such as ``:ref:``, directives such as ``versionadded``) is
read for its words: docutils reports it with its source, and that is parsed in its turn.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from docutils import frontend, nodes, utils
from docutils.parsers.rst import Parser, roles

from index.errors import CorruptDocument, DocumentTooLarge
from index.readers.bounds import bounded
from index.readers.builder import assemble
from index.readers.normalisation import decode, normalise, one_line, require_text
from index.readers.rst_rendering import Rendering
from index.types import Extract

READER = "rst/1"
MEDIA_TYPE = "text/x-rst"

_MAX_CHARACTERS = 2_000_000
_MAX_LINE = 100_000
_MAX_NESTED = 8
"""Directives inside of each other that docutils does not know: each is parsed once more for the next."""
_MAX_WEIGHT = 300_000_000
"""docutils looks for the end of inline markup from each of its starts to the end of the paragraph."""
_PARAGRAPH = re.compile(r"(?:[^\S\n]*+\S[^\n]*+\n?+)++")
_MARK = re.compile(r"[*`|_\[:]")
_LONG_LINE = re.compile(rf"[^\n]{{{_MAX_LINE}}}")
_DIRECTIVE = re.compile(r"\.\.[ \t]+(?:\|[^|\n]*\|[ \t]+)?([\w:.+-]+)[ \t]*::[ \t]*([^\n]*)(?:\n|\Z)")
_OPTION = re.compile(r"[ \t]*:[^:\n]+:[^\n]*(?:\n|\Z)")
_UNSEEN = re.compile(
    r"(?:auto\w+|contents|currentmodule|date|default-role|highlight|include|index|literalinclude|meta|(?:\w+:)?module"
    r"|raw|role|sectnum|tabularcolumns|testcleanup|testsetup|title|toctree)\Z"
)
"""Directives that show nothing, or something out of other files."""
_CODE = re.compile(
    r"(?:code|code-block|sourcecode|doctest|testcode|testoutput|prompt|math|ipython|productionlist)\Z"
)
_METADATA = {"author": "author", "authors": "author", "date": "date", "keywords": "keywords"} | {
    key: key for key in ("description", "language")
}


def read_rst(data: bytes, *, name: str, charset: str | None = None) -> Extract:
    """The text that a reStructuredText file renders to, with its headings, lists, tables and code.

    Raises :class:`index.errors.DocumentTooLarge` for files beyond two million characters, which docutils
    would take minutes for, and :class:`index.errors.CorruptDocument` for what is nested without end.
    """
    text = normalise(decode(data, name=name, charset=charset), name=name)
    require_text(text, name=name)
    if len(text) > _MAX_CHARACTERS or _LONG_LINE.search(text):
        raise DocumentTooLarge(
            f"{name}: more than {_MAX_CHARACTERS:,} characters, or {_MAX_LINE:,} in a line. Split the file."
        )
    weight = sum(len(one[0]) * len(_MARK.findall(one[0])) for one in _PARAGRAPH.finditer(text))
    if weight > _MAX_WEIGHT:
        raise DocumentTooLarge(
            f"{name}: too much markup in paragraphs without a blank line. Send it as .txt."
        )
    try:
        document = _parsed(text)
        rendering = _Rendering(document)
        rendering.blocks(document)
    except (RecursionError, IndexError, AttributeError, ValueError, TypeError, AssertionError) as error:
        # Besides running out of stack, docutils has been seen to stumble on malformed markup.
        reason = "nested too deeply" if isinstance(error, RecursionError) else f"malformed ({error!r})"
        raise CorruptDocument(f"{name}: its markup is {reason}. Simplify it, or send it as .txt.") from error
    drafts = rendering.builder.drafts
    title = next((draft.text for draft in drafts if draft.kind == "heading" and draft.level == 1), "")
    return assemble(
        bounded(drafts, name=name),
        name=name,
        media_type=MEDIA_TYPE,
        reader=READER,
        title=title,
        metadata=_metadata(document),
    )


class _Rendering(Rendering):
    """Reads what docutils reports as unknown."""

    def __init__(self, document: nodes.document, nested: int = 0) -> None:
        super().__init__(document)
        self.nested = nested

    def reported(self, source: str) -> None:
        match = _DIRECTIVE.match(source)
        if match is None or self.nested == _MAX_NESTED:
            self.builder.code(source)
            return
        kind, argument, content = match[1].lower(), match[2].strip(), source[match.end() :]
        if _UNSEEN.match(kind):
            return
        content = textwrap.dedent(_without_options(content))
        if _CODE.match(kind):
            self.builder.code(f"{argument}\n{content}" if kind == "math" else content)
            return
        self.builder.paragraph(argument)
        if content.strip():
            inner = _Rendering(_parsed(content), self.nested + 1)
            inner.builder, inner.level = self.builder, self.level
            inner.blocks(inner.document)


def _without_options(content: str) -> str:
    at = 0
    while option := _OPTION.match(content, at):
        at = option.end()
    return content[at:]


def _parsed(text: str) -> nodes.document:
    settings = frontend.get_default_settings(Parser)
    settings.file_insertion_enabled = False
    settings.raw_enabled = False
    settings.report_level = settings.halt_level = 6
    settings.warning_stream = False
    settings.syntax_highlight = "none"
    settings.line_length_limit = _MAX_LINE
    document = utils.new_document("", settings)
    with _own_roles():
        Parser().parse(text, document)
    return document


@contextmanager
def _own_roles() -> Iterator[None]:
    """Forget the roles that a file defines: docutils would know them in the next one."""
    known: dict[str, object] = vars(roles)["_roles"]
    before = dict(known)
    try:
        yield
    finally:
        known.clear()
        known.update(before)


def _metadata(document: nodes.document) -> dict[str, str]:
    """What the field list at the top says, or that below the document's title."""
    found: dict[str, str] = {}
    above: nodes.Element = document
    while above.children and isinstance(above.children[0], nodes.section):
        above = above.children[0]
    first = next(
        (child for child in above.children if not isinstance(child, nodes.title | nodes.comment)), None
    )
    for field in first.children if isinstance(first, nodes.field_list) else ():
        key, value = (one_line(child.astext()) for child in field.children[:2])
        if value and (known := _METADATA.get(key.lower())):
            found.setdefault(known, value)
    return found
