"""A server on loopback that speaks dbt Cloud's Administrative API, and an account of scripted runs.

Written from https://docs.getdbt.com/dbt-cloud/api-v2 and api-v3: envelopes, paging, `include_related`, the statuses of
runs and steps, artifacts by step with 404 for what a step has not written.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import builders

ACCOUNT, PROJECT, OTHER_PROJECT, ENVIRONMENT = 4711, 17, 18, 23
TOKEN = "dbtc_distinctive+token/of42"
BEGIN = datetime(2026, 3, 1, 6)
SUCCESS, ERROR, CANCELLED, RUNNING = 10, 20, 30, 3
HUMANIZED = {1: "Queued", 2: "Starting", RUNNING: "Running", SUCCESS: "Success", ERROR: "Error", CANCELLED: "Cancelled"}

FATES = ("success", "failed_node", "success", "parse_error", "success", "clone_error", "success", "cancelled")
"""What becomes of the runs, in turn."""


def at(moment: datetime) -> str:
    """A time as the API writes it."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}+00:00"


class Account:
    """Runs by id, and artifacts by run, step and path."""

    def __init__(self) -> None:
        self.runs: dict[int, dict[str, Any]] = {}
        self.artifacts: dict[tuple[int, int, str], bytes] = {}
        self.projects = {PROJECT: "Harbour café", OTHER_PROJECT: "Sandbox"}
        self.fates: dict[int, str] = {}

    def add(self, run_id: int, fate: str, job: tuple[int, str] = (5, "Nightly"), **fields: Any) -> None:
        """Add a run of `dbt build`, `dbt test` and `dbt docs generate` with this fate."""
        begun = BEGIN + timedelta(hours=len(self.runs))
        lines = ["dbt build", "dbt test", "dbt docs generate"]
        steps = [_step(run_id, 1, "Clone git repository", ERROR if fate == "clone_error" else SUCCESS, begun)]
        if fate != "clone_error":
            steps += [
                _step(run_id, 2, "Create profile from connection Warehouse", SUCCESS, begun),
                _step(run_id, 3, "Invoke dbt with `dbt deps`", SUCCESS, begun),
            ]
            for place, line in enumerate(lines, 4):
                status = self._run_step(run_id, place, line, fate, begun + timedelta(minutes=place))
                steps.append(
                    _step(run_id, place, f"Invoke dbt with `{line}`", status, begun + timedelta(minutes=place))
                )
                if status != SUCCESS:
                    break
        status = steps[-1]["status"]
        ended = begun + timedelta(minutes=10)
        self.fates[run_id] = fate
        self.runs[run_id] = {
            "id": run_id,
            "account_id": ACCOUNT,
            "project_id": PROJECT,
            "environment_id": ENVIRONMENT,
            "job_definition_id": job[0],
            "status": status,
            "status_humanized": HUMANIZED[status],
            "status_message": None,
            "dbt_version": "1.10.0-latest",
            "git_branch": "main",
            "git_sha": f"{run_id:040x}",
            "created_at": at(begun - timedelta(seconds=9)),
            "updated_at": at(ended),
            "started_at": at(begun),
            "finished_at": None if status == RUNNING else at(ended),
            "created_at_humanized": "some time ago",
            "href": f"https://cloud.getdbt.com/deploy/{ACCOUNT}/projects/{PROJECT}/runs/{run_id}/",
            "trigger": {"cause": "scheduled", "cause_category": "scheduled", "job_definition_id": job[0]},
            "job": {"id": job[0], "name": job[1], "execute_steps": lines},
            "environment": {"id": ENVIRONMENT, "name": "Production"},
            "run_steps": steps,
            **fields,
        }

    def _run_step(self, run_id: int, place: int, line: str, fate: str, begun: datetime) -> int:
        """Write what a step writes. Returns its status."""
        if fate in ("parse_error", "cancelled", "running") and place == 5:
            # The folder of artifacts still has those of the step before.
            for name in ("run_results.json", "manifest.json"):
                self.artifacts[run_id, place, name] = self.artifacts[run_id, 4, name]
            return {"parse_error": ERROR, "cancelled": CANCELLED, "running": RUNNING}[fate]
        fields = {
            "dbt_version": "1.10.4",
            "invocation_id": f"{run_id:08x}-{place:04x}-4000-8000-000000000000",
            "generated_at": f"{begun + timedelta(seconds=50):%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        is_failing = fate == "failed_node" and place == 4
        statuses = {"model.shop.orders": "error" if is_failing else "success", "test.shop.unique.1": "pass"}
        results = [] if place == 6 else [result(unique_id, status, begun) for unique_id, status in statuses.items()]
        which = {4: "build", 5: "test", 6: "generate"}[place]
        node = {"unique_id": "model.shop.orders", "resource_type": "model", "name": "orders", "package_name": "shop"}
        named = {**fields, "project_name": "shop", "adapter_type": "postgres"}
        documents = {
            "run_results": builders.artifact("run_results", fields, results=results, args={"which": which}),
            "manifest": builders.manifest({"model.shop.orders": node}, named),
        }
        if place == 6:
            documents["catalog"] = builders.artifact("catalog", fields, nodes={}, sources={})
        for kind, document in documents.items():
            self.artifacts[run_id, place, f"{kind}.json"] = json.dumps(document).encode()
        return ERROR if is_failing else SUCCESS


def result(unique_id: str, status: str, begun: datetime) -> dict[str, Any]:
    times = {"started_at": f"{begun:%Y-%m-%dT%H:%M:%S.%fZ}", "completed_at": f"{begun:%Y-%m-%dT%H:%M:30.%fZ}"}
    timing = [{"name": name, **times} for name in ("compile", "execute")]
    return {"unique_id": unique_id, "status": status, "timing": timing, "execution_time": 1.5, "thread_id": "Thread-1"}


def _step(run_id: int, place: int, name: str, status: int, begun: datetime) -> dict[str, Any]:
    return {
        "id": run_id * 100 + place,
        "run_id": run_id,
        "account_id": ACCOUNT,
        "index": place,
        "status": status,
        "status_humanized": HUMANIZED[status],
        "name": name,
        "logs": f"{name}\n  it went wrong at the end" if status == ERROR else "all is well",
        "debug_logs": "very long",
        "started_at": at(begun),
        "finished_at": None if status == RUNNING else at(begun + timedelta(seconds=55)),
        "duration_humanized": "55 seconds",
    }


def account(run_count: int) -> Account:
    """An account of so many runs, which fare as FATES says."""
    found = Account()
    for number in range(run_count):
        found.add(1000 + number, FATES[number % len(FATES)])
    return found


class Request(NamedTuple):
    """A request, and the status of its answer; 0 where there was none."""

    path: str
    status: int


Fault = Callable[[int, str], str | None]
"""From the number of a request, from 1, and its path: a status, `reset`, `truncate`, the URL of a server to ask
instead, or None for a good answer."""


class Server:
    """Serves an account. `requests` has all requests in order; `before` is called with the number of each."""

    def __init__(self, account: Account, fault: Fault = lambda number, path: None) -> None:
        self.account, self.fault, self.token = account, fault, TOKEN
        self.requests: list[Request] = []
        self.headers: dict[str, str] = {"Retry-After": "0"}
        """Headers of answers with a fault."""
        self.before: Callable[[int], None] = lambda number: None
        self.authorizations: set[str | None] = set()
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = _Threads(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[Server]:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()

    @property
    def delivered(self) -> list[str]:
        """The paths of the artifacts that were delivered."""
        return [path for path, status in self.requests if status == 200 and "/artifacts/" in path]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None: ...

            def do_GET(self) -> None:
                with server._lock:
                    server._at_once += 1
                    server.most_at_once = max(server.most_at_once, server._at_once)
                    number = len(server.requests) + 1
                    server.requests.append(Request(self.path, 0))
                    server.authorizations.add(self.headers.get("Authorization"))
                server.before(number)
                status = server._answer(self, server.fault(number, self.path))
                server.requests[number - 1] = Request(self.path, status)

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler, fault: str | None) -> int:
        if fault == "reset":
            self._end()
            handler.connection.shutdown(socket.SHUT_RDWR)
            return 0
        if fault and fault.startswith("http"):
            return self._send(handler, 302, b"", {"Location": fault + handler.path})
        if fault and fault.isdigit():
            said = f"you sent {handler.headers.get('Authorization')}"
            return self._send(handler, int(fault), _envelope(None, int(fault), said), self.headers)
        if handler.headers.get("Authorization") not in (f"Bearer {self.token}", f"Token {self.token}"):
            return self._send(handler, 401, _envelope(None, 401, "Invalid token."), {})
        body = self._found(urlsplit(handler.path).path, parse_qs(urlsplit(handler.path).query))
        if body is None:
            return self._send(handler, 404, _envelope(None, 404, "The requested resource was not found."), {})
        return self._send(handler, 200, body, {}, is_whole=fault != "truncate")

    def _end(self) -> None:
        """Count a request as done: the client may send the next one as soon as it has the answer to this one."""
        with self._lock:
            self._at_once -= 1

    def _send(
        self, handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str], is_whole: bool = True
    ) -> int:
        self._end()
        handler.send_response(status)
        if "gzip" in handler.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1)
            handler.send_header("Content-Encoding", "gzip")
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body if is_whole else body[: len(body) // 2])
        return status if is_whole else 0

    def _found(self, path: str, query: dict[str, list[str]]) -> bytes | None:
        """The answer to a path; None where there is nothing."""
        if match := re.fullmatch(rf"/api/v3/accounts/{ACCOUNT}/projects/(\d+)/?", path):
            name = self.account.projects.get(int(match[1]))
            return name and _envelope({"id": int(match[1]), "name": name, "account_id": ACCOUNT})
        if not (match := re.fullmatch(rf"/api/v2/accounts/{ACCOUNT}/runs/?(?:(\d+)/?(?:artifacts/(.*))?)?", path)):
            return None
        if match[1] is None:
            return self._page(query)
        run = self.account.runs.get(int(match[1]))
        if run is None:
            return None
        if match[2] is None:
            return _envelope(_with_related(run, query))
        places = [step["index"] for step in run["run_steps"]]
        place = int(query["step"][0]) if "step" in query else places[-1]
        if match[2] == "":  # the list knows no steps
            return _envelope(
                sorted(name for of, at, name in self.account.artifacts if (of, at) == (run["id"], places[-1]))
            )
        return self.account.artifacts.get((run["id"], place, match[2]))

    def _page(self, query: dict[str, list[str]]) -> bytes:
        order = query.get("order_by", ["id"])[0]
        limit, offset = min(int(query.get("limit", ["100"])[0]), 100), int(query.get("offset", ["0"])[0])
        wanted = {name: int(query[name][0]) for name in ("project_id", "job_definition_id", "status") if name in query}
        runs = [run for run in self.account.runs.values() if all(run[name] == value for name, value in wanted.items())]
        runs.sort(key=lambda run: run[order.lstrip("-")], reverse=order.startswith("-"))
        page = [_with_related(run, query) for run in runs[offset : offset + limit]]
        filters = {"limit": limit, "offset": offset, "account_id": ACCOUNT, **wanted}
        pagination = {"count": len(page), "total_count": len(runs)}
        return _envelope(page, extra={"filters": filters, "order_by": order, "pagination": pagination})


def _with_related(run: dict[str, Any], query: dict[str, list[str]]) -> dict[str, Any]:
    """A run with the related objects that are asked for; the API takes lists with and without brackets and quotes."""
    asked = set(re.findall(r"\w+", query.get("include_related", [""])[0]))
    found = {**run, **{name: None for name in ("trigger", "job", "environment") if name not in asked}}
    steps = [{k: v for k, v in step.items() if k != "debug_logs" or "debug_logs" in asked} for step in run["run_steps"]]
    return {**found, "run_steps": steps if "run_steps" in asked else []}


def _envelope(data: Any, code: int = 200, message: str = "Success!", **more: Any) -> bytes:
    status = {"code": code, "is_success": code < 300, "user_message": message, "developer_message": ""}
    return json.dumps({"status": status, "data": data, **more}).encode()


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no error here."""
