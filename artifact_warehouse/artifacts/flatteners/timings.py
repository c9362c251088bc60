"""The timings of results. The steps that dbt timed become one compilation and one execution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from artifact_warehouse.artifacts.flatteners.values import obj, text
from artifact_warehouse.schema import normalise_time


class Timing(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One entry of a result's `timing`."""

    name: str | None = None
    started_at: str | None = None
    completed_at: str | None = None


def convert_timings(value: Any, unknown: Counter[str]) -> list[Timing]:
    """The entries of `timing` in any shape. `unknown` counts the fields that no schema has."""
    steps = [obj(step) for step in value] if isinstance(value, list) else []
    for step in steps:
        unknown.update(f"results[].timing[].{name}" for name in step.keys() - _TIMING_FIELDS)
    return [Timing(**{name: text(step.get(name)) for name in _TIMING_FIELDS}) for step in steps]


_TIMING_FIELDS = {"name", "started_at", "completed_at"}


_name, started_at, completed_at = map(attrgetter, ("name", "started_at", "completed_at"))


def compilations_and_executions(
    of_results: Sequence[list[Timing]], timings: list[Timing], extras: list[dict[str, Any] | None]
) -> tuple[list[Timing], list[Timing]]:
    """The compilation of each result (its step `compile`), and its execution (the span of all other steps).

    Most other steps are called `execute`. `run-operation` gives the step the macro's name. Where there are such
    names, all timings go to `extras`.
    """
    are_usual = {*map(len, of_results)} <= {2}
    if are_usual and [*map(_name, timings)] == ["compile", "execute"] * len(of_results):
        return timings[::2], timings[1::2]
    for index, steps in enumerate(of_results):
        if {*map(_name, steps)} - {"compile", "execute"}:
            extras[index] = {"timing": msgspec.to_builtins(steps), **(extras[index] or {})}
    compile_at = [_span([step for step in steps if step.name == "compile"]) for steps in of_results]
    execute_at = [_span([step for step in steps if step.name != "compile"]) for steps in of_results]
    return compile_at, execute_at


def _span(steps: list[Timing]) -> Timing:
    """From the first start to the last completion."""
    if len(steps) == 1:
        return steps[0]
    return Timing(started_at=first_of(map(started_at, steps)), completed_at=last_of(map(completed_at, steps)))


def first_of(times: Iterable[str | None]) -> str | None:
    known = [*filter(None, times)]
    return min(known, key=_sort_key(known), default=None)


def last_of(times: Iterable[str | None]) -> str | None:
    known = [*filter(None, times)]
    return max(known, key=_sort_key(known), default=None)


def _sort_key(times: list[str]) -> Callable[[str], str] | None:
    """The sort key of times that are written in several forms; None where all have the same form."""
    if len(set(map(len, times))) <= 1 and "+" not in "".join(times):
        return None
    return lambda time: normalise_time(time) or time
