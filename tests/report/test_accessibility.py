"""axe-core finds nothing serious or critical, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest
from pages import Opened
from testdata import release_only

NODE = "model/model.harbor_cafe.fct_orders"
SOME = ("overview", "lineage", NODE)
ALL = (
    *("overview", "runs", "lineage", "tests", "sources", "incidents", "changes", "costs", "rules", NODE),
    *("source/source.harbor_cafe.pos.orders", "exposure/exposure.harbor_cafe.harbour_dashboard"),
)


@pytest.mark.parametrize(
    ("scheme", "width", "pages"),
    [
        ("dark", 1440, SOME),
        *release_only(*((scheme, width, ALL) for scheme in ("dark", "light") for width in (1440, 390))),
    ],
    ids=str,
)
def test_axe_finds_nothing_serious(
    opened: Callable[..., Opened], sample_report: Path, scheme: str, width: int, pages: tuple[str, ...]
) -> None:
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    shown = opened(sample_report, width=width, scheme=scheme)
    for address in pages:
        shown.go(address, **{"in": "harbor_cafe/prod"})
        shown.page.evaluate(axe)
        found = shown.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        grave = [
            (one["id"], [node["html"][:120] for node in one["nodes"][:3]])
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert grave == [], address
