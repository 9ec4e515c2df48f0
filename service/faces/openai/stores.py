"""Everything that vector stores and their files need."""

from dataclasses import dataclass
from typing import Annotated

from service.faces.dependencies import NOT_READY, provide
from service.flows.ingest.background.erasing import Erasing
from service.flows.ingest.jobs.jobs import Jobs
from service.state.collections import Collections
from service.state.files import Files
from service.state.limits.pools import Pools


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Collections, which are the vector stores, jobs that fill them, uploaded files, erasure, and threads."""

    collections: Collections
    jobs: Jobs
    files: Files
    erasing: Erasing
    pools: Pools


ReadyStores = Annotated[Stores, provide(Stores), NOT_READY]
