"""axe-core finds nothing serious or critical, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from pages import Opened
from testdata import release_only

PAGES = ("overview", "runs", "lineage", "tests", "sources", "incidents", "changes", "costs", "rules")
NODES = ("model/model.harbor_cafe.fct_orders", "source/source.harbor_cafe.pos.orders")


@pytest.mark.parametrize("scheme", ["dark", *release_only("light")])
@pytest.mark.parametrize("width", [1440, *release_only(390)])
def test_axe_finds_nothing_serious(opened: Callable[..., Opened], sample_report: Path, scheme: str, width: int) -> None:
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    shown = opened(sample_report, width=width, scheme=scheme)
    for address in (*PAGES, *NODES):
        shown.go(address, **{"in": "harbor_cafe/prod"})
        shown.page.wait_for_timeout(80)
        shown.page.evaluate(axe)
        found = shown.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        grave = [
            (one["id"], [node["html"][:120] for node in one["nodes"][:3]])
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert grave == [], address
