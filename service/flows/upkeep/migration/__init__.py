"""Move everything from one store to another: collections, keys, jobs, uploaded files and questions."""

from service.flows.upkeep.migration.migration import Migration
from service.flows.upkeep.migration.report import MovedCollection, Planned, Report
from service.flows.upkeep.migration.sides import Side, models_folder, side_of

__all__ = ["Migration", "MovedCollection", "Planned", "Report", "Side", "models_folder", "side_of"]
