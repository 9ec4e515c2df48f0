"""The description of a collection: everything that decides its passages and vectors.

It is chosen when a collection is made or upgraded. A collection is opened with its own description, whatever
the program would choose today: :meth:`Description.differences` says what an upgrade would change.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from index.config import ChunkingConfig, LibraryConfig
from index.errors import StoreDamaged, UnknownFormat
from index.protocols import Catalogue, Embedder, VectorPrecision, name_in, precision_in
from index.text.analysis import RULES, Analyzer

_log = logging.getLogger("loccit.store")

FORMAT = 1
CHUNKER = "chunker/2"
SENTENCES = "sentences/4"
_BESIDE = frozenset({"format", "fingerprint", "source"})
"""Fields of a stored description that its fingerprint is not made from."""


@dataclass(frozen=True, slots=True)
class Description:
    """All that determines the passages and vectors of a collection, and the ``source`` of its model.

    ``model`` is the fingerprint of the model, prompts included, ``dimension`` the length of its vectors.
    ``chunker``, ``sentences`` and ``analysis`` are versions of the rules that cut texts into passages,
    passages into sentences, and texts into terms. ``source`` is the name or folder by which the model was
    opened; empty where that is not known.
    """

    model: str
    dimension: int
    chunker: str
    chunking: ChunkingConfig
    sentences: str
    analysis: str
    source: str = ""

    @staticmethod
    def of_today(embedder: Embedder, config: LibraryConfig, source: str = "") -> Description:
        """The description with which this program creates a new collection."""
        return Description(
            model=embedder.fingerprint,
            dimension=embedder.dimension,
            chunker=CHUNKER,
            chunking=config.chunking,
            sentences=SENTENCES,
            analysis=Analyzer(config.language).version,
            source=source,
        )

    @property
    def fingerprint(self) -> str:
        """A hash of everything but the source, 16 hex digits."""
        return _fingerprint(self._parts())

    @property
    def model_name(self) -> str:
        """The name of the model, without the folder that it was opened from."""
        return self.model.rsplit(":", 3)[0].replace("\\", "/").rstrip("/").rpartition("/")[2]

    @property
    def precision(self) -> VectorPrecision:
        """The precision of its vectors."""
        return precision_in(self.model)

    @property
    def model_source(self) -> str:
        """The name or folder that opens the model."""
        return self.source or name_in(self.model)

    def analyzer(self) -> Analyzer:
        """The analyzer with the collection's rules and language."""
        return Analyzer.of_version(self.analysis)

    def differences(self, config: LibraryConfig) -> list[str]:
        """Names of the fields that an upgrade would change although the model stays."""
        today = {
            "chunker": CHUNKER,
            "chunking": config.chunking,
            "sentences": SENTENCES,
            "analysis": Analyzer(config.language).version,
        }
        return [name for name, value in today.items() if getattr(self, name) != value]

    def to_json(self) -> dict[str, Any]:
        """The description as a JSON object."""
        source = {"source": self.source} if self.source else {}
        return {"format": FORMAT, "fingerprint": self.fingerprint, **self._parts(), **source}

    @staticmethod
    def parse(name: str, stored: Mapping[str, Any]) -> Description:
        """Read the description of a collection of this name.

        Raises :class:`index.errors.UnknownFormat` for one of a later version of the program, and
        :class:`index.errors.StoreDamaged`.
        """
        if stored.get("format") != FORMAT:
            raise _unknown(name, f"format {stored.get('format')}", f"format {FORMAT}")
        try:
            found = Description(
                model=str(stored["model"]),
                dimension=int(stored["dimension"]),
                chunker=str(stored["chunker"]),
                chunking=ChunkingConfig(**stored["chunking"]),
                sentences=str(stored["sentences"]),
                analysis=str(stored["analysis"]),
                source=str(stored.get("source", "")),
            )
            versions = (
                (_version(found.chunker), _version(CHUNKER), "chunker"),
                (_version(found.sentences), _version(SENTENCES), "sentences"),
                (int(found.analysis.split("/")[0]), RULES, "analysis"),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise StoreDamaged(
                f"The description of the collection {name!r} is damaged: {error!r}. Restore it from a backup."
            ) from error
        for stored_version, known, kind in versions:
            if stored_version > known:
                raise _unknown(name, f"version {stored_version} of its {kind}", f"versions up to {known}")
        return found

    def _parts(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if key not in _BESIDE}


def find(catalogue: Catalogue, name: str) -> Description | None:
    """The description of a collection; None where there is no collection, or a damaged one.

    Raises what :meth:`Description.parse` raises.
    """
    stored = catalogue.description(name)
    return None if stored is None else _parse_fields(name, stored)


def find_or_create(catalogue: Catalogue, name: str, make: Callable[[], Description]) -> Description:
    """The description that a collection has, or that it is created with.

    Raises what :meth:`Description.parse` raises.
    """
    return find(catalogue, name) or _parse_fields(name, catalogue.describe(name, make().to_json()))


def is_intact(stored: Mapping[str, Any]) -> bool:
    """Whether the fingerprint of a stored description matches its fields."""
    parts = {key: value for key, value in stored.items() if key not in _BESIDE}
    return bool(stored.get("fingerprint") == _fingerprint(parts))


def _parse_fields(name: str, stored: Mapping[str, Any]) -> Description:
    found = Description.parse(name, stored)
    if not is_intact(stored):
        _log.warning(
            "collection.json of the collection %r was changed after it was written: its fingerprint is not "
            "that of its fields. Restore it from a backup.",
            name,
        )
    return found


def _unknown(name: str, found: str, known: str) -> UnknownFormat:
    return UnknownFormat(
        f"The collection {name!r} has {found}, this program reads {known}. Use the program's version that "
        "wrote it, or ingest the documents into a new collection."
    )


def _version(value: str) -> int:
    return int(value.rpartition("/")[2])


def _fingerprint(parts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
