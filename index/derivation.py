"""The model, indexes and rules of a collection, which follow from its description and its record."""

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from index.config import LibraryConfig
from index.description import Description, find
from index.embedding import Models
from index.engine import open_engine
from index.errors import StoreDamaged
from index.ingest.embedding_queue import EmbeddingQueue
from index.ingest.preparation import Preparation
from index.naming import CALIBRATION_FILE
from index.protocols import Catalogue, Embedder, Engine, RecordStore
from index.readers import Readers
from index.search import answerability
from index.text.analysis import Analyzer

_log = logging.getLogger("loccit.collection")


@dataclass(frozen=True, slots=True, eq=False)
class Derivation:
    """The parts of a collection that an upgrade exchanges, all of one ``generation``."""

    generation: int
    description: Description
    config: LibraryConfig
    embedder: Embedder
    engine: Engine
    analyzer: Analyzer
    embedding: EmbeddingQueue
    preparation: Preparation
    answerability: answerability.Answerability


def derive(
    catalogue: Catalogue,
    name: str,
    store: RecordStore,
    models: Models,
    config: LibraryConfig,
    readers: Readers,
) -> Derivation:
    """Open the current derivation of an existing collection.

    Raises :class:`index.errors.CollectionMismatch`, :class:`index.errors.ModelError`.
    """
    generation, description = _read_description(catalogue, name, store)
    folder = catalogue.folder(name)
    config = replace(config, chunking=description.chunking)
    embedder = models.of(name, description.model, description.source)
    analyzer = description.analyzer()
    calibrated = [folder] if _fits(folder / CALIBRATION_FILE, description, generation) else []
    return Derivation(
        generation=generation,
        description=description,
        config=config,
        embedder=embedder,
        engine=open_engine(folder, store, description, config, generation=generation),
        analyzer=analyzer,
        embedding=EmbeddingQueue(store, embedder, analyzer),
        preparation=Preparation(embedder, readers, config),
        answerability=answerability.load(calibrated, model=description.model_source),
    )


def _read_description(catalogue: Catalogue, name: str, store: RecordStore) -> tuple[int, Description]:
    """Read the generation and its description together, even while an upgrade exchanges them."""
    while True:
        with store.snapshot() as moment:
            generation = moment.generation
        description = find(catalogue, name)
        if description is None:
            raise StoreDamaged(f"The description of the collection {name!r} is missing. Restore a backup.")
        with store.snapshot() as moment:
            if moment.generation == generation:
                return generation, description


def _fits(path: Path, description: Description, generation: int) -> bool:
    """Whether a calibration was fitted to answers of this description; logs one that was not."""
    try:
        provenance = json.loads(path.read_text()).get("provenance", {})
    except FileNotFoundError:
        return False
    except (OSError, ValueError, AttributeError):
        return True  # damaged: who loads it says so
    fitted = provenance.get("fingerprint") if isinstance(provenance, dict) else None
    if fitted == description.fingerprint or (fitted is None and generation == 0):
        return True
    _log.warning(
        "%s was fitted to answers of this collection before it was upgraded and is not used. Calibrate "
        "again, or delete it.",
        path,
    )
    return False
