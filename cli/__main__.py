"""Entry point of ``loccit`` and ``python -m cli``. Imports little, as reader processes import it too."""

import gc
import sys

gc.set_threshold(50_000)
"""New objects after which garbage is collected, here and in processes that this one starts.

Imports make hundreds of thousands that stay: looking through them for each 700, Python's number, takes long.
"""


def main() -> None:
    """Run ``loccit``."""
    try:
        from cli.main import main as run

        run()
    except KeyboardInterrupt:  # raised while modules are imported
        sys.exit(130)
    finally:
        # Python ends by the signal, whatever the exit status, if Ctrl-C interrupted source text that exec()
        # compiled, as dataclasses do, even where that was caught. The next text makes it forget that.
        exec("")  # noqa: S102


if __name__ == "__main__":
    main()
