"""The web application: pages, GraphQL, metrics, status tiles and health, each answer from one snapshot."""

from __future__ import annotations

import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from artifact_warehouse.errors import UnknownNode, UnknownView
from artifact_warehouse.serve import pages
from artifact_warehouse.serve.access import refusal
from artifact_warehouse.serve.graphql import answer
from artifact_warehouse.serve.limits import RequestLimits
from artifact_warehouse.serve.metrics import ServerMetrics
from artifact_warehouse.serve.snapshots import Follower, Snapshot
from artifact_warehouse.storage import query
from artifact_warehouse.warehouse import Warehouse

Answer = TypeVar("Answer")

GRAPHQL_PATHS = ("/graphql", "/graphql/", "/beta/graphql")

_FOR_BROWSERS = ("/", "/sql")
"""A browser asks people for the token, as the password."""

_AT_ONCE = 8
"""How many requests are worked on at once; the others wait."""

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def app(
    path: str | os.PathLike[str],
    *,
    token: str | None = None,
    limits: RequestLimits = RequestLimits(),  # noqa: B008 (immutable)
    wait: float = 10.0,
    every: float = 1.0,
) -> Starlette:
    """An ASGI application that answers about the warehouse at `path`.

    Without a token it answers this machine only. `wait` is how many seconds to wait at the start while another process
    holds the file, and `every` how often to look whether the file has changed.
    """
    served = _Served(Path(path), limits, wait, every)
    routes = [
        Route("/", served.page),
        Route("/sql", partial(served.sql_page, "page.html")),
        *(Route(f"/sql/{name}", partial(served.sql_page, name)) for name in ("script.js", "style.css")),
        Route("/sql/run", served.run_sql, methods=["POST"]),
        Route("/sql/views", served.views),
        Route("/sql/views/{name}", served.view),
        Route("/health", served.health),
        Route("/metrics", served.metrics_text),
        Route("/exposure-tile", served.exposure_tile),
        Route("/mcp", served.mcp, methods=["POST"]),
        *(Route(graphql, served.graphql, methods=["GET", "POST"]) for graphql in GRAPHQL_PATHS),
    ]
    guard = Middleware(BaseHTTPMiddleware, dispatch=partial(served.guard, token, {route.path for route in routes}))
    return Starlette(routes=routes, middleware=[guard], lifespan=served.lifespan)


class _Served:
    """The endpoints of one application."""

    def __init__(self, path: Path, limits: RequestLimits, wait: float, every: float) -> None:
        self._path = path
        self._limits = limits
        self._wait = wait
        self._every = every
        self._metrics = ServerMetrics()
        self._workers = anyio.CapacityLimiter(_AT_ONCE)
        self._follower: Follower
        self.mcp = _McpEndpoint()

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Follow the warehouse while the server runs."""
        start = partial(Follower, self._path, self._limits.memory_bytes, self._every, self._wait)
        self._follower = await anyio.to_thread.run_sync(start)
        try:
            async with self.mcp.running(self._follower, self._limits, self._workers):
                yield
        finally:
            await anyio.to_thread.run_sync(self._follower.close)

    async def guard(
        self, token: str | None, paths: set[str], request: Request, call_next: RequestResponseEndpoint
    ) -> Response:
        """Refuse who may not ask, count the answers, and add the headers of all of them."""
        began = time.monotonic()
        client = request.client.host if request.client else None
        sent = request.query_params.get("token")
        if refused := refusal(token, request.url.path, client, request.headers, sent):
            status, reason = refused
            asks = 'Basic realm="artifact-warehouse"' if request.url.path in _FOR_BROWSERS else "Bearer"
            headers = {"www-authenticate": asks} if status == 401 else {}
            response: Response = JSONResponse({"error": reason}, status, headers)
        elif len(request.url.query) > self._limits.body_bytes:
            response = JSONResponse({"error": f"the address is longer than {self._limits.body_bytes} bytes"}, 414)
        else:
            response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        known = request.url.path if request.url.path in paths else "other"
        self._metrics.count(known, response.status_code, time.monotonic() - began)
        return response

    async def health(self, _: Request) -> Response:
        """Whether questions are answered, and of which state. Names no file and no reason: it needs no token."""
        with self._follower.snapshot() as snapshot:
            taken_at = snapshot.taken_at.isoformat()
        is_current = self._follower.error is None
        return JSONResponse({"status": "ok", "snapshot_taken_at": taken_at, "is_current": is_current})

    async def metrics_text(self, _: Request) -> Response:
        """All figures in OpenMetrics."""
        text = await self._on_snapshot(lambda snapshot: self._metrics.text(snapshot, self._follower.error))
        return Response(text, media_type="application/openmetrics-text; version=1.0.0; charset=utf-8")

    async def exposure_tile(self, request: Request) -> Response:
        """The status tile of an exposure, as HTML for a frame, or as SVG or JSON by `format`."""
        wanted = request.query_params
        exposure = wanted.get("uniqueId") or wanted.get("name")
        kind = wanted.get("format", "html")
        formats: dict[str, Callable[[Any], Response]] = {
            "html": lambda tile: HTMLResponse(tile.to_html()),
            "svg": lambda tile: Response(tile.to_svg(), media_type="image/svg+xml"),
            "json": lambda tile: JSONResponse(tile.to_dict()),
        }
        if not exposure or kind not in formats:
            reason = "name an exposure: /exposure-tile?uniqueId=exposure.PROJECT.NAME, and as format html, svg or json"
            return JSONResponse({"error": reason}, 400)

        def find(snapshot: Snapshot) -> Any:
            labels = _labels(snapshot, wanted.get("environmentId"), wanted.get("jobId"))
            with Warehouse(snapshot.path, read_only=True) as warehouse:
                return warehouse.tile(exposure, **labels)

        try:
            return formats[kind](await self._on_snapshot(find))
        except (UnknownNode, LookupError) as error:
            return JSONResponse({"error": str(error)}, 404)

    async def page(self, request: Request) -> Response:
        """The report on the newest snapshot; `project`, `environment`, `job` and `days` restrict it."""
        try:
            html = await self._on_snapshot(lambda snapshot: pages.report_page(snapshot, request.query_params))
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        return HTMLResponse(html, headers={"content-security-policy": pages.REPORT_POLICY})

    async def sql_page(self, name: str, _: Request) -> Response:
        """A file of the SQL page."""
        headers = {"content-security-policy": pages.SQL_PAGE_POLICY}
        return Response(pages.sql_page_text(name), media_type=pages.SQL_PAGE_FILES[name], headers=headers)

    async def run_sql(self, request: Request) -> Response:
        """The rows of a query. Only JSON is taken: no page of another origin can send it without being asked first."""
        if not request.headers.get("content-type", "").startswith("application/json"):
            return JSONResponse({"error": "send JSON"}, 415)
        try:
            asked = _json(await _body(request, self._limits.body_bytes), "body")
        except ValueError as error:
            return JSONResponse({"error": str(error)}, 400)
        if not isinstance(asked, dict) or not isinstance(asked.get("sql"), str):
            return JSONResponse({"error": 'send {"sql": "…"}'}, 400)
        sql, is_plan = asked["sql"], asked.get("plan") is True
        return JSONResponse(
            await self._on_snapshot(lambda snapshot: pages.run_sql(snapshot, sql, is_plan, self._limits))
        )

    async def views(self, _: Request) -> Response:
        """The views of schema v1."""
        return JSONResponse(await self._on_warehouse(lambda warehouse: warehouse.describe_views().to_pylist()))

    async def view(self, request: Request) -> Response:
        """The columns of one view."""
        try:
            _, columns = await self._on_warehouse(lambda wh: wh.describe_view(request.path_params["name"]))
        except UnknownView as error:
            return JSONResponse({"error": str(error)}, 404)
        return JSONResponse({"columns": columns.to_pylist()})

    async def graphql(self, request: Request) -> Response:
        """A GraphQL request; errors are in the answer, with status 200.

        https://graphql.github.io/graphql-over-http/draft/
        """
        try:
            asked = await self._asked(request)
        except ValueError as error:
            return JSONResponse({"errors": [{"message": str(error)}]}, 400)
        text, variables, operation = asked
        return JSONResponse(
            await self._on_snapshot(lambda snapshot: answer(snapshot, text, variables, operation, self._limits))
        )

    async def _asked(self, request: Request) -> tuple[str, dict[str, Any] | None, str | None]:
        """The document, its variables and the operation. Raises ValueError for a request that is none."""
        if request.method == "GET":
            asked: Any = dict(request.query_params)
            if isinstance(asked.get("variables"), str):
                asked["variables"] = _json(asked["variables"] or "null", "variables")
        else:
            body = await _body(request, self._limits.body_bytes)
            is_text = request.headers.get("content-type", "").startswith("application/graphql")
            asked = {"query": body} if is_text else _json(body, "body")
        if isinstance(asked, list):
            raise ValueError("several documents in one request are not supported; send them one by one")
        if not isinstance(asked, dict) or not isinstance(asked.get("query"), str):
            raise ValueError('send {"query": "…", "variables": {…}} as JSON')
        variables, operation = asked.get("variables"), asked.get("operationName")
        if not (variables is None or isinstance(variables, dict)) or not isinstance(operation, str | None):
            raise ValueError("variables are an object, and operationName is a text")
        return asked["query"], variables, operation or None

    async def _on_warehouse(self, function: Callable[[Warehouse], Answer]) -> Answer:
        """What a function gives for the facade of the newest snapshot."""

        def run(snapshot: Snapshot) -> Answer:
            with Warehouse(snapshot.path, read_only=True) as warehouse:
                return function(warehouse)

        return await self._on_snapshot(run)

    async def _on_snapshot(self, function: Callable[[Snapshot], Answer]) -> Answer:
        """What a function gives for the newest snapshot. It runs in a thread of its own."""

        def run() -> Answer:
            with self._follower.snapshot() as snapshot:
                return function(snapshot)

        found: Awaitable[Answer] = anyio.to_thread.run_sync(run, limiter=self._workers)
        return await found


class _McpEndpoint:
    """The tools for agents over HTTP, where the extra `mcp` is installed."""

    def __init__(self) -> None:
        self._sessions: Any = None

    @asynccontextmanager
    async def running(
        self, follower: Follower, limits: RequestLimits, workers: anyio.CapacityLimiter
    ) -> AsyncIterator[None]:
        """A block in which calls are answered."""
        async with AsyncExitStack() as stack:
            if find_spec("mcp"):
                from artifact_warehouse.serve.mcp import Tools, http_sessions

                self._sessions = http_sessions(Tools(follower, None, limits), limits.body_bytes, workers)
                await stack.enter_async_context(self._sessions.run())
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._sessions:
            await self._sessions.handle_request(scope, receive, send)
        else:
            reason = "the server needs packages that are not installed: pip install 'artifact-warehouse[mcp]'"
            await JSONResponse({"error": reason}, 501)(scope, receive, send)


async def _body(request: Request, most_bytes: int) -> str:
    """The body as text. Raises ValueError for one that is too large or not UTF-8."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > most_bytes:
            raise ValueError(f"the body is larger than {most_bytes} bytes")
    try:
        return received.decode()
    except UnicodeDecodeError as error:
        raise ValueError("the body is not UTF-8") from error


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the {name} is not JSON") from error


def _labels(snapshot: Snapshot, environment_id: str | None, job_id: str | None) -> dict[str, str | None]:
    """The project and the environment that a number of either means. Raises LookupError for an unknown number."""
    if environment_id is None and job_id is None:
        return {}
    number = environment_id if environment_id is not None else job_id
    if number is None or not number.isdecimal():
        raise LookupError(f"{number} is no number of an environment or a job; `artifact-warehouse ids` lists them")
    column = "environment_id" if environment_id is not None else "job_id"
    with snapshot.cursor() as cursor:
        found = cursor.execute(query("serve/labels_of_number", column=column), {"number": int(number)}).fetchone()
    if found is None:
        raise LookupError(f"nothing here has the number {number}; `artifact-warehouse ids` lists all")
    return {"project": found[0], "environment": found[1]}
