"""Entries of commands in the audit log."""

import getpass
import os

from service.monitoring.audit import append
from service.settings import Settings
from service.state.inventory import AUDIT


def record_command(settings: Settings, command: str, **fields: object) -> None:
    """Note in the audit log, if there is one, which user of this machine ran a command. Raises OSError."""
    if settings.audit:
        append(settings.data / AUDIT, {"user": _current_user(), "command": command, **fields})


def _current_user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # no entry for it in the system's list of users
        return str(os.getuid())
