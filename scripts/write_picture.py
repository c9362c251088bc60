"""Writes docs/pictures/report.png: the first page of the report of the samples, as Chromium draws it."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from artifact_warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "report.png"


def main() -> None:
    with TemporaryDirectory() as folder, Warehouse(Path(folder) / "demo.duckdb") as wh, sync_playwright() as running:
        wh.load(ROOT / "sample_artifacts" / "runs")
        page = wh.report(title="Harbour café").save(Path(folder) / "demo.html")
        browser = running.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-background-networking"]
        )
        window = browser.new_page(viewport={"width": 1280, "height": 720})
        window.goto(f"{page.as_uri()}#/overview")
        window.wait_for_selector("html[data-ready]", state="attached")
        window.screenshot(path=str(PICTURE))


if __name__ == "__main__":
    main()
