"""Everything that storing, changing and erasing documents needs."""

from dataclasses import dataclass

from service.flows.ingest.background.embedding import EmbeddingWorker
from service.flows.ingest.background.erasing import Erasing
from service.flows.ingest.jobs.jobs import Jobs
from service.settings import Settings
from service.state.collections import Collections
from service.state.limits.pools import Pools


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingestion:
    """Collections, the jobs that fill them, what embeds and erases in the background, and threads."""

    settings: Settings
    collections: Collections
    jobs: Jobs
    embedding: EmbeddingWorker
    erasing: Erasing
    pools: Pools
