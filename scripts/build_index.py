"""Build an index of a folder of documents: the same flow as ``loccit ingest``.

Run ``python scripts/build_index.py corpus --data data``; ``--help`` lists the options.
"""

import typer

from cli.main import ingest, run

if __name__ == "__main__":
    run(lambda: typer.run(ingest))
