"""Hostile requests to a running server: no answer has a status of 5xx or is a fault, and time and memory are bounded.

    python fuzz_server.py WAREHOUSE [REQUESTS] [SEED]

GraphQL documents are malformed, cut, deep, wide, aliased, full of fragments, introspective, in batches, or random
documents of the schema with random arguments; the other paths get random bodies, headers and parameters. Prints how
many of each were asked, the slowest, and how much memory the server had at most.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

from graphql import build_schema, get_introspection_query, get_named_type

from artifact_warehouse.serve import schema_text

SCHEMA: Any = build_schema(schema_text())
VALUES = (
    "null",
    "1",
    "-1",
    "2147483648",
    "1e400",
    '"prod"',
    '""',
    '"\\u0000"',
    "[]",
    "{}",
    "true",
    "Model",
    "$x",
    '"x"',
)
JUNK = '{}()[]:$!@#"\\\n\t,.\u0000é💥abcdef0123456789 '
MOST_BYTES = 3 << 30
SECONDS = 60.0
PATHS = (
    "/",
    "/sql",
    "/sql/run",
    "/sql/views/",
    "/metrics",
    "/health",
    "/exposure-tile",
    "/mcp",
    "/graphql",
    "/nothing",
)

ENDS = ("", "?days=x", "?project=%00", "?uniqueId=" + "x" * 3000, "?query=%7B", "%2e%2e")
BODIES = (b"", b"{", b"\xff" * 100, b"[" * 100_000, b"0" * 300_000, b'{"sql": "SELECT 1"}')


def random_document(rng: Random, depth: int) -> str:
    """A document of the schema, with arguments that fit only sometimes."""

    def selection(type_: Any, left: int) -> str:
        fields = list(getattr(type_, "fields", {}).items())
        if not fields or not left:
            return "{ __typename }"
        parts = []
        for name, field in rng.sample(fields, min(len(fields), rng.randint(1, 4))):
            needed = [key for key, one in field.args.items() if str(one.type).endswith("!") or rng.random() < 0.3]
            arguments = ", ".join(f"{key}: {rng.choice(VALUES)}" for key in needed)
            inner = get_named_type(field.type)
            below = selection(inner, left - 1) if hasattr(inner, "fields") else ""
            parts.append(f"a{rng.randint(0, 9)}: {name}{f'({arguments})' if arguments else ''} {below}")
        return f"{{ {' '.join(parts)} }}"

    return selection(SCHEMA.query_type, depth)


def hostile_document(rng: Random) -> tuple[str, str]:
    """A kind and a document of it."""
    kind = rng.choice(("random", "cut", "mutated", "junk", "deep", "wide", "fragments", "introspective", "variables"))
    whole = random_document(rng, rng.randint(1, 7))
    place = rng.randrange(len(whole))
    texts = {
        "random": lambda: whole,
        "cut": lambda: whole[:place],
        "mutated": lambda: whole[:place] + rng.choice(JUNK) * rng.randint(1, 5) + whole[place + 1 :],
        "junk": lambda: "".join(rng.choices(JUNK, k=rng.randint(0, 2000))),
        "deep": lambda: "{ environment(id: 1) { applied " + "{ models { edges { node " * rng.randint(1, 9_000),
        "wide": lambda: "{ " + " ".join(f"a{n}: environments {{ id }}" for n in range(rng.randint(1, 5_000))) + " }",
        "fragments": lambda: (
            "{ ...f0 } "
            + " ".join(f"fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(rng.randint(1, 60)))
            + " fragment f60 on Query { __typename }"
        ),
        "introspective": lambda: rng.choice(
            (get_introspection_query(), "{ __schema { types { fields { type " + "{ ofType " * rng.randint(1, 40))
        ),
        "variables": lambda: "query(" + " ".join(f"$x{n}: Int" for n in range(rng.randint(1, 3000))) + f") {whole}",
    }
    return kind, texts[kind]()


def hostile_request(rng: Random) -> tuple[str, str, str, bytes, dict[str, str]]:
    """What is asked: a kind, a method, a path, a body and headers."""
    if rng.random() < 0.75:
        kind, text = hostile_document(rng)
        if rng.random() < 0.2:
            return f"GET {kind}", "GET", f"/graphql?query={quote(text[:6000])}", b"", {}
        content: Any = {"query": text, "variables": rng.choice((None, {}, [], {"x": rng.choice((1, "a", None))}))}
        if rng.random() < 0.1:
            kind, content = "batch", [content] * rng.randint(0, 50)
        return f"POST {kind}", "POST", "/graphql", json.dumps(content).encode(), {"Content-Type": "application/json"}
    path = rng.choice(PATHS) + rng.choice(
        ("", "?days=x", "?project=%00", "?uniqueId=" + "x" * 3000, "?query=%7B", "%2e%2e")
    )
    body = rng.choice(
        (b"", b"{", b"\xff" * 100, b"[" * 100_000, b"0" * 300_000, b'{"sql": "SELECT 1"}', rng.randbytes(50))
    )
    method = rng.choice(("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"))
    headers = {"Content-Type": rng.choice(("application/json", "text/plain", "application/graphql", "\x7f"))}
    return f"{method} other", method, path, body, headers


def peak_bytes(process: subprocess.Popen[str]) -> int:
    """The most memory that a process had."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    return int(found[1]) << 10 if found else 0


def main(warehouse: str, requests: int = 3000, seed: int = 1) -> int:
    """Ask, and print what came. Answers 1 where a rule is broken."""
    rng = Random(seed)
    call = [sys.executable, "-m", "artifact_warehouse", "serve", warehouse, "--port", "0"]
    server = subprocess.Popen(call, stderr=subprocess.PIPE, text=True)
    assert server.stderr
    found = re.search(r"127\.0\.0\.1:(\d+)", server.stderr.readline())
    assert found
    statuses: Counter[str] = Counter()
    slowest: dict[str, float] = {}
    broken = []
    try:
        for number in range(requests):
            kind, method, path, body, headers = hostile_request(rng)
            began = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=SECONDS)
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            slowest[kind] = max(slowest.get(kind, 0.0), time.monotonic() - began)
            statuses[f"{kind} {answer.status}"] += 1
            if answer.status >= 500 or b"a fault of artifact-warehouse" in text:
                broken.append((number, kind, answer.status, body[:500] or path[:500], text[:500]))
                print(*broken[-1], sep="\n  ")
        memory = peak_bytes(server)
    finally:
        server.terminate()
        server.wait(30)
    for name, count in sorted(statuses.items()):
        print(f"{count:6}  {name}")
    print("slowest:", {kind: round(seconds, 2) for kind, seconds in sorted(slowest.items())})
    print(f"{requests} requests, {len(broken)} broken, {memory / 1e6:.0f} MB at most")
    return 1 if broken or memory > MOST_BYTES else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
