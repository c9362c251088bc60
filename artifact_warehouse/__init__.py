"""An embedded analytical warehouse over dbt's artifacts: `Warehouse`, its `LoadReport`, and its `errors`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from artifact_warehouse import errors
    from artifact_warehouse.load import LoadReport
    from artifact_warehouse.warehouse import Warehouse

    __version__: str

__all__ = ["LoadReport", "Warehouse", "__version__", "errors"]


def __getattr__(name: str) -> Any:
    """Import a public name at its first use. `--version` and shell completion start quickly without duckdb."""
    import importlib

    if name == "__version__":
        from importlib.metadata import version

        return version("artifact-warehouse")
    if name == "errors":
        return importlib.import_module("artifact_warehouse.errors")
    if name == "LoadReport":
        return importlib.import_module("artifact_warehouse.load").LoadReport
    if name == "Warehouse":
        return importlib.import_module("artifact_warehouse.warehouse").Warehouse
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
