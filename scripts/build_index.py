"""Index a folder of documents; the same as ``loccit ingest``.

Run ``python scripts/build_index.py corpus --data data``; ``--help`` lists the options.
"""

from __future__ import annotations


def main() -> None:
    """Run the command. Imports are local because the processes that read files import this module too."""
    import typer

    from cli.ingesting import ingest
    from cli.main import exit_on_error

    exit_on_error(lambda: typer.run(ingest))


if __name__ == "__main__":
    main()
