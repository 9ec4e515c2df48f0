"""Write the OpenAPI document of the service: ``python -m scripts.openapi FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from index.embedding import WordEmbedder
from index.library import Library
from service.app import create_app
from service.http.openapi import describe
from service.settings import Settings


def document() -> dict[str, Any]:
    """The OpenAPI document. No model is loaded, and nothing is kept."""
    with TemporaryDirectory() as folder, Library(Path(folder), embedder=WordEmbedder()) as library:
        return describe(create_app(Settings(data=Path(folder)), library=library))


def main() -> None:
    """Write the document to the file that the command line names."""
    (target,) = sys.argv[1:]
    Path(target).write_text(json.dumps(document(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
