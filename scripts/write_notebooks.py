"""Runs the notebooks of docs/notebooks/ and stores them with their outputs: pictures that GitHub shows as they are."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def executed(path: Path) -> Any:
    """A notebook with the outputs of a run now, in a copy of its place: the checkout stays as it is."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    with TemporaryDirectory() as home:
        folder = Path(home) / "docs" / "notebooks"
        folder.mkdir(parents=True)
        (Path(home) / "sample_artifacts").symlink_to(ROOT / "sample_artifacts")
        NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, record_timing=False).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "image/svg+xml" in output.get("data", ()):
                output.data.pop("text/html", None)  # the code host would take it, and leave out the picture
    return notebook


def main() -> None:
    for path in NOTEBOOKS:
        notebook = executed(path)
        notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
