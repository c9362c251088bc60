"""One browser for all tests of the report, and reports of the samples."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import Opened, Reported
from testdata import Loaded, made_once

from artifact_warehouse import Warehouse

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium; `make chromium` installs it."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed; `make chromium` installs Debian's")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed; it is in the extra `test`"
    )
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=path, headless=True, args=[*FLAGS])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def sample_report(sample_warehouse: Warehouse, shared_folder: Path) -> Path:
    """The report of the samples."""

    def write(folder: Path) -> None:
        sample_warehouse.report(title="Harbour cafés").save(folder / "report.html")

    return made_once(shared_folder / "sample_report", write) / "report.html"


PROJECTS = {
    "ad-reporting": ("corpus", "fivetran__dbt_ad_reporting"),
    "whyline-denver": ("corpus", "medsidd__whyline-denver"),
    "scale": ("scale", "scale_3000"),
}
"""Where public projects lie: many packages, several projects and environments, and 10,277 nodes."""


@pytest.fixture(scope="session")
def scale(unpacked: Callable[[str], Path]) -> Path:
    return unpacked("real_runs/scale.tar.xz")


@pytest.fixture
def reported(request: pytest.FixtureRequest, shared_folder: Path) -> Reported:
    """The samples, or the project of PROJECTS that the parameter names."""
    if request.param == "samples":
        warehouse, file = (request.getfixturevalue(name) for name in ("sample_warehouse", "sample_report"))
        return Reported("samples", warehouse, file)
    archive, folder = PROJECTS[request.param]
    loaded = Loaded(request.getfixturevalue(archive) / folder, shared_folder / f"{request.param}_loaded")

    def write(home: Path) -> None:
        loaded.warehouse.report(title=request.param).save(home / "report.html")

    home = made_once(shared_folder / f"{request.param}_report", write)
    return Reported(request.param, loaded.warehouse, home / "report.html")


@pytest.fixture
def opened(browser: Any) -> Iterator[Callable[..., Opened]]:
    """Opens a report in a window of a size, in light or dark."""
    contexts = []

    def open_report(file: Path, width: int = 1440, height: int = 900, scheme: str = "light") -> Opened:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        return Opened.of(context, file)

    yield open_report
    for context in contexts:
        context.close()
