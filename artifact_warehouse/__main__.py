"""The command `artifact-warehouse`, and `python -m artifact_warehouse`."""

from artifact_warehouse.process import install_sigint_handler, open_standard_streams, skip_numpy_import


def main() -> None:
    """Run the command line. It is imported after the SIGINT handler is installed, as its imports take long."""
    open_standard_streams()
    install_sigint_handler()
    skip_numpy_import()
    from artifact_warehouse.cli import main as run

    run()


if __name__ == "__main__":
    main()
