"""The rule for a new base of the dense index, and the thread that writes it."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from index.config import VectorsConfig
from index.engine.vectors.building import choose_kind
from index.engine.vectors.files import Base
from index.engine.vectors.segments import Snapshot
from index.errors import StoreDamaged
from index.memory import give_back

_log = logging.getLogger("loccit.vectors")

_MIN_DELTA = 4096
_MAX_DELTA = 16_384
"""Passages outside the base, which are searched exactly, in about 2 ms, before compaction is due."""
_KIND_HYSTERESIS = 0.8
"""The kind changes only if this share of the passages would also have the other kind."""


def is_due(base: Base, snapshot: Snapshot, config: VectorsConfig) -> bool:
    """Whether a new base is due: this one is unusable or old, of another kind, or much has changed."""
    held, rows = len(snapshot), snapshot.rows
    if base.is_due and held:
        return True
    beside, changed = snapshot.beside, snapshot.beside + snapshot.dead
    if beside > max(_MIN_DELTA, min(rows // 4, _MAX_DELTA)) or changed > max(_MIN_DELTA, rows // 4):
        return True
    kinds = {choose_kind(round(part * held), config) for part in (_KIND_HYSTERESIS, 1)}
    return rows > 0 and base.kind not in kinds


class BackgroundCompaction:
    """Runs one compaction of a folder at a time in a daemon thread; logs errors and gives memory back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = threading.Lock()

    def start(
        self,
        compact: Callable[[], object],
        damaged: Callable[[StoreDamaged], None],
        *,
        is_open: Callable[[], bool],
    ) -> bool:
        """Run ``compact``; False if one is running already.

        ``damaged`` is called if the base in use is. Other errors of an index that is closed are not logged.
        """
        if not self._running.acquire(blocking=False):
            return False
        threading.Thread(
            target=self._run, args=[compact, damaged, is_open], name="loccit-compaction", daemon=True
        ).start()
        return True

    def _run(
        self,
        compact: Callable[[], object],
        damaged: Callable[[StoreDamaged], None],
        is_open: Callable[[], bool],
    ) -> None:
        try:
            compact()
        except StoreDamaged as error:
            damaged(error)
        except (OSError, RuntimeError) as error:
            if is_open():
                _log.error("the vector index in %s was not compacted: %s", self._folder, error)
        finally:
            self._running.release()
            give_back()  # what the new base holds was in many small pieces
