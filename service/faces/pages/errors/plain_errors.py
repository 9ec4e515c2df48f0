"""Errors in plain words for people in a browser: what happened, and a page to go on from.

The advice of the API names routes, headers and settings (:mod:`service.advice`); pages name pages. A message
of the library is in English; in other languages, a sentence about its kind comes before it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from index import errors as library
from index.errors import LoccitError
from service import errors
from service.advice import message_with_advice
from service.faces.pages.languages import ENGLISH, Language


@dataclass(frozen=True, slots=True)
class PlainError:
    """An error for a page. ``detail`` is the error's own message, if ``message`` is not that.

    ``link`` is a path and its name; both are empty without one.
    """

    message: str
    detail: str = ""
    advice: str = ""
    link: tuple[str, str] = ("", "")


_Words = Mapping[type[LoccitError], Callable[[Language], str]]

_INSTEAD: _Words = {
    errors.MethodNotAllowed: lambda one: one.t("This address takes no such form. Go back and try again."),
    errors.JobNotFound: lambda one: one.t(
        "There is no such job. Finished ones are removed after some days, or by hand."
    ),
    library.CitationNotFound: lambda one: one.t(
        "Its document was deleted, its version is no longer kept, or the link is of another collection."
    ),
    errors.KeyNotFound: lambda one: one.t("There is no such key."),
    errors.PersonNotFound: lambda one: one.t("There is no such person."),
    errors.Overloaded: lambda one: one.t("The service is busy. Try again in a moment."),
    errors.RateLimited: lambda one: one.t("These were too many requests in a short time. Try again later."),
    errors.CrossSiteRequest: lambda one: one.t("A page of another site sent this form. Send it from here."),
}
"""Messages for people, in place of those for programs."""
_KINDS: _Words = {
    errors.RouteNotFound: lambda one: one.t("There is no page at this address."),
    errors.Unauthorized: lambda one: one.t("The key is not known, was revoked, or has expired."),
    errors.SignInFailed: lambda one: one.t("The sign-in failed."),
    errors.ProviderUnavailable: lambda one: one.t("The service at which you sign in cannot be reached."),
    errors.Forbidden: lambda one: one.t("Your key does not allow this."),
    errors.InvalidRequest: lambda one: one.t("Something in the form cannot be used."),
    errors.BodyTooLarge: lambda one: one.t("That is too large."),
    errors.SpoolFull: lambda one: one.t("The disk of the service is full."),
    errors.WriterTimeout: lambda one: one.t("The language model took too long."),
    errors.WriterFailed: lambda one: one.t("The language model failed."),
    errors.NotReady: lambda one: one.t("The service is still starting. Try again in a moment."),
    library.CollectionNotFound: lambda one: one.t("There is no such collection."),
    library.DocumentNotFound: lambda one: one.t("There is no such document."),
    library.DocumentRetired: lambda one: one.t("The document is retired."),
    library.NotFound: lambda one: one.t("That is not there, or not any more."),
    library.ChangeNotKept: lambda one: one.t("The documents of that time are not kept any more."),
    library.EmptyQuestion: lambda one: one.t("The question has no words."),
    library.QuestionTooLong: lambda one: one.t("The question is too long. Ask in one or two sentences."),
    library.InvalidCollectionName: lambda one: one.t("This name cannot be the name of a collection."),
    library.InvalidDocumentId: lambda one: one.t("This name cannot be the name of a document."),
    library.InvalidMetadata: lambda one: one.t("These tags cannot be used."),
    library.InvalidGroup: lambda one: one.t("These groups cannot be used."),
    library.InvalidInput: lambda one: one.t("Something in the form cannot be used."),
    library.Conflict: lambda one: one.t("Something else is going on there. Try again later."),
    library.DiskFull: lambda one: one.t("The disk of the service is full."),
    library.DiskReadOnly: lambda one: one.t("The disk of the service is read-only."),
    LoccitError: lambda one: one.t("The service failed. Tell the people who run it."),
}
"""Kinds of errors, for languages that the message is not in."""
_ADVICE: _Words = {
    errors.Forbidden: lambda one: one.t("Ask the people who run this service for a key that may."),
    library.CollectionNotFound: lambda one: one.t(
        "Its name may be misspelt, it may be deleted, or your key may not use it."
    ),
    library.DocumentNotFound: lambda one: one.t("It may be deleted, or not for you."),
    library.CitationNotFound: lambda one: one.t("Check the quote itself: it may stand in another document."),
}
_LINKS: Mapping[type[LoccitError], Callable[[Language], tuple[str, str]]] = {
    errors.Forbidden: lambda one: ("/sign-in", one.t("What your key allows")),
    errors.JobNotFound: lambda one: ("/jobs", one.t("All jobs")),
    library.CollectionNotFound: lambda one: ("/library", one.t("To the library")),
    library.DocumentNotFound: lambda one: ("/library", one.t("To the library")),
    library.DocumentRetired: lambda one: ("/library", one.t("To the library")),
    library.CitationNotFound: lambda one: ("/check", one.t("Check a text")),
}


_ASIDE = re.compile(r" \(LOCCIT_[A-Z_]+\)")
_SENTENCE_END = re.compile(r"(?<=[.:!?]) ")


def for_readers(message: str) -> str:
    """A message without the sentences that name settings, which readers cannot change."""
    sentences = _SENTENCE_END.split(_ASIDE.sub("", message))
    return " ".join(one for one in sentences if "LOCCIT_" not in one)


def plain_error(error: LoccitError, language: Language) -> PlainError:
    """Describe an error in the words of a page: message, advice and a link."""
    kinds = type(error).__mro__
    advice = next((_ADVICE[kind](language) for kind in kinds if kind in _ADVICE), "")
    link = next((_LINKS[kind](language) for kind in kinds if kind in _LINKS), ("", ""))
    if (instead := next((_INSTEAD[kind] for kind in kinds if kind in _INSTEAD), None)) is not None:
        message = instead(language)
        if isinstance(error, library.CitationNotFound):
            cited = language.t("A citation of {document} leads nowhere.", document=error.document_id)
            message = f"{cited} {message}"
        return PlainError(message, "", advice, link)
    # Whoever opens the service under a new name first is who set it up.
    own = error.message if isinstance(error, errors.HostNotAllowed) else for_readers(error.message)
    if language is ENGLISH and own:
        return PlainError(own, "", advice, link)
    kind = next(_KINDS[kind] for kind in kinds if kind in _KINDS)
    return PlainError(kind(language), own, advice, link)


def plain_message(error: LoccitError, language: Language) -> str:
    """An error in one line, for a form that goes on."""
    found = plain_error(error, language)
    return f"{found.message} {found.detail}" if found.detail else found.message


def plain_problem(error: LoccitError, language: Language) -> str:
    """An error that administrators are told of in one line, with the advice of commands."""
    told = for_readers(message_with_advice(error))
    if language is ENGLISH:
        return told
    kind = next(_KINDS[kind] for kind in type(error).__mro__ if kind in _KINDS)
    return f"{kind(language)} {told}"
