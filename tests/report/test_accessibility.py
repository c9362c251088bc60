"""axe-core finds nothing serious or critical, in light and dark."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

import pytest
from pages import Opened, Reported
from testdata import release_only

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
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    shown = opened(reported.file, width=width, scheme=scheme)
    for address in pages or reported.addresses():
        shown.go(address, **reported.keys)
        shown.page.evaluate(axe)
        found = shown.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        grave = [
            (one["id"], [node["html"][:120] for node in one["nodes"][:3]])
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
        ]
        assert grave == [], address
