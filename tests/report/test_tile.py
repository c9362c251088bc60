"""The status tile of an exposure: its answers are those of the view, its words dbt's, and its texts only text."""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from commandline import run
from pages import Opened

from artifact_warehouse import Warehouse
from artifact_warehouse.errors import UnknownNode
from artifact_warehouse.report import Tile

pytestmark = pytest.mark.slow

DASHBOARD = "exposure.harbor_cafe.harbour_dashboard"
HOSTILE = Tile(
    project_name="p<x>",
    environment='"prod"',
    unique_id="exposure.p.e",
    name="e",
    label='</text><script>alert(1)</script> & "more" \u202etxet',
    url="javascript:alert(1)",
    freshness="stale",
    quality="degraded",
    since=datetime(2026, 11, 3, 6),
    reasons=("source.p.<b>.t: error", *(f"test.p.t{number}: fail" for number in range(4))),
    last_checked_at=datetime(2026, 11, 4, 6),
    last_tested_at=None,
)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_every_exposure_has_the_tile_that_the_view_has(sample_warehouse: Warehouse) -> None:
    rows = sample_warehouse.view("exposure_tiles").to_arrow_table().to_pylist()
    assert len(rows) == 4
    for row in rows:
        place = {"project": row["project_name"], "environment": row["environment"]}
        by_name, by_id = (sample_warehouse.tile(row[key], **place) for key in ("name", "unique_id"))
        assert by_name == by_id
        found = {**by_name.to_dict(), "since": by_name.since, "reasons": list(by_name.reasons)}
        for key in ("unique_id", "freshness", "quality", "since", "reasons"):
            assert found[key] == row[key]


@pytest.mark.parametrize(
    ("freshness", "quality", "sentences"),
    [
        ("passed", "passed", ["Data freshness passed", "Data quality passed"]),
        ("stale", "degraded", ["Data may be stale", "Data quality degraded"]),
        (None, None, ["Data freshness unknown", "Data quality unknown"]),
    ],
)
def test_the_sentences_are_those_of_dbt(freshness: str | None, quality: str | None, sentences: list[str]) -> None:
    tile = replace(HOSTILE, freshness=freshness, quality=quality)
    assert tile.to_dict()["sentences"] == sentences
    assert [text for text in texts(tile.to_svg()) if text.startswith("Data ")] == sentences


def test_a_tile_says_since_when_and_why() -> None:
    notes = texts(HOSTILE.to_svg())[4:]
    reasons = ["source.p.<b>.t: error", "test.p.t0: fail", "test.p.t1: fail", "and 2 more"]
    assert notes == ["Since 2026-11-03 06:00 UTC", *reasons, "As of 2026-11-04 06:00 UTC"]


def test_texts_of_artifacts_are_no_markup() -> None:
    svg, html = HOSTILE.to_svg(), HOSTILE.to_html()
    assert not [e for e in ET.fromstring(svg).iter() if e.tag.rpartition("}")[2] in ("script", "b", "a", "image")]
    assert "<script" not in html and "javascript:" not in html
    assert "default-src 'none'" in html
    [picture] = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    assert base64.b64decode(picture).decode() == svg
    assert '<a href="https://x.example/?a=1&amp;b=2"' in replace(HOSTILE, url="https://x.example/?a=1&b=2").to_html()


def test_the_ending_of_the_file_is_the_format(sample_warehouse: Warehouse, tmp_path: Path) -> None:
    tile = sample_warehouse.tile(DASHBOARD, environment="prod")
    for ending, expected in ((".svg", tile.to_svg()), (".html", tile.to_html())):
        path = tmp_path / f"tile{ending}"
        assert run("tile", sample_warehouse.path, DASHBOARD, "--environment", "prod", "-o", path).exit_code == 0
        assert path.read_text() == expected
    assert json.loads(tile.save(tmp_path / "tile.JSON").read_text()) == tile.to_dict()
    printed = run("tile", sample_warehouse.path, "harbour_dashboard", "--environment", "prod")
    assert json.loads(printed.stdout) == tile.to_dict()
    refused = run("tile", sample_warehouse.path, DASHBOARD, "-o", tmp_path / "tile.png")
    assert (refused.exit_code, "rename it" in refused.stderr) == (2, True)


def test_an_exposure_that_is_not_known_or_stands_twice_is_told(sample_warehouse: Warehouse) -> None:
    with pytest.raises(UnknownNode) as unknown:
        sample_warehouse.tile("harbor_dashboard")
    assert unknown.value.candidates == (DASHBOARD,)
    with pytest.raises(UnknownNode) as several:
        sample_warehouse.tile("harbour_dashboard")
    assert several.value.candidates == tuple(
        f"{DASHBOARD} (project harbor_cafe, environment {name})" for name in ("dev", "prod")
    )


def test_a_browser_shows_the_page_and_asks_for_nothing(opened: Callable[..., Opened], tmp_path: Path) -> None:
    file = HOSTILE.save(tmp_path / "tile.html")
    window = opened(file, 360, 300)
    window.page.goto(file.as_uri())
    assert window.complaints == []
    assert all(url == file.as_uri() or url.startswith("data:") for url in window.requests)
    assert window.page.evaluate("document.images[0].complete && document.images[0].naturalWidth") == 340
