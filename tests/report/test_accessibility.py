"""axe-core finds nothing serious or critical, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from pages import Opened, Reported
from testdata import release_only

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

SOME = ("overview", "lineage", "model/model.harbor_cafe.fct_orders")
NAMES = ("samples", "ad-reporting", "whyline-denver", "scale")


@pytest.mark.parametrize(
    ("reported", "scheme", "width", "pages"),
    [
        ("samples", "dark", 1440, SOME),
        *release_only(
            *((name, scheme, width, ()) for name in NAMES for scheme in ("dark", "light") for width in (1440, 390))
        ),
    ],
    indirect=["reported"],
    ids=str,
)
def test_axe_finds_nothing_serious(
    opened: Callable[..., Opened], reported: Reported, scheme: str, width: int, pages: tuple[str, ...]
) -> None:
    """On these pages, or on all."""
    shown = opened(reported.file, width=width, scheme=scheme)
    for address in pages or reported.addresses():
        shown.go(address, **reported.keys)
        assert _grave(shown) == [], address


def _grave(shown: Opened) -> list[tuple[str, list[str]]]:
    """What axe finds serious or critical in the open page, with the beginnings of the first elements."""
    shown.page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = shown.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (one["id"], [node["html"][:120] for node in one["nodes"][:3]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.release
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_notebooks(
    opened: Callable[..., Opened], sample_warehouse: Warehouse, scheme: str, tmp_path: Path
) -> None:
    """The HTML of reports in a page whose own colours they do not know."""
    reports = (
        sample_warehouse.diagnose(),
        sample_warehouse.check(max_failing=0, max_failure_rate=1, rules="warn"),
        sample_warehouse.lineage("fct_orders"),
    )
    page = tmp_path / "notebook.html"
    body = "".join(report._repr_html_() for report in reports)
    page.write_text(f"<!doctype html><html lang=en><meta charset=utf-8><title>notebook</title><main>{body}</main>")
    shown = opened(page, scheme=scheme)
    shown.page.goto(page.as_uri())
    shown.page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    assert _grave(shown) == []
    assert shown.complaints == []
