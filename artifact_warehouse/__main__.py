"""`python -m artifact_warehouse` is the command line."""

from artifact_warehouse.cli import main

main()
