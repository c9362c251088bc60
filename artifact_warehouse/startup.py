"""What a process of this package's own need not import."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def do_without_pandas() -> None:
    """Where pandas is installed, pyarrow imports it for its first array: longer than a nightly load takes.

    For processes that end with their command, never for a process of a caller's.
    """
    sys.meta_path.insert(0, _WithoutPandas())
