"""Build an index of a folder of documents: the same flow as ``loccit ingest``.

Run ``python scripts/build_index.py corpus --data data``; ``--help`` lists the options.
"""

from __future__ import annotations


def main() -> None:
    """Run the command. What it needs is imported here: processes that read files import this module too."""
    import typer

    from cli.main import ingest, run

    run(lambda: typer.run(ingest))


if __name__ == "__main__":
    main()
