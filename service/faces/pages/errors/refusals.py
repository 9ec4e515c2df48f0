"""Refused files on pages: the reason without the file's name, and whether a retry can help."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from index import errors
from index.errors import LoccitError, Unreadable
from index.naming import reason_beside
from index.sources import web
from service.faces.pages.errors.plain_errors import for_readers
from service.faces.pages.languages import ENGLISH, Language
from service.state.jobs.records import SAME_BYTES, SAME_TEXT, Item

_MAY_PASS = (errors.EncryptedDocument, errors.ReaderFailed)
"""Refusals by a reader that a password, or another attempt, may turn."""
_FINAL_KINDS: tuple[type[LoccitError], ...] = (
    *(kind for kind in Unreadable.__subclasses__() if kind not in _MAY_PASS),
    errors.InvalidDocumentId,
    errors.InvalidMetadata,
    errors.InvalidGroup,
    errors.DocumentIdTaken,
    errors.HashCollision,
    *(kind for kind in web.FetchRefused.__subclasses__() if kind is not web.FetchFailed),
)
_FINAL = frozenset((*(kind.code for kind in _FINAL_KINDS), SAME_BYTES))
_KINDS: Mapping[str, Callable[[Language], str]] = {
    "unsupported_format": lambda one: one.t("There is no reader for this kind of file."),
    "corrupt_document": lambda one: one.t("The file is damaged, or not what its name says."),
    "encrypted_document": lambda one: one.t("It needs a password, and none or a wrong one was given."),
    "encryption_not_supported": lambda one: one.t(
        "It is encrypted, and files of this kind are not opened with a password."
    ),
    "no_text_layer": lambda one: one.t("Its pages are pictures without text."),
    "empty_document": lambda one: one.t("It has no words."),
    "undecodable_text": lambda one: one.t("Its text is not in the encoding that it should have."),
    "document_too_large": lambda one: one.t("It is larger than a limit."),
    "same_bytes": lambda one: one.t("A document has the same bytes."),
    "invalid_url": lambda one: one.t("This is no address that can be fetched."),
    "address_refused": lambda one: one.t("Addresses of this network are not fetched."),
    "refused_by_robots": lambda one: one.t("The site does not allow programs to fetch this page."),
    "outside_crawl": lambda one: one.t("The page leads outside of the site."),
    "already_fetched": lambda one: one.t("The page was fetched already, under another address."),
    "media_type_refused": lambda one: one.t("There is no reader for this kind of file."),
    "page_too_large": lambda one: one.t("It is larger than a limit."),
    "invalid_sitemap": lambda one: one.t("This is no sitemap."),
    "fetch_failed": lambda one: one.t("The site could not be reached."),
    "fetch_timed_out": lambda one: one.t("The site took too long to answer."),
    "unexpected_status": lambda one: one.t("The site answered that the page is not there, or failed."),
    "invalid_document_id": lambda one: one.t("Its name cannot be the name of a document."),
    "invalid_metadata": lambda one: one.t("Its tags cannot be used."),
    "invalid_group": lambda one: one.t("Its groups cannot be used."),
    "document_id_taken": lambda one: one.t("A document that you may not read has this name."),
    "reader_failed": lambda one: one.t("Reading it took too long, or failed."),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a file was refused; ``detail`` is the message of the error, where the language has other words."""

    words: str = ""
    detail: str = ""


def reason_of(item: Item, language: Language) -> Reason:
    """The note on a file: why it was refused, or that only its original is new."""
    if item.message == SAME_TEXT:
        return Reason(language.t("same text, new original: no new version"))
    if not item.message:
        return Reason()
    message = for_readers(reason_beside(item.name, item.message))  # jobs of earlier versions have the name
    if language is ENGLISH:
        return Reason(message)
    kind = _KINDS.get(item.code)
    return Reason(kind(language) if kind else language.t("It was refused."), message)


def can_be_retried(code: str) -> bool:
    """Whether another attempt may take a file that was refused with this code."""
    return code not in _FINAL
