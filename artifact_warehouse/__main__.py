"""The command `artifact-warehouse`, and `python -m artifact_warehouse`."""

from artifact_warehouse.process import be_frugal, heed_interrupts


def main() -> None:
    """Imports the command line only after an interrupt can end it."""
    heed_interrupts()
    be_frugal()
    from artifact_warehouse.cli import main as run

    run()


if __name__ == "__main__":
    main()
