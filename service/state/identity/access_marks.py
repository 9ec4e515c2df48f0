"""Access marks: refuse to start where data requires API keys that are missing.

Each collection's record, the inventory of the data folder and the databases in it have an access mark: empty
while nobody needs a key, the id of the store of keys from the first key on.
"""

from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from index.errors import LoccitError
from index.store import open_catalogue
from service.errors import KeysLost
from service.state.identity.records import StoreState
from service.state.inventory import CLOSED_BY_SETTINGS, INVENTORY, UNREADABLE, Inventory

_WHAT_TO_DO = (
    "or make new ones with `loccit keys create NAME --scope admin`, which leaves the former ones invalid, or "
    "say with `loccit keys forget-lost` that it is to start without keys, open to everybody who reaches it."
)


@dataclass(frozen=True, slots=True)
class Marks:
    """The access marks of a data folder, or of the database at the URL ``store`` and the folder beside it.

    ``objects`` is the address of the place of originals (:func:`index.objects.parse_objects`).
    """

    data: Path
    store: str = ""
    objects: str = ""

    def all(self) -> dict[str, str]:
        """The marks, by the place that has each. What cannot be read has none."""
        marks = Inventory(self.data).marks()
        catalogue = open_catalogue(self.data, self.store, objects=self.objects)
        for name in catalogue.names():
            with suppress(LoccitError), closing(catalogue.open(name)) as store:
                if mark := store.access_mark():
                    marks[f"the collection {name!r}"] = mark
        return marks

    def replace(self, mark: str) -> None:
        """Give all of the data one mark."""
        Inventory(self.data).set_access(mark)
        catalogue = open_catalogue(self.data, self.store, objects=self.objects)
        for name in catalogue.names():
            # One that cannot be opened is refused to everybody, whatever its mark is.
            with suppress(LoccitError), closing(catalogue.open(name)) as store:
                if store.access_mark() != mark:
                    store.set_access_mark(mark)

    def require_keys(self, found: StoreState, *, asks_for_keys: bool) -> None:
        """Raise :class:`KeysLost` unless the keys that the data asks for are those that were found.

        ``found`` is what the store of keys has now. ``asks_for_keys``: the settings do so, too.
        """
        if found.gone:
            raise KeysLost(
                f"{found.gone} keys that were made are gone from {self._where()}, which deletes none: it was "
                "emptied, or overwritten while it was open. Put it back, as a backup has it, or say with "
                "`loccit keys forget-lost` that the keys that there are now are all there were."
            )
        self.require_moved(found)
        if found.keys and Inventory(self.data).access() == found.identity:
            return
        marks = self.all()
        if others := [place for place, mark in marks.items() if _is_of_other_keys(mark, found)]:
            raise KeysLost(self._message_of_loss(found, others))
        if found.keys:
            return
        if UNREADABLE in marks.values():
            raise KeysLost(
                f"{self.data / INVENTORY} cannot be read, which says whether the service asks for keys, and "
                f"there are none. Restore a backup, {_WHAT_TO_DO}"
            )
        if CLOSED_BY_SETTINGS in marks.values() and not asks_for_keys:
            raise KeysLost(
                "The service has asked for the key of LOCCIT_API_KEY, or for single sign-on, and neither is "
                "set now: it would answer everybody. Set LOCCIT_API_KEY, LOCCIT_PROXY_USER_HEADER or "
                f"LOCCIT_SIGN_IN again, {_WHAT_TO_DO}"
            )

    def require_moved(self, found: StoreState) -> None:
        """Raise :class:`KeysLost` if the database never had keys and the folder beside it has its own.

        New keys would replace the folder's mark, which its own keys would then not fit.
        """
        if found.unmoved and Inventory(self.data).access() == found.unmoved:
            raise KeysLost(
                f"The keys are in {self.data}; LOCCIT_STORE names a database to which they were not moved: "
                f"unset LOCCIT_STORE, or run `loccit migrate --from {self.data}` first. For a new service in "
                "that database, set LOCCIT_DATA to another folder."
            )

    def _where(self) -> str:
        return "the database of LOCCIT_STORE" if self.store else str(self.data / "keys.sqlite")

    def _message_of_loss(self, found: StoreState, places: list[str]) -> str:
        where = self._where()
        more = f" and {len(places) - 1} more" if places[1:] else ""
        known = f"(as known from {places[0]}{more})"
        if found.keys:
            return (
                f"The keys in {where} are not those that the data was under {known}: they belong to another "
                "service, or to an older state. Put its own back, as a backup has them, or say with `loccit "
                "keys forget-lost` that those that there are now are for all of it."
            )
        return (
            f"The service had API keys {known}, and {where} has none now. It does not start, because it "
            f"would answer everybody. Put the keys back, as a backup has them, {_WHAT_TO_DO}"
        )


def mark_of(found: StoreState, *, asks_for_keys: bool) -> str:
    """The access mark of data that is under the keys that were found."""
    if found.keys:
        return found.identity
    return CLOSED_BY_SETTINGS if asks_for_keys else ""


class CollectionGuard:
    """Lets a service open the collections that are under its own keys (:class:`index.protocols.Catalogue`).

    ``mark`` is the access mark of the service now. Collections that have none get it.
    """

    def __init__(self, mark: Callable[[], str]) -> None:
        self._mark = mark

    def __call__(self, name: str, found: str) -> str:
        own = self._mark()
        if found in ("", own) or (found == CLOSED_BY_SETTINGS and own):
            return own
        raise KeysLost(of_other_keys(name, own))


def of_other_keys(name: str, own: str) -> str:
    """Say that a collection was under other keys than those of the access mark ``own``."""
    under = "other keys than this service has" if own else "keys, and this service has none"
    return (
        f"The collection {name!r} was under {under}: nobody may read it here. Delete its folder, or restore "
        "a backup. If it belongs here, stop the service and run `loccit keys forget-lost`: the keys that "
        "there are now are for it, then."
    )


def local_guard(data: Path) -> Callable[[str, str], str]:
    """Give new collections the mark of a data folder. For commands, which may open all of it."""

    def keep(_: str, found: str) -> str:
        own = "" if found else Inventory(data).access()
        return found or ("" if own == UNREADABLE else own)

    return keep


def _is_of_other_keys(mark: str, found: StoreState) -> bool:
    if mark in ("", CLOSED_BY_SETTINGS, UNREADABLE):
        return False
    return not found.keys or mark != found.identity
