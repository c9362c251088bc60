"""The command `artifact-warehouse`, and `python -m artifact_warehouse`."""

import sys
import traceback

from artifact_warehouse.process import install_sigint_handler, open_standard_streams, skip_slow_imports

_FAILED = 70
"""ExitCode.FAILED, without the imports of the command line."""


def main() -> None:
    """Run the command line. It is imported after the SIGINT handler is installed, as its imports take long."""
    open_standard_streams()
    install_sigint_handler()
    skip_slow_imports()
    try:
        from artifact_warehouse.cli import main as run

        run()
    except Exception:  # Python would exit with 1, which is ExitCode.FINDINGS
        traceback.print_exc()
        sys.exit(_FAILED)


if __name__ == "__main__":
    main()
