"""How long reports take in Chromium: `python benchmarks/painting.py PAGE…` prints {page: {paint, lineage, pan}}.

`paint` and `lineage` are from the start of the navigation to two frames after the overview or the whole lineage is
drawn, `pan` is the 95th percentile of a frame while the whole lineage is dragged. Chromium draws in software.
"""

from __future__ import annotations

import json
import shutil
import sys
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FRAMES = """new Promise(done => {
  const times = [];
  const step = time => { times.push(time); times.length > 120 ? done(times) : requestAnimationFrame(step); };
  requestAnimationFrame(step);
})"""


def painted(page: Page, path: Path) -> dict[str, float]:
    seconds = {"paint": _opened(page, path, "overview"), "lineage": _opened(page, path, "lineage?view=whole")}
    page.wait_for_timeout(1000)
    return {**seconds, "pan": _panned(page)}


def _opened(page: Page, path: Path, address: str) -> float:
    """Open an address in a fresh document. Answers the seconds until it is drawn."""
    page.goto("about:blank")
    page.goto(f"{path.resolve().as_uri()}#/{address}")
    page.wait_for_selector("html[data-ready]", state="attached")
    return float(page.evaluate("Number(document.documentElement.dataset.ready)")) / 1000


def _panned(page: Page) -> float:
    """Drag the canvas to and fro while frames are timed."""
    box = page.locator("canvas").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(f"window.frames_ = {FRAMES}; 0")
    for turn in range(150):
        page.mouse.move(x + (turn % 40 - 20) * 8, y + (turn % 30 - 15) * 4)
    times = page.evaluate("window.frames_")
    page.mouse.up()
    gaps = sorted(after - before for before, after in pairwise(times))
    return float(gaps[int(len(gaps) * 0.95)]) / 1000


if __name__ == "__main__":
    with sync_playwright() as running:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        found = {}
        for name in sys.argv[1:]:
            window = browser.new_page(viewport={"width": 1440, "height": 900})
            found[name] = painted(window, Path(name))
            window.close()
        print(json.dumps(found))
