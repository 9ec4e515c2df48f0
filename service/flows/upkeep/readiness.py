"""Readiness of this process: open and warm up what it needs to answer questions."""

import asyncio
import logging
from collections.abc import Mapping

from index.errors import FormatInUse, LoccitError, UnknownFormat
from index.library import Library
from service.advice import message_with_advice
from service.errors import NotReady
from service.flows.ask.queues import QuestionQueues
from service.flows.upkeep.opening import open_all
from service.state.identity import Keyring
from service.state.limits.pools import Pool

log = logging.getLogger("loccit.service")

_OLDER_SECONDS = 2.0
"""How often a process looks whether those of an older version have ended."""
_OTHER_VERSION: Mapping[type[LoccitError], str] = {
    FormatInUse: "The service waits for processes of an older version to end.",
    UnknownFormat: "A newer version has changed tables, and this one cannot serve them. Its log has more.",
}


class Readiness:
    """Opens the collections and asks the models a first question. Call it from the event loop.

    ``lag_seconds`` is how far answers may be behind the record; 0 for any.
    """

    def __init__(
        self,
        library: Library,
        questions: QuestionQueues,
        lookups: Pool,
        *,
        lag_seconds: float,
        keyring: Keyring,
    ) -> None:
        self._library = library
        self._questions = questions
        self._lookups = lookups
        self._lag_seconds = lag_seconds
        self._keyring = keyring
        self._obstacle = "The service is loading its model. Try again in a moment."

    @property
    def is_ready(self) -> bool:
        """Whether questions can be answered."""
        return not self._obstacle

    def require(self) -> None:
        """Raise :class:`NotReady` with the reason while questions cannot be answered."""
        if self._obstacle:
            raise NotReady(self._obstacle)

    def require_following(self) -> None:
        """Raise :class:`NotReady` while answers are further behind the record than the settings allow."""
        bound = self._lag_seconds
        seconds = max((lag.seconds for lag in self._library.lags().values()), default=0.0)
        if bound and seconds > bound:
            raise NotReady(
                f"The indexes of this process are {seconds:.0f} s behind the record, and may be {bound:g} s. "
                "They catch up by themselves; if they do not, the log has the reason."
            )

    def require_keys(self) -> None:
        """Raise :class:`NotReady` once the store of keys is gone, or another one is in its place."""
        if self._keyring.loss:
            raise NotReady("The API keys were lost while the service runs. Its log has more.")

    def require_tables(self) -> None:
        """Raise :class:`NotReady` once a newer version has changed tables that this process served."""
        if store := self._library.config.store_url:
            from index.postgresql import open_server

            if open_server(store).admission.has_lost_tables:
                raise NotReady(_OTHER_VERSION[UnknownFormat])

    async def prepare(self) -> bool:
        """Do what has to happen before a question can be answered; whether that succeeded.

        What fails is logged. The service is ready once :meth:`declare` says so.
        """
        try:
            await self._lookups.run(self._library.expect_documents)
            models = await self._open_collections()
            # The first question is slow: backends allocate memory and choose their kernels.
            for model in models or {""}:
                await self._questions.of(model).encode(["Is anyone there?"])
        except LoccitError as error:
            log.critical("The service cannot answer: %s", message_with_advice(error))
            self._obstacle = f"The service cannot answer ({error.code}). Its log has the reason."
        except Exception as error:
            log.critical("The service cannot answer.", exc_info=error)
            self._obstacle = "The service cannot answer. Its log has the reason."
        else:
            return True
        return False

    def declare(self) -> None:
        """Let questions in."""
        self._obstacle = ""
        log.info("Ready. Collections: %s", ", ".join(self._library.names()) or "none yet")

    def withdraw(self) -> None:
        """Let no more questions in: the service is stopping."""
        self._obstacle = "The service is stopping."

    async def _open_collections(self) -> set[str]:
        """Open all collections, as soon as processes of other versions have left what this one can use."""
        told = ""
        while True:
            try:
                return await self._lookups.run(open_all, self._library)
            except (FormatInUse, UnknownFormat) as error:
                if error.message != told:
                    log.warning("The service is not ready: %s", message_with_advice(error))
                told = error.message
                self._obstacle = _OTHER_VERSION[type(error)]
            await asyncio.sleep(_OLDER_SECONDS)
