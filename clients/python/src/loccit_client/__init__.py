"""Client of the HTTP API of Loccit: passages and answers whose every citation can be checked.

::

    from loccit_client import Client

    with Client("http://127.0.0.1:8000") as loccit:
        found = loccit.ask("Who lit the lamp?")
        for passage in found.passages:
            print(passage.text, passage.citation.locator)

:class:`AsyncClient` has the same methods, to be awaited. ``loccit_client.langchain``, ``.llama_index`` and
``.haystack`` are adapters of these frameworks, which the extras of the package install.
"""

from loccit_client.api.answering import AnswerEvent, AnswerOptions
from loccit_client.api.asking import AskOptions, Turn
from loccit_client.api.citations import BareQuote, CitedQuote, SourceText, VerifyEvent, VerifyOptions
from loccit_client.api.jobs import Crawl, JobEvent, TextDocument
from loccit_client.async_client import AsyncClient
from loccit_client.client import Client
from loccit_client.errors import (
    ApiError,
    Conflict,
    ConnectionFailed,
    Forbidden,
    InvalidArgument,
    InvalidReply,
    InvalidRequest,
    LoccitError,
    NotFound,
    ServerError,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    WaitTimeout,
)
from loccit_client.retrying import NO_RETRIES, Retries
from loccit_client.version import __version__

__all__ = [
    "NO_RETRIES",
    "AnswerEvent",
    "AnswerOptions",
    "ApiError",
    "AskOptions",
    "AsyncClient",
    "BareQuote",
    "CitedQuote",
    "Client",
    "Conflict",
    "ConnectionFailed",
    "Crawl",
    "Forbidden",
    "InvalidArgument",
    "InvalidReply",
    "InvalidRequest",
    "JobEvent",
    "LoccitError",
    "NotFound",
    "Retries",
    "ServerError",
    "SourceText",
    "TextDocument",
    "TooManyRequests",
    "Turn",
    "Unauthorized",
    "Unavailable",
    "VerifyEvent",
    "VerifyOptions",
    "WaitTimeout",
    "__version__",
]
