"""An independent oracle: what the warehouse should answer, computed from the JSON files alone.

It shares no code with the project: plain Python over plain ``json``, written from docs/rules.md. The tests compare
its dicts with what the SQL views return. Where the rules are silent, the choice made is in a docstring here.

>>> oracle = Oracle.read([Path("target")], environment="prod")
>>> oracle.node_success_rates()[("shop", "prod", "model.shop.orders")]["success_rate"]
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import statistics
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

VERSIONED_KINDS = ("manifest", "run_results", "catalog", "sources", "freshness")
STATUS_WORDS = {
    "success": ["success", "pass"],
    "warn": ["warn"],
    "failure": ["error", "fail", "runtime error", "partial success"],
    "skipped": ["skipped"],
    "not_executed": ["no-op", "reused"],
}
CLASS_OF_STATUS = {word: outcome for outcome, words in STATUS_WORDS.items() for word in words}
EXECUTED = ("success", "warn", "failure")
# fmt: off
EXECUTING_COMMANDS = {
    "run", "test", "build", "seed", "snapshot", "retry", "clone", "source freshness", "unknown",
}
FRESHNESS_COMMANDS = {"freshness", "source-freshness", "snapshot-freshness", "source freshness"}
SUBCOMMANDS = {
    "build", "clean", "clone", "compile", "debug", "deps", "docs", "init", "list", "ls", "parse", "retry", "rpc", "run",
    "run-operation", "seed", "serve", "show", "snapshot", "source", "test",
}
# Everything in a manifest that can stand at the child's end of an edge.
GRAPH_SECTIONS = [
    "nodes", "sources", "exposures", "reports", "metrics", "semantic_models", "saved_queries", "unit_tests",
    "functions",
]
# fmt: on
LABELS = ("project", "environment", "job")
EARLIEST = datetime.min.replace(tzinfo=timezone.utc)

Key = tuple  # (project_name, environment, unique_id) in most answers


class Result(NamedTuple):
    """One row of a run_results.json, in the words of schema v1 and later."""

    unique_id: str
    status: str | None
    seconds: float | None
    completed_at: datetime | None
    message: str | None
    started_at: datetime | None = None  # of a freshness check, when dbt took it


@dataclass
class Artifact:
    """What is kept of one file: its identity, its labels, and the little that the answers need."""

    sha256: str
    kind: str
    schema_version: int | None
    labels: dict[str, str]
    generated_at: datetime | None = None
    dbt_version: str | None = None
    invocation_id: str | None = None
    command: str | None = None  # of what tells of a run: run_results, and freshness checks by themselves
    target: str | None = None  # run_results only, like the two below
    is_retry: bool = False
    is_timed: bool = True
    """Runs with --empty or --sample count in no time (rule 5)."""
    elapsed_seconds: float | None = None
    results: list[Result] = field(default_factory=list)  # and the checks of sources.json and freshness.json
    size: tuple[int, ...] = ()  # what "more results" and "more compiled nodes" compare
    project_id: str | None = None
    metadata_project: str | None = None
    packages: set[str] = field(default_factory=set)  # manifest: every package name that occurs in it
    main_package: str | None = None  # the package that owns most entries
    edges: set[tuple[str, str]] = field(default_factory=set)
    is_current: bool = True
    number: int = 1  # of the run among those of its process that have one id
    project: str | None = None
    environment: str | None = None
    job: str | None = None

    @property
    def own_project(self) -> str | None:
        """The project by what this file says for itself: a label, its name, or its md5 among its packages."""
        if self.labels.get("project") or self.metadata_project:
            return self.labels.get("project") or self.metadata_project
        return next((p for p in self.packages if md5(p) == self.project_id), None)

    @property
    def run_id(self) -> str | None:
        """The invocation_id, with the number of the run behind it from the second one on."""
        return f"{self.invocation_id}.{self.number}" if self.number > 1 else self.invocation_id

    @property
    def clock(self) -> datetime:
        return self.generated_at or EARLIEST

    @property
    def starts(self) -> set[tuple[str, datetime | None]]:
        """The results that tell one run from another: those with a start, or all where none has one."""
        found = {(result.unique_id, result.started_at) for result in self.results}
        return {pair for pair in found if pair[1]} or found

    @property
    def recency(self) -> tuple:
        """Greater is more current: the file's clock, then its size, then the smaller sha256."""
        return (self.generated_at or EARLIEST, *self.size, -int(self.sha256, 16))

    @property
    def is_executing(self) -> bool:
        """Whether the command executes nodes, so that its results count."""
        return self.command in EXECUTING_COMMANDS

    @property
    def is_aborted(self) -> bool:
        """Whether dbt 2.0 gave up as a whole and called every node an error."""
        return (
            (self.dbt_version or "").startswith("2.")
            and len(self.results) > 1
            and all(str(r.status).lower() == "error" and r.seconds == 0 for r in self.results)
            and len({r.message for r in self.results}) == 1
        )

    def classified(self) -> Iterator[tuple[Result, str]]:
        """Every result with its status class."""
        nothing_ran = not self.is_executing or self.is_aborted
        for result in self.results:
            yield result, "not_executed" if nothing_ran else status_class(result.status)


# ---------------------------------------------------------------- reading one file


def md5(text: str) -> str:
    """As dbt derives metadata.project_id from the project's name."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def status_class(status: str | None) -> str:
    """Rule 2, docs/rules.md, for a command that executes nodes."""
    return "not_executed" if status is None else CLASS_OF_STATUS.get(status.lower(), "unknown")


def parse_time(text: Any) -> datetime | None:
    """An ISO timestamp as UTC, cut to microseconds; None for anything else."""
    pattern = r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?"
    found = re.fullmatch(pattern, text) if isinstance(text, str) else None
    if not found:
        return None
    day, clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '')[:6]:0<6}+00:00")
        if zone and zone != "Z":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            moment += -offset if zone[0] == "+" else offset
    except (ValueError, OverflowError):
        return None
    return moment


def detect_kind(data: Any) -> tuple[str, int | None] | None:
    """(kind, schema version) of a dbt artifact, None for any other JSON. Version 0 has no version written in it."""
    if not isinstance(data, dict):
        return None
    declared = as_dict(data.get("metadata")).get("dbt_schema_version")
    if declared:
        found = re.search(r"/([a-z-]+)/v(\d+)(?:\.json)?$", str(declared))
        kind = found[1].replace("-", "_") if found else None
        return (kind, int(found[2])) if kind in VERSIONED_KINDS else None
    if isinstance(data.get("nodes"), dict):
        if data.keys() & {"macros", "parent_map", "child_map"}:
            return "manifest", 0
        return ("catalog", 0) if "generated_at" in data else None
    if isinstance(data.get("sources"), dict) and "generated_at" in as_dict(data.get("meta")):
        return "sources", 0
    if isinstance(data.get("results"), list) and data.keys() & {"generated_at", "elapsed_time"}:
        rows = [as_dict(r) for r in data["results"]]
        is_freshness = any("max_loaded_at" in r or node_of(r).get("resource_type") == "source" for r in rows)
        return ("sources" if is_freshness else "run_results"), 0
    if isinstance(data.get("semantic_models"), list) and isinstance(data.get("metrics"), list):
        return "semantic_manifest", None
    return None


def as_dict(value: Any) -> dict:
    """The value if it is an object, else an empty one: for the nulls in real files."""
    return value if isinstance(value, dict) else {}


def node_of(row: dict) -> dict:
    """The node that a result of dbt up to 0.18 carries within it."""
    return as_dict(row.get("node"))


def package_of(unique_id: str) -> str | None:
    """The second part of a unique_id."""
    return unique_id.split(".")[1] if "." in unique_id else None


def most_frequent(names: Iterable[str | None]) -> str | None:
    """The name that occurs most, the alphabetically first of several."""
    counts = Counter(name for name in names if name)
    return min(counts, key=lambda name: (-counts[name], name)) if counts else None


def hive_labels(path: Path) -> dict[str, str]:
    """Labels from folders such as ``environment=prod``; the innermost wins."""
    pairs = (part.partition("=") for part in path.parts[:-1])
    return {key: value for key, _, value in pairs if key in LABELS and value}


def v0_status(row: dict) -> str | None:
    """The word that schema v1 would have used, for a result of dbt up to 0.18; None where nothing was executed."""
    if all(row.get(name) is None for name in ("status", "error", "fail", "warn", "skip")):
        return None
    if row.get("skip") is True:
        return "skipped"
    if row.get("error") is not None:
        return "error"
    if node_of(row).get("resource_type") == "test":
        if row.get("fail") is True:
            return "fail"
        if row.get("warn") is True:
            return "warn"
        if number(row.get("status")) is not None:
            return "pass"
    return "success"


def number(value: Any) -> float | None:
    """A JSON number as float; None for anything else."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def read_result(row: dict) -> Result:
    """One result. Its shape tells its age: dbt 0.19.0a1 wrote the old rows under the label of v1."""
    is_old = "unique_id" not in row and "node" in row
    steps = [as_dict(step) for step in row.get("timing") or []]
    finished = [parse_time(step.get("completed_at")) for step in steps]
    begun = [parse_time(step.get("started_at")) for step in steps if step.get("name") in ("compile", "execute")]
    return Result(
        unique_id=str((node_of(row) if is_old else row).get("unique_id") or ""),
        status=v0_status(row) if is_old else row.get("status"),
        seconds=number(row.get("execution_time")),
        completed_at=max((moment for moment in finished if moment), default=None),
        message=row.get("message"),
        started_at=min((moment for moment in begun if moment), default=None),
    )


def read_run_results(artifact: Artifact, data: dict) -> None:
    """Fill in what only a run_results.json has. A unique_id that occurs twice keeps its last result."""
    rows = [row for row in data.get("results") or [] if isinstance(row, dict)]
    results = [read_result(row) for row in rows]
    args = as_dict(data.get("args"))
    artifact.results = list({result.unique_id: result for result in results}.values())
    artifact.size = (len(rows),)
    artifact.main_package = most_frequent(package_of(result.unique_id) for result in results)
    command = args.get("which") or args.get("rpc_method") or "unknown"
    artifact.command = "source freshness" if command in FRESHNESS_COMMANDS else command
    artifact.target = args.get("target") or None
    artifact.is_retry = is_retry(args.get("invocation_command"))
    artifact.is_timed = args.get("empty") in (None, False) and args.get("sample") in (None, False, "")
    artifact.elapsed_seconds = number(data.get("elapsed_time"))


def is_retry(invocation_command: Any) -> bool:
    """Whether the first word of the command line that is a subcommand is ``retry``; the first word is dbt itself."""
    words = str(invocation_command or "").split()[1:]
    return next((word for word in words if word in SUBCOMMANDS), None) == "retry"


def read_manifest(artifact: Artifact, data: dict) -> None:
    """Fill in what only a manifest.json has."""
    nodes = as_dict(data.get("nodes"))
    metadata = as_dict(data.get("metadata"))
    compiled = sum(as_dict(node).get("compiled") is True for node in nodes.values())
    artifact.size = (compiled, count_entries(data))
    artifact.project_id = metadata.get("project_id")
    artifact.main_package = most_frequent(as_dict(node).get("package_name") for node in nodes.values())
    sections = [as_dict(section) for section in data.values()]
    entries = [entry for section in sections for entry in section.values() if isinstance(entry, dict)]
    artifact.packages = {e["package_name"] for e in entries if isinstance(e.get("package_name"), str)}
    artifact.edges = set(read_edges(data))


def count_entries(data: dict) -> int:
    """Everything that a manifest lists; `disabled` is a list, or lists by unique_id."""
    disabled = data.get("disabled") or []
    lists = disabled.values() if isinstance(disabled, dict) else [disabled]
    sections = (*GRAPH_SECTIONS, "macros", "docs", "groups")
    return sum(map(len, lists)) + sum(len(as_dict(data.get(section))) for section in sections)


def read_edges(data: dict) -> Iterator[tuple[str, str]]:
    """(parent, child) of everything that is not disabled. The child is named by its key in the section."""
    for section in GRAPH_SECTIONS:
        for child, entry in as_dict(data.get(section)).items():
            parents = as_dict(as_dict(entry).get("depends_on")).get("nodes") or []
            yield from ((parent, child) for parent in parents if isinstance(parent, str))


def read_relations(artifact: Artifact, data: dict) -> None:
    """Fill in the size and the main package of a catalog.json or a sources.json."""
    if artifact.kind == "catalog":
        ids = [*as_dict(data.get("nodes")), *as_dict(data.get("sources"))]
    else:
        checks = dict(read_checks(data))
        ids = list(checks)
        artifact.elapsed_seconds = number(data.get("elapsed_time"))
        artifact.results = [
            Result(
                unique_id,
                check.get("status") or check.get("state"),
                number(check.get("execution_time")),
                None,
                check.get("error"),
                parse_time(check.get("snapshotted_at")),
            )
            for unique_id, check in checks.items()
        ]
    artifact.size = (len(ids),)
    artifact.main_package = most_frequent(map(package_of, ids))


def read_checks(data: dict) -> Iterator[tuple[str, dict]]:
    """The checks of a sources.json or freshness.json by unique_id."""
    if isinstance(data.get("sources"), dict):
        yield from ((unique_id, as_dict(check)) for unique_id, check in data["sources"].items())
    else:
        rows = [as_dict(row) for row in data.get("results") or []]
        yield from ((str(row.get("unique_id") or node_of(row).get("unique_id") or ""), row) for row in rows)


def read_artifact(data: dict, sha256: str, labels: dict[str, str]) -> Artifact | None:
    """What is kept of one parsed file; None when it is not a dbt artifact."""
    detected = detect_kind(data)
    if detected is None:
        return None
    kind, version = detected
    artifact = Artifact(sha256, kind, version, labels)
    if kind == "semantic_manifest":
        return artifact
    metadata = as_dict(data.get("metadata"))
    clock = metadata.get("generated_at") or data.get("generated_at") or as_dict(data.get("meta")).get("generated_at")
    artifact.generated_at = parse_time(clock)
    artifact.dbt_version = metadata.get("dbt_version")
    artifact.invocation_id = metadata.get("invocation_id") or sha256[:32]
    artifact.metadata_project = metadata.get("project_name")
    {"manifest": read_manifest, "run_results": read_run_results}.get(kind, read_relations)(artifact, data)
    return artifact


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Every .json and .json.gz at or below the paths, in a fixed order."""
    for path in map(Path, paths):
        for found in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if found.name.endswith((".json", ".json.gz")) and found.is_file():
                yield found


# ---------------------------------------------------------------- all files together


class Oracle:
    """The answers for a set of files."""

    def __init__(self) -> None:
        self.by_sha: dict[str, Artifact] = {}
        self.broken: list[Path] = []
        self.foreign: list[Path] = []

    @classmethod
    def read(cls, paths: Iterable[Path], **options: str | None) -> Oracle:
        """Read everything below the paths. The options are environment, job, project; they win over folder names."""
        if unknown := options.keys() - set(LABELS):
            raise TypeError(f"unknown options: {sorted(unknown)}")
        options = {key: value for key, value in options.items() if value}
        oracle = cls()
        for path in find_files(paths):
            oracle._read_file(path, {**hive_labels(path), **options})
        oracle._find_freshness_runs()
        oracle._number_runs()
        oracle._mark_superseded()
        oracle._settle_labels()
        return oracle

    def _read_file(self, path: Path, labels: dict[str, str]) -> None:
        """Keep one file. The same content at two paths keeps, of each label, the alphabetically first."""
        try:
            content = path.read_bytes()
            content = gzip.decompress(content) if path.suffix == ".gz" else content
            data = json.loads(content)
        except (ValueError, OSError, EOFError, RecursionError):
            self.broken.append(path)
            return
        sha256 = hashlib.sha256(content).hexdigest()
        known = self.by_sha.get(sha256)
        if known:
            for key, value in labels.items():
                known.labels[key] = min(value, known.labels.get(key, value))
            return
        artifact = read_artifact(data, sha256, labels)
        if artifact:
            self.by_sha[sha256] = artifact
        else:
            self.foreign.append(path)

    def _find_freshness_runs(self) -> None:
        """Checks are a run, but where dbt from 1.5 on gave them the id of a run_results of another command."""
        others = {
            artifact.invocation_id
            for artifact in self.by_sha.values()
            if artifact.kind == "run_results" and artifact.command != "source freshness"
        }
        for artifact in self.by_sha.values():
            is_old = bool(re.match(r"0\.|1\.[0-4](\D|$)", artifact.dbt_version or ""))
            if artifact.kind in ("sources", "freshness") and (is_old or artifact.invocation_id not in others):
                artifact.command = "source freshness"

    def _number_runs(self) -> None:
        """Number the runs of a process that have one id and one command, by time; the other files follow a run."""
        by_id = defaultdict(list)
        for artifact in self.by_sha.values():
            by_id[artifact.invocation_id].append(artifact)
        projects = {artifact.own_project for artifact in self.by_sha.values()} - {None}
        for invocation_id, artifacts in by_id.items():
            tellers = [artifact for artifact in artifacts if artifact.command]
            groups = {
                (a.kind, a.command): [b for b in tellers if (b.kind, b.command) == (a.kind, a.command)] for a in tellers
            }
            if invocation_id and max(map(len, groups.values()), default=0) > 1:
                for group in groups.values():
                    number_group(group)
                if any(teller.number > 1 for teller in tellers):
                    follow(artifacts, projects)

    def _mark_superseded(self) -> None:
        """Of the files that describe the same thing, one is current."""
        groups = defaultdict(list)
        for artifact in self.by_sha.values():
            if artifact.invocation_id:
                project = artifact.project_id or artifact.metadata_project
                by_kind = {"manifest": (project, artifact.generated_at), "run_results": artifact.command}
                groups[artifact.kind, artifact.run_id, by_kind.get(artifact.kind)].append(artifact)
        for group in groups.values():
            current = max(group, key=lambda artifact: artifact.recency)
            for artifact in group:
                artifact.is_current = artifact is current

    def _settle_labels(self) -> None:
        """Project, environment and job of every artifact, from itself first and from its companions second."""
        companions = defaultdict(list)
        named_ids: dict[str, str] = {}
        for artifact in self.by_sha.values():
            companions[artifact.run_id].append(artifact)
            own = artifact.own_project
            if artifact.project_id and own:
                named_ids[artifact.project_id] = min(own, named_ids.get(artifact.project_id, own))
        for artifact in self.by_sha.values():
            peers = companions[artifact.run_id] if artifact.invocation_id else [artifact]
            manifests = [peer for peer in peers if peer.kind == "manifest"]
            owners = {manifest.own_project for manifest in manifests} & {artifact.main_package} - {None}
            project_id = artifact.project_id or first_of(peers, lambda peer: peer.project_id)
            artifact.project = (
                artifact.own_project
                or next(iter(owners), None)
                or first_of(manifests, lambda peer: peer.own_project)
                or first_of(peers, lambda peer: peer.own_project)
                or named_ids.get(project_id)
                or artifact.main_package
            )
            artifact.environment = (
                artifact.labels.get("environment")
                or artifact.target
                or first_of(peers, lambda peer: peer.labels.get("environment"))
                or first_of(peers, lambda peer: peer.target)
                or "default"
            )
            artifact.job = artifact.labels.get("job") or first_of(peers, lambda peer: peer.labels.get("job"))

    # ------------------------------------------------------------ the ledger and the runs

    def artifacts(self) -> dict[str, dict]:
        """Every artifact by sha256. A semantic manifest has no version and no invocation."""
        return {
            a.sha256: {
                "kind": a.kind,
                "schema_version": a.schema_version,
                "project_name": a.project,
                "environment": a.environment,
                "job_name": a.job,
                "invocation_id": a.run_id,
                "command": a.command,
                "status": "loaded" if a.is_current else "superseded",
            }
            for a in self.by_sha.values()
        }

    def runs(self) -> Iterator[Artifact]:
        """The current run_results."""
        return (a for a in self.by_sha.values() if a.kind == "run_results" and a.is_current)

    def invocations(self) -> dict[Key, dict]:
        """Every invocation by (invocation_id, command): of a run_results, of freshness checks, or of both."""
        checks: dict[Key, list[Artifact]] = defaultdict(list)
        for artifact in self.by_sha.values():
            if artifact.kind in ("sources", "freshness") and artifact.is_current and artifact.command:
                checks[artifact.run_id, artifact.command].append(artifact)
        runs = {(run.run_id, run.command): run for run in self.runs()}
        rows = {key: freshness_row(files) for key, files in checks.items()}
        for key, run in runs.items():
            row = invocation_row(run)
            if key in rows:
                outcomes = {row["is_success"], rows[key]["is_success"]} - {None}
                counts = {name: rows[key][name] for name in row if name.endswith("_count")}
                row = {**row, **counts, "is_success": min(outcomes, default=None)}
            rows[key] = row
        return rows

    def run_success_rates(self) -> dict[Key, dict]:
        """By (project, environment, job, command, day): the invocations that succeeded or failed."""
        groups: dict[Key, list[bool]] = defaultdict(list)
        for (_, command), row in self.invocations().items():
            day = row["generated_at"].date() if row["generated_at"] else None
            if row["is_success"] is not None:
                key = (row["project_name"], row["environment"], row["job_name"], command, day)
                groups[key].append(row["is_success"])
        return {
            key: {
                "run_count": len(outcomes),
                "success_count": sum(outcomes),
                "failure_count": len(outcomes) - sum(outcomes),
                "success_rate": sum(outcomes) / len(outcomes),
            }
            for key, outcomes in groups.items()
        }

    # ------------------------------------------------------------ the nodes

    def _history(self) -> dict[Key, list[tuple[Artifact, Result, str]]]:
        """Every current result with its run and its status class, by node."""
        history = defaultdict(list)
        for run in self.runs():
            for result, outcome in run.classified():
                history[run.project, run.environment, result.unique_id].append((run, result, outcome))
        return history

    def status_classes(self) -> dict[Key, Counter]:
        """How often each node had each status class."""
        return {key: Counter(outcome for *_, outcome in rows) for key, rows in self._history().items()}

    def execution_times(self) -> dict[Key, dict]:
        """The times of every node that was executed at least once; None where there is nothing to average."""
        answer = {}
        for key, rows in self._history().items():
            if not any(outcome in EXECUTED for *_, outcome in rows):
                continue
            timed = [(r.seconds, outcome) for run, r, outcome in rows if run.is_timed and r.seconds is not None]
            good = [seconds for seconds, outcome in timed if outcome in ("success", "warn")]
            failed = [seconds for seconds, outcome in timed if outcome == "failure"]
            answer[key] = {
                "execution_count": len(good),
                "execution_seconds_avg": statistics.fmean(good) if good else None,
                "execution_seconds_median": statistics.median(good) if good else None,
                "execution_seconds_min": min(good, default=None),
                "execution_seconds_max": max(good, default=None),
                "execution_seconds_sum": sum(good) if good else None,
                "failed_execution_count": len(failed),
                "failed_execution_seconds_avg": statistics.fmean(failed) if failed else None,
            }
        return answer

    def node_success_rates(self) -> dict[Key, dict]:
        """The outcomes of every node that has a result at all, even if none was executed (the rate is None then)."""
        answer = {}
        for key, rows in self._history().items():
            counts = outcome_counts(outcome for *_, outcome in rows)
            good = counts["success_count"] + counts["warn_count"]
            executed = counts["executed_count"]
            rate = good / executed if executed else None
            answer[key] = {**counts, "success_rate": rate, "last_status": last_status(rows)}
        return answer

    def test_failure_rates(self) -> dict[Key, dict]:
        """The same for tests and unit tests, as failures over executed; a test with no executed result included."""
        return {
            key: {
                "executed_count": row["executed_count"],
                "failure_count": row["failure_count"],
                "warn_count": row["warn_count"],
                "failure_rate": row["failure_count"] / row["executed_count"] if row["executed_count"] else None,
                "last_status": row["last_status"],
            }
            for key, row in self.node_success_rates().items()
            if key[2].startswith(("test.", "unit_test."))
        }

    # ------------------------------------------------------------ the graph

    def current_manifests(self) -> dict[Key, Artifact]:
        """The manifest that describes each (project, environment) now."""
        current: dict[Key, Artifact] = {}
        for artifact in self.by_sha.values():
            if artifact.kind == "manifest" and artifact.is_current:
                key = (artifact.project, artifact.environment)
                current[key] = max(artifact, current.get(key, artifact), key=lambda a: a.recency)
        return current

    def edges(self) -> dict[Key, set[tuple[str, str]]]:
        """(parent, child) of each (project, environment)."""
        return {key: set(manifest.edges) for key, manifest in self.current_manifests().items()}

    def ancestors(self) -> dict[Key, dict[tuple[str, str], int]]:
        """(node, ancestor) with the length of the shortest path; a node on a cycle is not its own ancestor."""
        return {key: closure(edges) for key, edges in self.edges().items()}


def first_of(peers: list[Artifact], ask: Callable[[Artifact], str | None]) -> str | None:
    """The alphabetically first answer of several artifacts, None when none has one."""
    return min((answer for answer in map(ask, peers) if answer), default=None)


def outcome_counts(outcomes: Iterable[str]) -> dict[str, int]:
    """Status classes, counted under the names of the views."""
    counts = Counter(outcomes)
    return {
        "executed_count": sum(counts[outcome] for outcome in EXECUTED),
        **{f"{outcome}_count": counts[outcome] for outcome in ("success", "warn", "failure", "skipped")},
    }


def invocation_row(run: Artifact) -> dict:
    """The row of v1.invocations for a current run_results."""
    counts = outcome_counts(outcome for _, outcome in run.classified())
    is_success = counts["failure_count"] == 0 if counts["executed_count"] else None
    if run.is_aborted and run.is_executing:
        is_success = False
    return {
        "project_name": run.project,
        "environment": run.environment,
        "job_name": run.job,
        "dbt_version": run.dbt_version,
        "generated_at": run.generated_at and run.generated_at.replace(tzinfo=None),
        "is_executing": run.is_executing,
        "is_retry": run.is_retry,
        "is_aborted": run.is_aborted,
        "is_success": is_success,
        "result_count": len(run.results),
        **counts,
        "elapsed_seconds": run.elapsed_seconds,
    }


def freshness_row(files: list[Artifact]) -> dict:
    """The row of v1.invocations for a sources.json, a freshness.json, or both; the latter has no elapsed time."""
    first, *_ = sorted(files, key=lambda file: file.kind, reverse=True)
    statuses = {result.unique_id: result.status for file in files for result in file.results}
    counts = outcome_counts(map(status_class, statuses.values()))
    return {
        **invocation_row(first),
        "result_count": len(statuses),
        **counts,
        "is_success": counts["failure_count"] == 0 if counts["executed_count"] else None,
        "elapsed_seconds": first.elapsed_seconds,
    }


def number_group(group: list[Artifact]) -> None:
    """Files of one kind, id and command that share a result are one run; one without results joins the next run."""
    runs: list[list[Artifact]] = []
    for artifact in (a for a in group if a.starts):
        same = [run for run in runs if any(artifact.starts & other.starts for other in run)]
        runs = [run for run in runs if run not in same] + [[artifact, *(other for run in same for other in run)]]
    runs.sort(key=lambda run: (max(a.clock for a in run), min(a.sha256 for a in run)))
    for place, run in enumerate(runs, 1):
        for artifact in run:
            artifact.number = place
    for artifact in (a for a in group if not a.starts):
        later = [place for place, run in enumerate(runs, 1) if max(a.clock for a in run) >= artifact.clock]
        artifact.number = min(later, default=max(1, len(runs)))


def follow(artifacts: list[Artifact], projects: set[str | None]) -> None:
    """Manifests, catalogs and checks of one id follow a run of their project: that which a manifest was written for."""
    some_project = min((a.own_project for a in artifacts if a.own_project), default=None)

    def project(artifact: Artifact) -> str | None:
        by_package = artifact.main_package if artifact.main_package in projects else None
        return artifact.own_project or by_package or some_project

    runs = [artifact for artifact in artifacts if artifact.command]
    for artifact in (a for a in artifacts if not a.command):
        own = [run for run in runs if project(run) == project(artifact)]
        later = min(((run.clock, run.number) for run in own if run.clock >= artifact.clock), default=None)
        earliest_of_last = [(run.clock, -run.number) for run in own if run.clock <= artifact.clock]
        earlier = max(earliest_of_last, default=None)
        chosen = [later[1] if later else None, -earlier[1] if earlier else None]
        chosen = chosen[::-1] if artifact.kind == "catalog" else chosen
        artifact.number = next(filter(None, chosen), 1)


def last_status(rows: list[tuple[Artifact, Result, str]]) -> str | None:
    """The status of the result that was executed last, as dbt wrote it."""

    def clock(row: tuple[Artifact, Result, str]) -> tuple:
        run, result, _ = row
        generated_at = run.generated_at or EARLIEST
        return result.completed_at or generated_at, generated_at, run.run_id, run.command

    executed = [row for row in rows if row[2] in EXECUTED]
    return max(executed, key=clock)[1].status if executed else None


def closure(edges: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Breadth first from every node towards its parents."""
    parents = defaultdict(set)
    for parent, child in edges:
        parents[child].add(parent)
    answer = {}
    for node in list(parents):
        distances = {node: 0}
        queue = deque([node])
        while queue:
            here = queue.popleft()
            for parent in parents.get(here, ()):
                if parent not in distances:
                    distances[parent] = distances[here] + 1
                    queue.append(parent)
        answer.update({(node, ancestor): far for ancestor, far in distances.items() if ancestor != node})
    return answer
