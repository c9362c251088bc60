"""The report as tests see it: its data, unpacked by other means than the page's, and its pages in a real browser."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from testdata import ROOT

from artifact_warehouse import Warehouse

SCREENSHOTS = ROOT / "tests" / "report" / "screenshots"
"""The pictures that the last run of the tests took; git ignores them."""

PART = r'<script type="application/octet-stream" id="{}">([A-Za-z0-9+/=]*)</script>'


def part(html: str, name: str) -> dict[str, Any]:
    """A packed part of the file as JSON."""
    [packed] = re.findall(PART.format(name), html)
    return json.loads(zlib.decompress(base64.b64decode(packed), -15))


def rows(html: str, name: str) -> list[dict[str, Any]]:
    """A table of the file, as rows."""
    core = part(html, "core")
    tables = {**core["tables"], **part(html, "details")["tables"]}
    columns = {key: _values(column, core["ids"]) for key, column in tables[name]["c"].items()}
    found = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    assert len(found) == tables[name]["n"]
    return found


def _values(column: Any, ids: list[str]) -> list[Any]:
    if isinstance(column, list):
        return column
    if "id" in column:
        return [None if place < 0 else ids[place] for place in column["id"]]
    if "words" in column:
        return [None if place < 0 else column["words"][place] for place in column["at"]]
    values = [column["first"]]
    for step in column["steps"]:
        values.append(values[-1] + step)
    return values


PAGES = ("overview", "runs", "lineage", "tests", "sources", "incidents", "changes", "costs", "rules")


@dataclass(frozen=True)
class Reported:
    """A warehouse and its report, looked at in one project and environment."""

    name: str
    warehouse: Warehouse
    file: Path

    @property
    def scope(self) -> tuple[str | None, str]:
        """The project and environment with most runs."""
        sql = "select project_name, environment from v1.invocations group by all order by count(*) desc limit 1"
        [(project, environment)] = self.ask(sql)
        return project, environment

    @property
    def where(self) -> str:
        """The condition of SQL that selects the scope."""
        project, environment = self.scope
        name = f"'{project}'" if project else "null"
        return f"project_name is not distinct from {name} and environment = '{environment}'"

    @property
    def keys(self) -> dict[str, str]:
        """The part of an address that names the scope."""
        project, environment = self.scope
        return {"in": f"{project or ''}/{environment}"}

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.warehouse.sql(sql).fetchall()

    def addresses(self) -> list[str]:
        """Every kind of page, with a run that passed and one that failed of each command, and a node of each type."""
        runs = self.ask(
            "select 'run/' || arg_max(invocation_id, generated_at) || '/' || command from v1.invocations"
            f" where {self.where} and is_success is not null group by command, is_success order by all"
        )
        nodes = self.ask(
            f"select resource_type || '/' || max(unique_id) from v1.nodes where {self.where}"
            " and resource_type not in ('doc', 'group', 'operation')"
            " and (resource_type <> 'macro' or package_name = project_name)"
            " group by resource_type order by all"
        )
        return [*PAGES, *(address for (address,) in (*runs, *nodes))]


@dataclass
class Opened:
    """A page of the report in a browser, with all that it complained about and asked for."""

    page: Any
    file: Path
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, context: Any, file: Path) -> Opened:
        opened = cls(context.new_page(), file)
        opened.page.on("console", lambda message: opened.complaints.append(message.text))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.page.on("dialog", lambda dialog: opened.complaints.append(f"dialog: {dialog.message}"))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        return opened

    def go(self, path: str = "overview", **query: str) -> Opened:
        """Open an address in a fresh document, and wait until it is drawn."""
        self.page.goto("about:blank")
        keys = f"?{urlencode(query)}" if query else ""
        self.page.goto(f"{self.file.as_uri()}#/{quote(path)}{keys}")
        self.page.wait_for_selector("html[data-ready]", state="attached")
        return self.settle()

    def turn(self, path: str, **query: str) -> Opened:
        """Follow a link to another address in the same document: the page does not unpack its data again."""
        keys = f"?{urlencode(query)}" if query else ""
        follow = """hash => location.hash === hash || new Promise(done => {
            addEventListener("hashchange", () => done(), {once: true});
            location.hash = hash;
        })"""
        self.page.evaluate(follow, f"#/{quote(path)}{keys}")
        return self.settle()

    def settle(self) -> Opened:
        """Wait until the page has unpacked what it needs, and has drawn it."""
        self.page.wait_for_selector("main:not([aria-busy])")
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return self

    def address(self) -> str:
        return str(self.page.evaluate("location.hash"))

    def text(self, selector: str = "main") -> str:
        return str(self.page.inner_text(selector))

    def table(self, caption: str) -> list[dict[str, str]]:
        """All rows of a table, by the heads of their columns."""
        section = self.page.locator("section.block", has=self.page.locator(f'[role="region"][aria-label="{caption}"]'))
        more = section.locator(".more button")
        if more.count():
            more.click()
        script = """section => [[...section.querySelectorAll('thead th')].map(cell => cell.textContent),
            ...[...section.querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.textContent))]"""
        heads, *body = section.evaluate(script)
        return [dict(zip(heads, cells, strict=True)) for cells in body if len(cells) == len(heads)]

    def photograph(self, *names: str) -> None:
        """Keep a picture of the page, its first 6,000 pixels."""
        path = SCREENSHOTS.joinpath(*(re.sub(r"[^\w.-]+", "_", name)[:120] for name in names))
        path.parent.mkdir(parents=True, exist_ok=True)
        size = self.page.viewport_size
        height = min(6000, int(self.page.evaluate("document.documentElement.scrollHeight")))
        clip = {"x": 0, "y": 0, "width": size["width"], "height": max(height, size["height"])}
        self.page.screenshot(path=f"{path}.png", full_page=True, clip=clip)

    def sideways(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
