"""Open all collections of a library when a process starts."""

import logging

from index.errors import CollectionNotFound, FormatInUse, LoccitError, UnknownFormat
from index.library import Library
from service.advice import message_with_advice

log = logging.getLogger("loccit.service")


def open_all(library: Library) -> set[str]:
    """Open all collections; returns their models, as :meth:`index.library.Library.model_of` names them.

    The model of new collections is not loaded where none of these has it. One that cannot be opened is
    logged. Raises :class:`index.errors.FormatInUse` while processes of an older version are in the way, and
    :class:`index.errors.UnknownFormat` where processes of a newer version serve what this one cannot.
    """
    library.models.choose()
    models = set()
    for name in library.names():
        try:
            library.open(name)
            models.add(library.model_of(name))
        except CollectionNotFound:
            continue  # deleted in the meantime
        except FormatInUse:
            raise  # they answer, and this process can wait
        except LoccitError as error:
            if isinstance(error, UnknownFormat) and library.config.store_url:
                raise
            # Other collections are still served.
            log.warning("The collection %r cannot be served: %s", name, message_with_advice(error))
    return models
