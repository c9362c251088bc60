"""A contract of import-linter: what lies in a package is imported through the package's face, its `__init__`."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output


class FacesContract(Contract):
    """A module is imported by the modules of its own package only; others import what the package exports."""

    type_name = "faces"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Find the imports that reach into a package from outside."""
        imports = ((importer, imported) for importer in graph.modules for imported in _imported(graph, importer))
        broken = sorted(pair for pair in imports if not pair[0].startswith(pair[1].rpartition(".")[0]))
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each import."""
        for importer, imported in check.metadata["broken"]:
            output.print_error(f"{importer} imports {imported}; import from {imported.rpartition('.')[0]}")


def _imported(graph: ImportGraph, importer: str) -> set[str]:
    return {name for name in graph.find_modules_directly_imported_by(importer) if "." in name}
