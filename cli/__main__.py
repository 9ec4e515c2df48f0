"""``loccit``, or ``python -m cli``. Processes that read files import this too, so it imports little."""

from __future__ import annotations


def main() -> None:
    """Run ``loccit``."""
    from cli.main import main as run

    run()


if __name__ == "__main__":
    main()
