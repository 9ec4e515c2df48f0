"""Preloaded in the fork server so that reader processes start warm.

It holds what every worker needs. The readers of single formats are not part of it: a worker imports those
that its files need.
"""

from __future__ import annotations

import index.readers.isolation
import index.text  # noqa: F401
from index.readers.languages import detect_language

detect_language("The first text loads the model that detects languages, so this must be long enough. " * 2)
