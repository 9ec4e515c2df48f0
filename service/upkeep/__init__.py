"""Back up, restore and check a data folder."""

from service.upkeep.backup import back_up
from service.upkeep.bundle import read
from service.upkeep.check import Finding, check, outdated, repair, require_unused
from service.upkeep.data_folder import require_complete
from service.upkeep.manifest import Manifest
from service.upkeep.restore import Restored, restore

__all__ = [
    "Finding",
    "Manifest",
    "Restored",
    "back_up",
    "check",
    "outdated",
    "read",
    "repair",
    "require_complete",
    "require_unused",
    "restore",
]
