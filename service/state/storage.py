"""Check that the data folder and the database of the settings can be used."""

import os
from pathlib import Path

from service.errors import DataNotWritable
from service.settings import Settings
from service.state.databases.server import require_database


def require_usable(data: Path) -> None:
    """Raise :class:`DataNotWritable` for a data folder that can neither be written to nor has anything.

    What is on a disk that has become read-only is served.
    """
    if is_read_only_disk(data):
        from service.state.data_folder import is_empty  # loads the stores: most commands need none of them

        if not is_empty(data):
            return
    require_writable(data)


def is_read_only_disk(folder: Path) -> bool:
    """Whether a folder is on a disk that is mounted for reading only."""
    return folder.is_dir() and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def require_writable(data: Path) -> None:
    """Raise :class:`DataNotWritable` unless the data folder can be written to, or made if it is missing."""
    folder = next(one for one in (data.absolute(), *data.absolute().parents) if one.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise DataNotWritable(
            f"The data folder {data} cannot be written to: {folder} is read-only, belongs to another user, "
            "or is no folder. Mount it for writing or change its owner, or choose another with LOCCIT_DATA."
        )


def require_store(settings: Settings) -> None:
    """Connect once to the database of the settings, if they name one, and make the data folder beside it.

    Raises :class:`DataNotWritable`, and what :func:`service.state.databases.server.require_database` raises.
    """
    require_usable(settings.data)
    if url := settings.library_config().store_url:
        require_database(url)
        settings.data.mkdir(parents=True, exist_ok=True)
