"""Interpret the tokens of an RTF file: groups with their properties, and the text in them."""

from dataclasses import dataclass, replace

from index.errors import CorruptDocument, UndecodableText
from index.readers.base.builder import Draft
from index.readers.base.symbol_fonts import symbol_character
from index.readers.rtf.body import Body, Paragraph
from index.readers.rtf.tables import Fonts, Information, Styles, heading_level
from index.readers.rtf.tokens import CHARACTERS, DESTINATIONS, Token, code_page

_MAX_DEPTH = 1000
_MAX_INVALID = 0.05
"""Share of a text's characters that may not be in the code page that the file names."""
_MAX_TOLD = 10
_TEXT, _SKIP, _MARK = "", "skip", "mark"
_TABLES = {"fonttbl": "fonts", "stylesheet": "styles", "info": "info"}
_MARKS = frozenset({"listtext", "pntext"})
_BODIES = {
    "footnote": "note",
    "shptxt": "box",
    "dptxbxtext": "box",
    **dict.fromkeys(("header", "headerf", "headerl", "headerr"), "margin"),
    **dict.fromkeys(("footer", "footerf", "footerl", "footerr"), "margin"),
}
"""Groups with text of their own -> the kind of that text."""
_NOT_SKIPPED = frozenset({"shpinst", "shp", "do", "nesttableprops"})
"""Groups with text that are marked as ones that readers may ignore."""
_INFORMATION_WORDS = frozenset(
    "author buptim category comment company creatim doccomm hlinkbase keywords manager operator printim "
    "revtim subject title".split()
)
_ENDS = frozenset({"par", "page", "sect"})
_PAGE_LINE = 24
"""A line of a page header or footer with a field and at most this many characters is only a page number."""


class Document:
    """Takes the tokens of a file one by one and collects its blocks."""

    def __init__(self, name: str) -> None:
        self.ended = False
        self._name = name
        self._state = State()
        self._stack: list[State] = []
        self._encoding = "cp1252"
        self._default_font = -1
        self._fonts, self._styles, self._information = Fonts(), Styles(), Information()
        self._bodies = [Body()]
        self._margins: dict[str, None] = {}
        self._has_field = False
        self._notes = 0
        self._bytes = bytearray()
        self._skip = 0
        self._invalid: dict[str, int] = {}
        self._characters = 0

    def take(self, token: Token) -> None:
        """Process the next token."""
        if token.kind == "text":
            skipped = min(self._skip, len(token.text))
            self._skip -= skipped
            if self._state.destination != _SKIP:
                self._bytes += token.text[skipped:]
            return
        self._skip = 0
        if self._bytes:
            self._flush()
        if token.kind == "{":
            self._open()
        elif token.kind == "}":
            self._close()
        elif token.kind == "symbol":
            self._symbol(token.word)
        else:
            self._word(token.word, token.number)

    def finish(self) -> list[Draft]:
        """Return all blocks; the lines of page headers and footers come first, each once.

        Raises :class:`index.errors.UndecodableText` if much of the text is not in the file's code pages.
        """
        if sum(self._invalid.values()) > _MAX_INVALID * self._characters:
            raise UndecodableText(
                f"{self._name}: byte {next(iter(self._invalid))} and others are not valid in the "
                "encoding that the file declares. Save it again."
            )
        return [*(Draft("paragraph", line) for line in self._margins), *self._bodies[0].finish()]

    def properties(self) -> tuple[str, dict[str, str]]:
        """The title, and other metadata."""
        title, metadata = self._information.properties()
        if self._invalid:
            metadata["undecodable_bytes"] = ", ".join(list(self._invalid)[:_MAX_TOLD])
        return title, metadata

    def _open(self) -> None:
        if len(self._stack) >= _MAX_DEPTH:
            raise CorruptDocument(
                f"{self._name}: groups are nested more than {_MAX_DEPTH} deep. Save the file again."
            )
        self._stack.append(self._state)
        if self._state.starred or self._state.body:
            self._state = replace(self._state, starred=False, body="")

    def _close(self) -> None:
        ended = self._state
        self._state = self._stack.pop()
        self.ended = not self._stack
        if ended.destination == "styles":
            self._styles.end()
        if ended.body:
            self._end_body(ended.body)

    def _end_body(self, kind: str) -> None:
        drafts = self._bodies.pop().finish()
        if kind == "margin":
            for draft in drafts:
                is_number = self._has_field and len(draft.text) <= _PAGE_LINE
                if not is_number and any(map(str.isalpha, draft.text)):
                    self._margins.setdefault(draft.text)
        elif kind == "box":
            self._bodies[-1].follow(drafts)
        elif text := "\n".join(draft.text for draft in drafts):
            self._bodies[-1].follow([Draft("paragraph", f"[{self._state.key}] {text}")])
        self._state = replace(self._state, key="")

    def _symbol(self, character: str) -> None:
        if character == "*":
            self._state = replace(self._state, starred=True)
        elif character in "\r\n":
            self._end_paragraph()
        elif shown := CHARACTERS.get(character):
            self._text(shown)

    def _word(self, word: str, number: int | None) -> None:
        starred = self._state.starred
        if starred:
            self._state = replace(self._state, starred=False)
        destination = self._state.destination
        if self._destination(word, starred=starred) or self._state.destination == _SKIP:
            return
        if destination == "fonts":
            self._fonts.take(word, number or 0)
        elif destination == "styles":
            self._styles.take(word, number or 0)
        elif destination == "info":
            self._information.take(self._state.key, word, number or 0)
        elif word in CHARACTERS:
            self._text(CHARACTERS[word])
        elif word == "u":
            self._text(self._unicode(number or 0))
            self._skip = self._state.unicode_skip
        elif word in _ENDS:
            self._end_paragraph()
        elif not self._table_word(word):
            self._property(word, number)

    def _destination(self, word: str, *, starred: bool) -> bool:
        """Process a word that sets the destination of its group; False for other words."""
        state = self._state
        if word == "ud" and len(self._stack) > 1:
            # The Unicode version of the text in the surrounding group.
            outer = self._stack[-2]
            self._state = replace(state, destination=outer.destination, key=outer.key)
        elif state.destination == _SKIP:
            return False
        elif state.destination == "info":
            if word not in _INFORMATION_WORDS:
                return False
            self._state = replace(state, key=word)
        elif word in _TABLES:
            self._state = replace(state, destination=_TABLES[word])
        elif word in _MARKS:
            self._state = replace(state, destination=_MARK)
        elif word in _BODIES and state.destination == _TEXT:
            self._open_body(_BODIES[word])
        elif word in DESTINATIONS or word == "upr" or (starred and word not in _NOT_SKIPPED):
            self._has_field = self._has_field or word == "fldinst"
            self._state = replace(state, destination=_SKIP)
        else:
            return False
        return True

    def _open_body(self, kind: str) -> None:
        if kind == "note":
            self._notes += 1
            self._text(f"[{self._notes}]")
            self._stack[-1] = replace(self._stack[-1], key=str(self._notes))
        self._has_field = False
        self._bodies.append(Body())
        self._state = replace(
            self._state, body=kind, hidden=frozenset(), in_table=False, outline=None, style=0
        )

    def _table_word(self, word: str) -> bool:
        body = self._bodies[-1]
        if word == "cell":
            body.end_cell()
        elif word == "row":
            body.end_row()
        elif word in ("nestcell", "nestrow"):
            body.text(" ")
        else:
            return False
        return True

    def _property(self, word: str, number: int | None) -> None:
        match word:
            case "ansicpg":
                self._encoding = code_page(number)
            case "mac":
                self._encoding = "mac-roman"
            case "deff":
                self._default_font = number or 0
            case "chpgn":
                self._has_field = True
            case _ if word in PROPERTIES:
                self._state = with_character(with_layout(self._state, word, number or 0), word, number)

    @property
    def _font(self) -> int:
        return self._default_font if self._state.font < 0 else self._state.font

    def _end_paragraph(self) -> None:
        state = self._state
        if state.destination != _TEXT:
            return
        own = None if state.outline is None else heading_level(state.outline)
        self._bodies[-1].end_paragraph(
            Paragraph(
                level=self._styles.level(state.style) if own is None else own,
                depth=state.depth,
                in_table=state.in_table,
                is_contents=self._styles.is_contents(state.style),
            )
        )

    def _unicode(self, number: int) -> str:
        code = number + 0x10000 if number < 0 else number
        if 0xF000 <= code <= 0xF0FF:
            return symbol_character(code - 0xF000, greek=self._font in self._fonts.symbols)
        return chr(code) if 0 <= code <= 0xFFFF else ""

    def _flush(self) -> None:
        data, self._bytes = bytes(self._bytes), bytearray()
        codec = self._fonts.codecs.get(self._font, self._encoding)
        if codec == "symbol":
            greek = self._font in self._fonts.symbols
            self._text("".join(symbol_character(byte, greek=greek) for byte in data))
            return
        self._text(self._decode(data, codec))

    def _decode(self, data: bytes, codec: str) -> str:
        """Decode text; bytes that are no characters of the code page become U+FFFD, and are told."""
        try:
            text = data.decode(codec)
        except UnicodeDecodeError as error:
            text = data.decode(codec, "replace")
            if self._state.destination == _TEXT:
                found = f"0x{data[error.start]:02X} ({codec.upper()})"
                self._invalid[found] = self._invalid.get(found, 0) + text.count("\ufffd")
        return text

    def _text(self, text: str) -> None:
        state = self._state
        if state.destination == _TEXT and not state.hidden:
            self._characters += len(text)
            self._bodies[-1].text(text)
        elif state.destination == _MARK:
            self._bodies[-1].mark(text)
        elif state.destination == "fonts":
            self._fonts.take_name(text)
        elif state.destination == "styles":
            self._styles.name.append(text)
        elif state.destination == "info" and state.key:
            self._information.texts.setdefault(state.key, []).append(text)


# The state of an RTF group: properties that the groups inside it inherit.


_MAX_VALUE = 8
"""Limit of list levels, and of the characters that replace one Unicode character."""
PROPERTIES = frozenset("f uc v deleted plain pard s outlinelevel ilvl intbl".split())
"""The control words that change the state."""


@dataclass(frozen=True, slots=True)
class State:
    """The state of a group, which the groups inside it inherit."""

    destination: str = ""
    """The purpose of its text; empty for the text of the document."""
    key: str = ""
    """Which piece of document information its text is, or the number of the note that follows."""
    font: int = -1
    unicode_skip: int = 1
    """Number of characters after a Unicode one that replace it in programs without Unicode."""
    hidden: frozenset[str] = frozenset()
    style: int = 0
    outline: int | None = None
    depth: int = 0
    in_table: bool = False
    starred: bool = False
    body: str = ""
    """The kind of the separate text, such as a note, that begins with this group."""


def with_character(state: State, word: str, number: int | None) -> State:
    """The state after a character property."""
    match word:
        case "f":
            return replace(state, font=number or 0)
        case "uc":
            return replace(state, unicode_skip=min(max(number or 0, 0), _MAX_VALUE))
        case "v" | "deleted":
            hidden = state.hidden - {word} if number == 0 else state.hidden | {word}
            return replace(state, hidden=hidden)
        case "plain":
            return replace(state, hidden=frozenset(), font=-1)
    return state


def with_layout(state: State, word: str, number: int) -> State:
    """The state after a paragraph property."""
    match word:
        case "pard":
            return replace(state, style=0, outline=None, depth=0, in_table=False)
        case "s":
            return replace(state, style=number)
        case "outlinelevel":
            return replace(state, outline=number)
        case "ilvl":
            return replace(state, depth=min(max(number, 0), _MAX_VALUE))
        case "intbl":
            return replace(state, in_table=True)
    return state
