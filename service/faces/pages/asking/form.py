"""The form of the page to ask on: its fields, and the request to the collection that they mean."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import Field

from index.answers import Extent
from index.filters import PRINTED_PAGE, Filter, parse_filter
from service.errors import InvalidRequest
from service.faces.pages.languages import Language
from service.flows.ask.requests import AskRequest
from service.http.parameters import LARGEST, PastChange
from service.http.request_models import PageQuery
from service.state.identity import Principal, Scope

_FILTERS = ("kind", "folder", "since", "until", "language", "printed_page", "moment")
_MOST_TURNS = 6
"""Earlier questions that the page keeps."""
_OOXML = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
KINDS: Mapping[str, Sequence[str]] = {
    "pdf": ("application/pdf",),
    "text": ("text/plain", "text/markdown", "text/x-rst"),
    "web": ("text/html",),
    "word": (f"{_OOXML}.wordprocessingml.document", "application/msword", f"{_OPEN}.text", "application/rtf"),
    "slides": (
        f"{_OOXML}.presentationml.presentation", "application/vnd.ms-powerpoint", f"{_OPEN}.presentation",
    ),
    "table": (
        f"{_OOXML}.spreadsheetml.sheet", "application/vnd.ms-excel", f"{_OPEN}.spreadsheet", "text/csv",
        "application/json", "application/jsonl",
    ),
    "mail": ("message/rfc822", "application/vnd.ms-outlook", "application/mbox"),
    "book": ("application/epub+zip",),
    "code": ("text/x-source-code",),
}  # fmt: skip
"""Media types by the kinds of documents in the form."""
_LANGUAGES = {
    "ar": "العربية", "de": "Deutsch", "en": "English", "es": "Español", "fr": "Français", "it": "Italiano",
    "ja": "日本語", "ko": "한국어", "nl": "Nederlands", "pt": "Português", "ru": "Русский", "zh": "中文",
}  # fmt: skip
Kind = Literal["", "pdf", "text", "web", "word", "slides", "table", "mail", "book", "code"]


class HomeQuery(PageQuery):
    """Query of the page. Empty fields ask for nothing."""

    q: str = Field("", description="The question.")
    turn: list[str] = Field(default_factory=list, description="Earlier questions, the oldest first.")
    said: str = Field("", description="What was answered to the last of them.")
    extent: Extent = Field("passage", description="How much is quoted.")
    kind: Kind = Field("", description="Kind of the documents to ask.")
    folder: str = Field("", max_length=1000, description="Folder of the documents to ask.")
    since: str = Field("", description="First date of the documents to ask.")
    until: str = Field("", description="Last date of the documents to ask.")
    language: str = Field("", max_length=35, description="Language of the documents to ask.")
    printed_page: str = Field("", max_length=100, description="Number of the printed pages to ask.")
    moment: str = Field(
        "", max_length=40, description="Time (UTC) to ask as of, also of several collections."
    )
    as_of: PastChange | None = Field(None, ge=0, le=LARGEST, description="Change to ask as of.")
    was: list[str] = Field(default_factory=list, max_length=20, description="What an earlier answer cites.")
    mode: Literal["", "written", "extractive"] = Field("", description="Who writes the answer.")
    judged: str = Field("", max_length=1, description="Whether the answer was just judged.")
    also: list[str] = Field(
        default_factory=list, description="Other collections to ask at once; * for all that there are."
    )

    @property
    def question(self) -> str:
        """The question without spaces around it."""
        return self.q.strip()

    @property
    def turns(self) -> list[str]:
        """The earlier questions that count."""
        return [turn.strip() for turn in self.turn if turn.strip()][-_MOST_TURNS:]

    @property
    def several(self) -> list[str] | Literal["*"] | None:
        """The collections to ask at once; None for one."""
        if "*" in self.also:
            return "*"
        names = list(dict.fromkeys((self.collection, *filter(None, self.also))))
        return names if len(names) > 1 else None

    @property
    def moment_utc(self) -> str:
        """The time to ask as of, as the page shows it."""
        time = _parse_time(self.moment.strip())
        with suppress(OverflowError):  # at an end of the calendar
            time = time.astimezone(UTC)
        unit = "seconds" if time.second or time.microsecond else "minutes"
        return time.replace(tzinfo=None).isoformat(" ", unit)

    @property
    def kept(self) -> dict[str, str | list[str]]:
        """The fields that a follow-up question keeps."""
        fields = {name: getattr(self, name) for name in _FILTERS}
        fields["also"] = list(filter(None, self.also))
        if self.extent != "passage":
            fields["extent"] = self.extent
        if self.collection != "default":
            fields["collection"] = self.collection
        return {name: value for name, value in fields.items() if value}

    @property
    def is_filtered(self) -> bool:
        """Whether a field of the form's filters asks for something."""
        return bool(self.kept.keys() - {"collection", "also"})

    @property
    def kept_pairs(self) -> list[tuple[str, str]]:
        """The same as names and values of form fields."""
        each = ((name, [kept] if isinstance(kept, str) else kept) for name, kept in self.kept.items())
        return [(name, one) for name, some in each for one in some]

    def address(self, **changes: Any) -> str:
        """The address of this page with other values for some fields; one that is empty is left out."""
        asked = {"q": self.question, "turn": self.turns, "said": self.said}
        fields = {**asked, **self.kept, "as_of": self.as_of, **changes}
        wanted = {name: value for name, value in fields.items() if value not in ("", None, [])}
        return f"/?{urlencode(wanted, doseq=True)}" if wanted else "/"

    @property
    def filters(self) -> Filter | None:
        """The filter that the form asks for. Raises :class:`service.errors.InvalidRequest`."""
        where = self._filter()
        return None if where is None else parse_filter(where)

    def ask_request(self, question: str, extent: Extent) -> AskRequest:
        """The request that finds the passages. Raises :class:`service.errors.InvalidRequest`."""
        fields: dict[str, Any] = {
            "question": question,
            **({"collection": self.collection} if self.several is None else {"collections": self.several}),
            "turns": self._conversation(),
            "extent": extent,
        }
        if (where := self._filter()) is not None:
            fields["filter"] = where
        if self.as_of is not None:
            fields["as_of"] = self.as_of
        elif self.moment.strip():
            fields["as_of"] = _parse_time(self.moment.strip())
        return AskRequest.model_validate(fields)

    def _conversation(self) -> list[dict[str, str]]:
        turns = [{"role": "user", "text": turn} for turn in self.turns]
        return [*turns, {"role": "assistant", "text": self.said}] if turns and self.said else turns

    def _filter(self) -> dict[str, Any] | None:
        """The filter of the form's fields, in the grammar of the API."""
        each: list[dict[str, Any]] = []
        if self.kind:
            each.append({"type": "in", "key": "media_type", "value": list(KINDS[self.kind])})
        if folder := self.folder.strip().strip("/"):
            each += _prefix_filters(folder, "/")
        for name, kind in (("since", "gte"), ("until", "lte")):
            if day := _parse_day(name, getattr(self, name).strip()):
                # A date may have a time after it: a tilde comes after all of them.
                value = day if kind == "gte" else f"{day}~"
                each.append({"type": kind, "key": "date", "value": value})
        if pages := self.printed_page.strip():
            each.append({"type": "eq", "key": PRINTED_PAGE, "value": pages})
        if tag := self.language.strip():
            regional = {"type": "and", "filters": _prefix_filters(tag, "-", key="language")}
            exact = {"type": "eq", "key": "language", "value": tag}
            each.append({"type": "or", "filters": [exact, regional]})
        return {"type": "and", "filters": each} if each else None


def _prefix_filters(start: str, mark: str, *, key: str = "document_id") -> list[dict[str, Any]]:
    """The filters for values that begin with ``start`` and a mark."""
    return [
        {"type": "gte", "key": key, "value": f"{start}{mark}"},
        {"type": "lt", "key": key, "value": f"{start}{chr(ord(mark) + 1)}"},
    ]


def _parse_day(name: str, written: str) -> str:
    if not written:
        return ""
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        raise InvalidRequest(f"{name}: a date has the form 2024-05-31.", param=name) from None


def _parse_time(written: str) -> datetime:
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        raise InvalidRequest("moment: a time has the form 2024-05-31T12:00.", param="moment") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def extents(caller: Principal, language: Language) -> dict[Extent, str]:
    """Extents with their names in the form. A key with the scope ask may not read whole sections."""
    t = language.t
    own: dict[Extent, str] = {"sentences": t("Sentences"), "passage": t("Passages")}
    return own if caller.scope is Scope.ASK else {**own, "section": t("Sections")}


def kinds(language: Language) -> dict[Kind, str]:
    """Kinds of documents with their names in the form."""
    t = language.t
    return {
        "": t("All kinds"),
        "pdf": "PDF",
        "text": t("Text and Markdown"),
        "web": t("Web pages"),
        "word": t("Word processing"),
        "slides": t("Slides"),
        "table": t("Tables and data"),
        "mail": t("Mail"),
        "book": t("Books"),
        "code": t("Source code"),
    }


def languages(chosen: str, language: Language) -> dict[str, str]:
    """Languages of documents with their own names; also the chosen one, if it is another."""
    known = _LANGUAGES if not chosen or chosen in _LANGUAGES else {**_LANGUAGES, chosen: chosen}
    return {"": language.t("All languages"), **known}
