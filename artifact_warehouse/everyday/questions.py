"""Declares the daily questions. A function without a body names a question, its keywords and their defaults.

The function's documentation is the help of the command of the same name, and sql/queries/everyday/NAME.sql its answer.
The columns of the answer stand in the order of their worth: a narrow terminal shows the first.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Concatenate, Generic, ParamSpec

if TYPE_CHECKING:
    import duckdb

Parameters = ParamSpec("Parameters")


class Question(Generic[Parameters]):
    """A daily question. A call with a connection and its keywords gives the answer as a DuckDB relation."""

    def __init__(self, declared: Callable[Parameters, None], nothing: str, is_record: bool) -> None:
        self.__name__ = declared.__name__
        self.__qualname__ = declared.__qualname__
        self.__doc__ = inspect.cleandoc(declared.__doc__ or "")
        self.nothing = nothing
        """What an answer without rows means, and what to ask then."""
        self.is_record = is_record
        """Whether a row of the answer is read from top to bottom."""
        self.parameters = inspect.signature(declared).parameters
        connection = inspect.Parameter("connection", inspect.Parameter.POSITIONAL_ONLY)
        self.__signature__ = inspect.Signature([connection, *self.parameters.values()])

    def __call__(
        self, connection: duckdb.DuckDBPyConnection, /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> duckdb.DuckDBPyRelation:
        """The answer. Raises UnknownLabel, UnknownNode, UnknownRun, and ValueError for a time that is none."""
        from artifact_warehouse.everyday.answers import answer

        given = self.__signature__.bind(connection, *args, **kwargs)
        given.apply_defaults()
        values = dict(given.arguments)
        return answer(values.pop("connection"), self.__name__, values)


AsFunction = Callable[Concatenate["duckdb.DuckDBPyConnection", Parameters], "duckdb.DuckDBPyRelation"]
Moment = str | datetime | timedelta | None
"""A time: itself, how long ago it was, or a text such as yesterday, 7d, 2026-11-01. See `durations.moment_of`."""

QUESTIONS: list[Question[...]] = []


def _question(nothing: str, is_record: bool = False) -> Callable[[Callable[Parameters, None]], Question[Parameters]]:
    def declare(declared: Callable[Parameters, None]) -> Question[Parameters]:
        question = Question(declared, nothing, is_record)
        QUESTIONS.append(question)
        return question

    return declare


@_question("no run has these labels")
def runs(
    *,
    project: str | None = None,
    environment: str | None = None,
    job: str | None = None,
    since: Moment = None,
    failed: bool = False,
    limit: int | None = None,
    now: datetime | None = None,
) -> None:
    """List the runs, the last first: when, how long, and how many nodes succeeded, failed and were skipped."""


@_question("the run has no results")
def run(
    run: str | None = None,
    *,
    project: str | None = None,
    environment: str | None = None,
    job: str | None = None,
) -> None:
    """List the nodes of a run: failures, warnings and skips first, then what took longest.

    RUN is an invocation_id or its beginning; without it, it is the last run.
    """


@_question("no node fails; --since 30d lists failures that are over, too")
def failures(
    *,
    project: str | None = None,
    environment: str | None = None,
    since: Moment = None,
    now: datetime | None = None,
) -> None:
    """List the nodes whose last execution failed, and the sources whose last check failed.

    Each has since when it fails, what changed then, the message, the owner and the exposures that depend on it. With a
    time, failures of nodes that ended after it are listed, too.
    """


@_question("no node was executed with these labels")
def slow(
    *,
    project: str | None = None,
    environment: str | None = None,
    job: str | None = None,
    since: Moment = None,
    limit: int | None = None,
    now: datetime | None = None,
) -> None:
    """Show where the time goes: the total of each node, its share, whether it is slower than it was, and waste.

    `slower` is the present slowdown over the node's own past. `wasted` is the share of executions that changed nothing.
    """


@_question("no test is flaky")
def flaky(
    *,
    project: str | None = None,
    environment: str | None = None,
    since: Moment = None,
    limit: int | None = None,
    now: datetime | None = None,
) -> None:
    """List the tests that failed and passed again while neither code nor data had changed."""


@_question("no definition changed in this time")
def changes(
    *,
    since: Moment = "yesterday",
    project: str | None = None,
    environment: str | None = None,
    now: datetime | None = None,
) -> None:
    """List the definitions that were added, changed or removed, with what depends on them."""


@_question("no project or environment with these labels has the node", is_record=True)
def show(node: str, *, project: str | None = None, environment: str | None = None) -> None:
    """Show all about a node: its state, owner, times, tests, lineage of one step, last changes, and exposures.

    NODE is a unique_id, or a name that only one node has.
    """


@_question("the runs have no results")
def compare(
    run: str | None = None,
    other: str | None = None,
    *,
    project: str | None = None,
    environment: str | None = None,
    job: str | None = None,
) -> None:
    """Compare two runs, node by node: what fails now, what is mended, what has changed, what takes longer.

    RUN is an invocation_id or its beginning; OTHER is the later run. Without OTHER, RUN is compared with the run before
    it of the same command in the same project and environment; without both, the last run is.
    """
