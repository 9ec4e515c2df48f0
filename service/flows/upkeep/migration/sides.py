"""The two stores of a migration."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from index.embedding import has_converted
from index.objects import BucketAddress, open_bucket, parse_objects
from index.protocols import Catalogue
from index.store import open_catalogue
from service.errors import InvalidRequest
from service.settings.values import validate_address
from service.state.data_folder import require_complete
from service.state.databases.server import require_database


@dataclass(frozen=True, slots=True)
class Side:
    """A data folder, or a database with the data folder beside it.

    ``store`` is the address of the database, empty for a data folder. ``objects`` is that of the place of
    originals and uploads, if they are not in the data folder. ``given_as`` is the setting or option that
    names the store.
    """

    data: Path
    store: str = field(default="", repr=False)
    objects: str = ""
    given_as: str = "LOCCIT_STORE"

    @property
    def words(self) -> str:
        """The address without its password."""
        if not self.store:
            return f"the data folder {self.data}"
        parts = urlsplit(self.store)
        place = parts.netloc.rpartition("@")[2]
        return f"the database {parts.path.strip('/') or 'of the user'}{f' on {place}' if place else ''}"

    def catalogue(self) -> Catalogue:
        """Its collections. Raises :class:`index.errors.StoreUnavailable`."""
        return open_catalogue(self.data, self.store, objects=self.objects)

    def require_usable(self) -> None:
        """Raise what is wrong with it.

        That is :class:`service.errors.InvalidSettings`, :class:`index.errors.StoreUnavailable`,
        :class:`index.errors.ObjectsUnavailable` or :class:`service.state.data_folder.RestoreUnfinished`.
        """
        if self.store:
            require_database(self.store, self.given_as)
        if isinstance(place := parse_objects(self.objects) if self.objects else None, BucketAddress):
            open_bucket(place).require_usable()
        require_complete(self.data)

    def require_known(self) -> None:
        """Raise :class:`index.errors.UnknownFormat` if tables that are open are of a later version."""
        if self.store:
            from index.postgresql import open_server

            open_server(self.store).require_known_formats()


def side_of(option: str, given: str, own: Side) -> Side:
    """The store that an option names: a folder, or the address of a database beside the folder of ``own``.

    Without one, ``own``. Raises :class:`service.errors.InvalidRequest`, which does not repeat an address.
    """
    if not given:
        return own
    if "://" not in given:
        return Side(Path(given), "", own.objects)
    try:
        return Side(own.data, validate_address(given), own.objects, option)
    except ValueError as error:
        raise InvalidRequest(f"The store that {option} names {error}") from None


def models_folder(model: str, own: Side, source: Side, target: Side) -> Path:
    """The folder of converted models for a migration: one that has the model, so that none is converted.

    Else that of a target that is a data folder: its service needs the model next.
    """
    places = [side.data / "models" for side in (own, source, target)]
    fallback = places[0] if target.store else places[2]
    return next((place for place in places if has_converted(model, place)), fallback)
