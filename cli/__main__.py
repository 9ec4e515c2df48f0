"""Entry point of ``loccit`` and ``python -m cli``. Imports little, as reader processes import it too."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``loccit``."""
    try:
        from cli.main import main as run

        run()
    except KeyboardInterrupt:  # raised while modules are imported
        sys.exit(130)


if __name__ == "__main__":
    main()
