"""Engine over Milvus: for collections whose vectors or words one machine cannot hold."""

from index.engine.milvus.engine import MilvusEngine
from index.engine.milvus.upkeep import drop_collections, milvus_problems

__all__ = ["MilvusEngine", "drop_collections", "milvus_problems"]
