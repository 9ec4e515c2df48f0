"""Loaded once by the process that those which read files are forked from: what each of them would load.

Modules of single formats are not among it: a worker loads those that its files need.
"""

from __future__ import annotations

import index.reading  # noqa: F401
from index.languages import language_of

language_of("The model that knows languages by their letters is loaded with the first text. " * 2)
