"""Flattens run_results.json, v0 to v6: rows of `invocations`, `node_executions` and `batch_executions`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple

import msgspec

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.artifacts.artifact import Artifact, Shape
from artifact_warehouse.artifacts.flatteners.rows import Rows
from artifact_warehouse.artifacts.flatteners.timings import (
    Timing,
    compilations_and_executions,
    completed_at,
    convert_timings,
    first_of,
    last_of,
    started_at,
)
from artifact_warehouse.artifacts.flatteners.values import (
    bigint,
    boolean,
    double,
    integer,
    main_package,
    obj,
    text,
    texts,
    to_json,
)

READ_SECTIONS = {"metadata", "results", "elapsed_time", "args", "generated_at"}
KNOWN_SECTIONS = {*READ_SECTIONS, "logs"}
SUBCOMMANDS = {
    *("build", "clone", "compile", "docs", "freshness", "list", "ls", "parse", "retry", "run"),
    *("run-operation", "seed", "show", "snapshot", "source", "test"),
}
"""Commands of dbt that may be the first word of args.invocation_command."""

_KNOWN_WITHOUT_COLUMN = {"overload_results", "static_analysis_off_reason"}
_V0_FLAGS = ("error", "fail", "warn", "skip")


class Result(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A result as every version since v1 writes it. `convert` takes results of other shapes."""

    unique_id: str
    status: str | None = None
    timing: list[Timing] = []
    thread_id: str | None = None
    execution_time: float | None = None
    adapter_response: dict[str, Any] | None = None
    message: str | None = None
    failures: int | None = None
    compiled: bool | None = None
    compiled_code: str | None = None
    relation_name: str | None = None
    batch_results: dict[str, Any] | None = None
    extra: dict[str, Any] | None = msgspec.field(name="(extra)", default=None)


class Document(Shape, forbid_unknown_fields=True, gc=False):
    """A run_results as every version since v1 writes it, decoded in one pass."""

    kind: ClassVar[str] = "run_results"
    metadata: dict[str, Any]
    results: list[Result]
    elapsed_time: float | None = None
    args: dict[str, Any] | None = None


class Summary(NamedTuple):
    """What all results of a file say together."""

    result_count: int
    main_package: str | None
    first_started_at: str | None
    last_completed_at: str | None
    thread_count: int
    """The number of dbt's threads; 0 where threads have other names."""
    is_aborted_whole: bool


def flatten(artifact: Artifact, rows: Rows) -> dict[str, Any]:
    """Add the rows of a run_results. Returns its columns of `artifacts`."""
    unknown: Counter[str] = Counter()
    results = _results(artifact, unknown)
    timings = [timing for result in results for timing in result.timing]
    add_executions(artifact.artifact_key, results, timings, rows)
    summary = Summary(
        result_count=len(results),
        main_package=main_package(result.unique_id for result in results),
        first_started_at=first_of(map(started_at, timings)),
        last_completed_at=last_of(map(completed_at, timings)),
        thread_count=_thread_count(results),
        is_aborted_whole=is_aborted_whole(results),
    )
    return {**flatten_invocation(artifact, summary, rows), "unknown_fields": unknown}


def flatten_invocation(artifact: Artifact, summary: Summary, rows: Rows) -> dict[str, Any]:
    """Add the row of the invocation. Returns the columns of `artifacts`."""
    args = obj(artifact.section("args"))
    rows.add("invocations", **_invocation(artifact, summary, args))
    return {
        "command": text(args.get("which")) or text(args.get("rpc_method")) or "unknown",
        "target_name": text(args.get("target")),
        "main_package": summary.main_package,
        "entry_count": summary.result_count,
        "extra": to_json(artifact.unread_sections(READ_SECTIONS)),
    }


def _results(artifact: Artifact, unknown: Counter[str]) -> list[Result]:
    """The results, one per unique_id: the last counts. `unknown` counts the fields that no schema has."""
    try:
        results: list[Result] = artifact.section("results", list[Result]) or []
    except json_text.UnexpectedShape:
        entries = artifact.section("results")
        entries = entries if isinstance(entries, list) else []
        results = [convert(obj(entry), unknown) for entry in entries]
    if len(by_id := {result.unique_id: result for result in results}) < len(results):
        unknown["results: repeated unique_id"] += len(results) - len(by_id)
    return list(by_id.values())


def convert(entry: dict[str, Any], unknown: Counter[str]) -> Result:
    """A result of any version and shape. Values that fit no field go to `extra`."""
    if "unique_id" not in entry and "node" in entry:
        entry = _upgrade_v0(entry)
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for key, value in entry.items():
        try:
            known[key] = msgspec.convert(_COERCED[key](value) if key in _COERCED else value, _FIELD_TYPES[key])
        except KeyError:
            extra[key] = value
            if key not in _KNOWN_WITHOUT_COLUMN and key not in ("node", *_V0_FLAGS):
                unknown[f"results[].{key}"] += 1
        except msgspec.ValidationError:
            extra[key] = value
    if "timing" in extra:
        known["timing"] = convert_timings(extra["timing"], unknown)
    known.setdefault("unique_id", "")
    if "failures" not in entry and known["unique_id"].startswith("test."):
        known["failures"] = _failures_in_message(entry.get("message"))
    extra = {key: value for key, value in extra.items() if value is not None}
    return Result(**known, extra=extra or None)


def _count(value: Any) -> Any:
    """A whole number as an integer; any other value unchanged."""
    return value if bigint(value) is None else bigint(value)


def _failures_in_message(message: Any) -> int | None:
    """The number of failing rows. dbt 0.19 wrote it as the `message` of a test, as an integer.

    https://github.com/dbt-labs/dbt-core/blob/v0.19.2/core/dbt/task/test.py
    """
    return message if isinstance(message, int) and not isinstance(message, bool) else None


_COERCED: dict[str, Callable[[Any], Any]] = {"failures": _count, "message": text, "status": text}
"""Fields that some versions and tools write with another type, with the function that converts them."""

_FIELD_TYPES = {field.name: field.type for field in msgspec.structs.fields(Result) if field.name != "extra"}


def _upgrade_v0(entry: dict[str, Any]) -> dict[str, Any]:
    """A result of dbt up to 0.18, with the fields of v1. dbt wrote the whole node, and the adapter's message as status.

    The status becomes the word that dbt 0.19 would have used. The adapter's message goes to `message`. A result
    that was compiled and not executed has no status: `docs generate` and `compile` write such results.
    """
    node = obj(entry["node"])
    status = entry.get("status")
    return {
        **entry,
        "unique_id": text(node.get("unique_id")) or "",
        "status": _v0_status(entry, is_test=node.get("resource_type") == "test"),
        "message": text(entry.get("error")) or text(status),
        "failures": bigint(status),
        "adapter_response": {"_message": status} if isinstance(status, str) else None,
        "compiled_code": text(node.get("injected_sql")) or text(node.get("compiled_sql")),
    }


def _v0_status(entry: dict[str, Any], is_test: bool) -> str | None:
    if all(entry.get(name) is None for name in ("status", *_V0_FLAGS)):
        return None
    if entry.get("skip"):
        return "skipped"
    if entry.get("error") is not None:
        return "error"
    if is_test and entry.get("fail"):
        return "fail"
    if is_test and entry.get("warn"):
        return "warn"
    return "pass" if is_test and entry.get("status") is not None else "success"


def add_executions(artifact_key: int, results: list[Result], timings: list[Timing], rows: Rows) -> None:
    """Add a row per result, by columns: a load spends most of its time here, and a column is one call into C."""

    def column(field: str) -> list[Any]:
        return [*map(attrgetter(field), results)]

    extras, codes, failures = column("extra"), column("compiled_code"), column("failures")
    compile_at, execute_at = compilations_and_executions(column("timing"), timings, extras)
    _note_batches(results, extras)
    _note_compiled(column("compiled"), codes, extras)
    rows.extend(
        "node_executions",
        [artifact_key] * len(results),
        column("unique_id"),
        column("status"),
        column("execution_time"),
        *([*map(end, at)] for at in (compile_at, execute_at) for end in (started_at, completed_at)),
        column("thread_id"),
        column("message"),
        [*map(bigint, failures)] if any(failures) else failures,
        *_response_columns(column("adapter_response")),
        column("relation_name"),
        rows.add_texts(codes),
        [json_text.encode(extra) if extra else None for extra in extras] if any(extras) else extras,
    )
    for result in results:
        if result.batch_results:
            _add_batches(artifact_key, result.unique_id, result.batch_results, rows)


def _note_compiled(flags: list[bool | None], codes: list[str | None], extras: list[dict[str, Any] | None]) -> None:
    """Keep `compiled` in `extras` where it differs from whether there is compiled code."""
    if flags != [*map(bool, codes)]:
        for index, (flag, code) in enumerate(zip(flags, codes, strict=True)):
            if flag is not None and flag != bool(code):
                extras[index] = {**(extras[index] or {}), "compiled": flag}


def _note_batches(results: list[Result], extras: list[dict[str, Any] | None]) -> None:
    """Keep the parts of batch_results in `extras` for which `_add_batches` has no row."""
    for index, result in enumerate(results):
        if result.batch_results and not all(
            outcome in _OUTCOMES and isinstance(windows, list) and all(map(_is_window, windows))
            for outcome, windows in result.batch_results.items()
        ):
            extras[index] = {**(extras[index] or {}), "batch_results": result.batch_results}


def _is_window(window: Any) -> bool:
    return isinstance(window, list) and len(window) == 2


_OUTCOMES = ("failed", "successful")


def _response_columns(responses: list[dict[str, Any] | None]) -> Iterable[Sequence[Any]]:
    """The columns rows_affected to adapter_response."""
    if not any(responses):
        return [[None] * len(responses)] * 5
    return [*zip(*map(_response_values, responses), strict=True)]


def _response_values(response: dict[str, Any] | None) -> tuple[int | None, int | None, int | None, str | None, Any]:
    if not response:
        return None, None, None, None, None
    return (
        bigint(response.get("rows_affected")),
        bigint(response.get("bytes_processed")),
        bigint(response.get("bytes_billed")),
        text(response.get("query_id")) or text(response.get("job_id")),
        json_text.encode(response),
    )


def _add_batches(artifact_key: int, unique_id: str, batch_results: dict[str, Any], rows: Rows) -> None:
    """Add a row per batch. A batch that failed, and succeeded in a retry, counts as succeeded."""
    batches: dict[str, tuple[str | None, bool]] = {}
    for outcome in _OUTCOMES:
        windows = batch_results.get(outcome)
        for window in windows if isinstance(windows, list) else ():
            if _is_window(window):
                batches[str(window[0])] = (text(window[1]), outcome == "successful")
    for start, (end, is_success) in batches.items():
        rows.extend("batch_executions", [artifact_key], [unique_id], [start], [end], [is_success])


def _invocation(artifact: Artifact, summary: Summary, args: dict[str, Any]) -> dict[str, Any]:
    begun = summary.first_started_at
    command = text(args.get("invocation_command"))
    return {
        "artifact_key": artifact.artifact_key,
        "started_at": text(artifact.metadata.get("invocation_started_at")) or begun,
        "first_started_at": begun,
        "last_completed_at": summary.last_completed_at,
        "elapsed_seconds": double(artifact.section("elapsed_time")),
        "threads": integer(args.get("threads")) or summary.thread_count or None,
        "is_full_refresh": _is_full_refresh(args, command) if args else None,
        "is_retry": _subcommand(command) == "retry",
        "is_aborted": str(artifact.metadata.get("dbt_version")).startswith("2.") and summary.is_aborted_whole,
        "invocation_command": command,
        "selection": selection(args),
        "args": to_json(args),
        "vars": variables(args.get("vars")),
        "env": to_json(artifact.metadata.get("env")),
    }


def _thread_count(results: list[Result]) -> int:
    """The number of threads in the results. dbt 2.0 names another thread for every task."""
    names = {result.thread_id for result in results} - {None, "main", "MainThread"}
    return len(names) if all(str(name).startswith("Thread-") for name in names) else 0


def _is_full_refresh(args: dict[str, Any], command: str | None) -> bool:
    words = (command or "").split()
    return bool(boolean(args.get("full_refresh"))) or "--full-refresh" in words or "-f" in words


def _subcommand(command: str | None) -> str | None:
    words = (command or "").split()[1:]
    return next((word for word in words if word in SUBCOMMANDS), None)


def is_aborted_whole(results: list[Result]) -> bool:
    """Whether dbt 2.0 aborted the whole invocation: every result is an error that took no time.

    A single result of this kind is a node that could not be compiled.
    """
    return (
        len(results) > 1
        and all(result.status == "error" and not result.execution_time for result in results)
        and len({result.message for result in results}) == 1
    )


def selection(args: dict[str, Any]) -> str | None:
    """The selection, as options of the command line."""
    parts = []
    for name, option in _SELECTION_OPTIONS.items():
        value = args.get(name)
        words = texts(value) if isinstance(value, str | list) else None
        if words:
            parts.append(f"{option} {' '.join(words)}")
    return " ".join(parts) or None


_SELECTION_OPTIONS = {
    "select": "--select",
    "models": "--models",
    "exclude": "--exclude",
    "selector": "--selector",
    "selector_name": "--selector",
    "resource_types": "--resource-type",
    "exclude_resource_types": "--exclude-resource-type",
}


def variables(value: Any) -> str | None:
    """args.vars as JSON. dbt up to 1.4 wrote the text of the option, mostly JSON or YAML."""
    if isinstance(value, str):
        try:
            value = json_text.decode(value.encode())
        except ValueError:
            return json_text.encode(value)
    return to_json(value)
