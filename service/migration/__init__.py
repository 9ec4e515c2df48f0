"""Move everything from one store to another: collections, keys, jobs, uploaded files and questions."""

from service.migration.migration import Migration
from service.migration.report import MovedCollection, Planned, Report
from service.migration.sides import Side, side_of

__all__ = ["Migration", "MovedCollection", "Planned", "Report", "Side", "side_of"]
