"""Back up, restore and check a data folder."""

from service.flows.upkeep.adoption import Adopted, Adoption
from service.flows.upkeep.backup import back_up
from service.flows.upkeep.bundle import read
from service.flows.upkeep.check import Finding, check, outdated_collections, repair, require_unused
from service.flows.upkeep.manifest import Manifest
from service.flows.upkeep.replaying import Replaying
from service.flows.upkeep.restore import Restored, restore

__all__ = [
    "Adopted",
    "Adoption",
    "Finding",
    "Manifest",
    "Replaying",
    "Restored",
    "back_up",
    "check",
    "outdated_collections",
    "read",
    "repair",
    "require_unused",
    "restore",
]
