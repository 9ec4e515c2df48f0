"""The body of a request that sends documents."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from service.errors import BodyTooLarge

_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Body:
    """A body that is still being sent: its media type with parameters, its size, and its bytes as they come.

    ``size`` is 0 where the client does not say. ``stream`` raises :class:`service.errors.ClientGone` when the
    client disconnects before the end.
    """

    media_type: str
    size: int
    stream: AsyncIterator[bytes]

    @property
    def essence(self) -> str:
        """The media type in lower case, without parameters."""
        return self.media_type.partition(";")[0].strip().lower()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes in pieces large enough to hand to a thread."""
        held, size = [], 0
        async for chunk in self.stream:
            held.append(chunk)
            size += len(chunk)
            if size >= _CHUNK:
                yield b"".join(held)
                held, size = [], 0
        if size:
            yield b"".join(held)

    async def read(self, most: int) -> bytes:
        """All bytes, if there are at most ``most``. Raises :class:`BodyTooLarge`."""
        chunks, size = [], 0
        async for chunk in self.stream:
            size += len(chunk)
            if size > most:
                raise BodyTooLarge(
                    f"JSON may have {most:,} bytes here. Send files as a form or as a ZIP file, or several "
                    "jobs."
                )
            chunks.append(chunk)
        return b"".join(chunks)
