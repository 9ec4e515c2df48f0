"""Files from which no text can be extracted."""

from __future__ import annotations

from index.errors.input import InvalidInput


class Unreadable(InvalidInput):
    """No text can be extracted from the file; the message has the reason."""

    code = "unreadable_document"


class UnsupportedFormat(Unreadable):
    """There is no reader for this file format."""

    code = "unsupported_format"


class UndecodableText(Unreadable):
    """The bytes are not text in the declared or detected encoding."""

    code = "undecodable_text"


class EmptyDocument(Unreadable):
    """The document contains only white space."""

    code = "empty_document"


class CorruptDocument(Unreadable):
    """The file violates the rules of its format."""

    code = "corrupt_document"


class EncryptedDocument(Unreadable):
    """The file is encrypted, and the password is missing or wrong."""

    code = "encrypted_document"


class EncryptionNotSupported(Unreadable):
    """The file is encrypted in a way that is not opened, whatever the password."""

    code = "encryption_not_supported"


class NoTextLayer(Unreadable):
    """The pages are images without text."""

    code = "no_text_layer"


class ReaderFailed(Unreadable):
    """The reader crashed, or exceeded its time or memory limit."""

    code = "reader_failed"


class DocumentTooLarge(Unreadable):
    """The document is larger than a limit.

    ``limit`` names the configured limit, where it is one.
    """

    code = "document_too_large"

    def __init__(self, message: str, *, limit: str = "") -> None:
        super().__init__(message)
        self.limit = limit
