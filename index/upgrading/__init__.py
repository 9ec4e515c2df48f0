"""Upgrades: make passages, words and vectors of a collection anew from its stored texts.

What is made is staged in the record, durably, while the collection is asked and written as before; then it is
put in the place of the old in one change. A process that is killed leaves what it has staged, and the next
one goes on. Documents, versions, texts, and with them all locators, stay as they are.
"""

from index.upgrading.planning import Plan
from index.upgrading.upgrade import Upgrade
from index.upgrading.work import Progress

__all__ = ["Plan", "Progress", "Upgrade"]
