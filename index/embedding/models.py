"""The models of a process: each is loaded on first use, once, and shared by its collections."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

from index.config import LOADED_MODELS, Precision
from index.errors import CollectionMismatch, ModelError, ModelNotFound, TooManyModels
from index.protocols import Embedder, has_same_weights, is_same_model, name_in, precision_in

Load = Callable[[str, Precision | None], Embedder]
"""Opens a model by its name or folder, and by a precision; without one, as configured."""
Choose = Callable[[str], Precision]
"""Chooses the precision of a model for new collections, by its name or folder; may take long."""


class Models:
    """Opens the models that collections name. Safe to use from several threads.

    ``default`` is the model of new collections, or a function that loads it; ``name`` is what it is called.
    ``load`` opens any other; without it there is only the default. With ``choose``, ``load`` opens all,
    in the precision that it returns or that a collection has. At most ``most`` are loaded.
    """

    def __init__(
        self,
        default: Embedder | Callable[[], Embedder],
        *,
        name: str = "",
        load: Load | None = None,
        choose: Choose | None = None,
        most: int = LOADED_MODELS,
    ) -> None:
        self.name = name
        self._default = default
        self._load = load
        self._choose = choose
        self._chosen: dict[str, Precision] = {}
        self.most = most
        self._loaded: dict[tuple[str, Precision | None], Embedder] = {}
        self._loading = threading.RLock()

    @property
    def default(self) -> Embedder:
        """The model of new collections, loaded on first use."""
        return self._open(self.name, None)

    def open_named(self, name: str) -> Embedder:
        """The model with this name or in this folder; without one the default.

        Raises :class:`index.errors.ModelError`.
        """
        return self._open(name or self.name, None)

    @property
    def default_fingerprint(self) -> str:
        """The fingerprint of the default; empty while it is not loaded."""
        found = self._loaded.get((self.name, self._chosen.get(self.name)))
        return found.fingerprint if found else ""

    @property
    def default_name(self) -> str:
        """The name of the default in fingerprints; loads it unless it is loaded in some precision."""
        loaded = (one for (name, _), one in list(self._loaded.items()) if name == self.name)
        return name_in((next(loaded, None) or self.default).fingerprint)

    def choose(self) -> None:
        """Choose the precision of the default without loading it. Raises :class:`index.errors.ModelError`."""
        self._precision(self.name)

    def has_other_precision(self, fingerprint: str, source: str) -> bool:
        """Check that a collection's vectors have another precision than those of new ones with its model.

        False while the precision of new ones has not been chosen.
        """
        name, has = source or self.name, precision_in(fingerprint)
        chosen = self._chosen.get(name)
        if (loaded := self._loaded.get((name, chosen))) is not None:
            return precision_in(loaded.fingerprint) != has
        # A model that is not calibrated gets dynamic-int8 for int8.
        return chosen not in {None, has, *(("int8",) if has == "dynamic-int8" else ())}

    def get_loaded(self, fingerprint: str) -> Embedder:
        """Return the loaded model with this fingerprint. Raises :class:`ModelNotFound`."""
        for embedder in list(self._loaded.values()):
            if is_same_model(embedder.fingerprint, fingerprint):
                return embedder
        raise ModelNotFound(f"The model {fingerprint!r} is not loaded.")

    def of(self, collection: str, fingerprint: str, source: str) -> Embedder:
        """The model that makes the vectors of a collection: the one with this fingerprint.

        It is looked for among those that are loaded, then at ``source`` (a name or folder), then the default
        is tried, then what the fingerprint names. A folder may have been moved: the name in a fingerprint
        does not count. Raises :class:`index.errors.ModelError` where none can be opened, and
        :class:`index.errors.CollectionMismatch` where those that can be opened give other vectors.
        """
        with suppress(ModelNotFound):
            return self.get_loaded(fingerprint)
        errors: list[ModelError] = []
        others: list[str] = []
        for name, precision in self._places(fingerprint, source):
            try:
                embedder = self._open(name, precision)
            except ModelError as error:
                errors.append(error)
                continue
            if is_same_model(embedder.fingerprint, fingerprint):
                return embedder
            others.append(embedder.fingerprint)
        if others or not errors:
            raise CollectionMismatch(
                f"The collection {collection!r} was built with other settings: model {fingerprint!r}, not "
                f"{' or '.join(repr(other) for other in others)}. Provide the model that it was built with, "
                "or upgrade the collection to one that is here."
            )
        raise errors[0]

    def today(self, collection: str, fingerprint: str, source: str) -> Embedder:
        """The model of a collection in the precision that a new one would get. Raises as :meth:`of`."""
        name = source or self.name
        with suppress(ModelNotFound):
            self._precision(name)
            if self.has_other_precision(fingerprint, source):
                found = self._open(name, None)
                if has_same_weights(found.fingerprint, fingerprint):
                    return found
        return self.of(collection, fingerprint, source)

    def _places(self, fingerprint: str, source: str) -> Iterator[tuple[str, Precision | None]]:
        """Names and precisions to try, the likeliest first."""
        if self._load is None:
            yield self.name, None
            return
        # An older description has no source, and the default model is likely.
        names = dict.fromkeys([source or self.name, self.name, name_in(fingerprint)])
        precision = precision_in(fingerprint)
        for as_ in (precision,) if self._choose else (None, precision):
            yield from ((name, as_) for name in names)

    def _precision(self, name: str) -> Precision | None:
        """The precision of a model for new collections; None as :attr:`Load` has it."""
        if self._choose is None:
            return None
        if (found := self._chosen.get(name)) is None:
            with self._loading:
                if (found := self._chosen.get(name)) is None:
                    found = self._chosen[name] = self._choose(name)
        return found

    def _open(self, name: str, precision: Precision | None) -> Embedder:
        key = name, precision or self._precision(name)
        if (found := self._loaded.get(key)) is not None:
            return found
        with self._loading:
            if (found := self._loaded.get(key)) is None:
                found = self._loaded[key] = self._fresh(*key)
            return found

    def _fresh(self, name: str, precision: Precision | None) -> Embedder:
        if (loaded := len({*map(id, self._loaded.values())})) >= self.most:
            raise TooManyModels(
                f"The model {name!r} is needed too, and {loaded} models are loaded, as many as are "
                "allowed. Allow more, if there is memory for them, or upgrade collections to one model."
            )
        if name == self.name and precision is None:
            return self._default() if callable(self._default) else self._default
        if self._load is None:
            raise ModelNotFound(f"The model {name!r} cannot be opened here.")
        embedder = self._load(name, precision)
        # The same model under another name or precision is not kept twice.
        same = (one for one in self._loaded.values() if one.fingerprint == embedder.fingerprint)
        return next(same, embedder)
