"""The command `artifact-warehouse`, and `python -m artifact_warehouse`."""

from artifact_warehouse.process import install_sigint_handler, skip_numpy_import


def main() -> None:
    """Imports the command line only after an interrupt can end it."""
    install_sigint_handler()
    skip_numpy_import()
    from artifact_warehouse.cli import main as run

    run()


if __name__ == "__main__":
    main()
