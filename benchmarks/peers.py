"""Other projects' column lineage, each in an environment of its own: their pins conflict with ours.

`python benchmarks/peers.py FOLDER REQUIREMENT …` makes one; what it has is run by its own Python:
`FOLDER/bin/python benchmarks/peers.py colibri MANIFEST CATALOG`.
"""

import subprocess
import sys
import venv


def install(folder: str, *requirements: str) -> None:
    """Make an environment with these packages, from the registry that pip uses here."""
    venv.create(folder, with_pip=True, clear=True)
    command = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, *requirements], check=True, stdout=sys.stderr)


def colibri(manifest: str, catalog: str) -> None:
    """Read both files and extract all column lineage with dbt-colibri, and do nothing with it."""
    import logging

    logging.disable(logging.CRITICAL)
    from dbt_colibri.lineage_extractor.extractor import DbtColumnLineageExtractor

    DbtColumnLineageExtractor(manifest, catalog).extract_project_lineage()


if __name__ == "__main__":
    colibri(*sys.argv[2:]) if sys.argv[1] == "colibri" else install(*sys.argv[1:])
