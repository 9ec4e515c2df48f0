"""Compare a data folder with its inventory before anything in it is opened."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from index.config import LibraryConfig
from index.library import ERASURE_LEDGER
from index.records import Problem
from service.errors import DataMixed
from service.state.databases.owner import name_owner
from service.state.inventory import INVENTORY, OWNER, UNKNOWN_BEFORE, Inventory, Lost, effect_of

LOST = "file_lost"
"""Code of the problem that a file was lost, and is made anew."""
log = logging.getLogger("loccit.service")


def open_inventory(data: Path, config: LibraryConfig) -> Inventory:
    """The inventory of a data folder, or of the folder beside the database of ``config``."""
    ledger = config.erasure_ledger or data / ERASURE_LEDGER
    return Inventory(data, logs={ERASURE_LEDGER: ledger}, has_databases=not config.store_url)


def settle_losses(data: Path, inventory: Inventory) -> None:
    """Note what was lost and is made anew, and log it. Call it before anything opens a database.

    Raises :class:`service.errors.DataMixed` for what must not be used as it is: damaged databases, and those
    of another installation, whose jobs, files and questions are for others.
    """
    lost = inventory.lost()
    if unusable := [one for one in lost if not _is_made_anew(one, inventory)]:
        raise DataMixed(" ".join(_unusable_message(data, one) for one in unusable))
    for one in lost:
        if one.file == OWNER:
            name_owner(data, inventory.owner() or "")
            inventory.forget(OWNER)
            log.warning("%s was %s, and is made anew with the name that %s has.", OWNER, one.state, INVENTORY)
        else:
            log.error("%s is %s, and is made anew: %s.", one.file, one.state, one.effect)
    if gone := [one for one in lost if one.file != OWNER]:
        inventory.note_losses(gone)


def stock_problems(data: Path, inventory: Inventory) -> Iterator[Problem]:
    """Yield what is not as the inventory says, and what was made anew since somebody accepted it."""
    if inventory.is_unreadable():
        message = "it cannot be read. Restore a backup; a service that finds its keys makes it anew."
        yield Problem("inventory_damaged", INVENTORY, message)
    if inventory.is_forgotten():
        message = f"it is missing, and is made anew when the service starts. {UNKNOWN_BEFORE}"
        yield Problem("inventory_missing", INVENTORY, message)
    for one in inventory.lost():
        if not _is_made_anew(one, inventory):
            yield Problem("data_mixed", one.file, _unusable_message(data, one))
        elif one.file == OWNER:
            message = f"it is {one.state}. The service makes it anew when it starts."
            yield Problem(LOST, one.file, message)
        else:
            message = f"it is {one.state}: {one.effect}. Restore a backup, or repair it to accept that."
            yield Problem(LOST, one.file, message, is_repairable=True)
    for name, moment in inventory.losses().items():
        day = datetime.fromtimestamp(moment, UTC).isoformat(" ", "minutes")
        message = f"it was lost, and made anew at {day}: {effect_of(name)}."
        message = f"{message} Restore a backup, or repair it to accept that."
        yield Problem(LOST, name, message, is_repairable=True)


def _is_made_anew(lost: Lost, inventory: Inventory) -> bool:
    if lost.file == OWNER:
        return lost.state in ("missing", "empty") and inventory.owner() is not None
    return lost.is_replaceable


def _unusable_message(data: Path, lost: Lost) -> str:
    path = data / lost.file
    if lost.state == "of another installation":
        return (
            f"{path} belongs to another installation, or to a state from before the inventory: what is in it "
            f"is not for the callers of this one. Put its own back, as a backup has it, or delete it: "
            f"{lost.effect}. If all of it belongs here, delete {INVENTORY}, which is made anew."
        )
    return f"{path} is {lost.state}. Put it back, as a backup has it, or delete it: {lost.effect}."
