"""Engine over Milvus: for collections whose vectors or words one machine cannot hold."""

from index.config import LibraryConfig
from index.description import Description
from index.protocols import Engine, RecordStore
from index.records import Problem
from loccit_milvus.config import MilvusConfig

__all__ = ["Milvus", "MilvusConfig", "milvus"]


class Milvus:
    """Implements :class:`index.engine.InstalledEngine`."""

    settings = MilvusConfig

    def open(
        self,
        name: str,
        store: RecordStore,
        description: Description,
        config: LibraryConfig,
        *,
        generation: int,
    ) -> Engine:
        from loccit_milvus.engine import MilvusEngine

        return MilvusEngine(name, store, description, config, generation=generation)

    def problems(self, store: RecordStore, description: Description, config: LibraryConfig) -> list[Problem]:
        from loccit_milvus.upkeep import milvus_problems

        return milvus_problems(store, description, config)

    def remove(self, store: RecordStore, config: LibraryConfig, *, but: int | None) -> None:
        from loccit_milvus.upkeep import drop_collections

        drop_collections(store, config, but=but)


milvus = Milvus()
"""What the entry point names."""
