"""Answers a GraphQL document from one snapshot: parsed, measured, validated, executed."""

from __future__ import annotations

from typing import Any

from graphql import DocumentNode, GraphQLError, execute_sync, parse, validate

from artifact_warehouse.serve.graphql.cohorts import Request
from artifact_warehouse.serve.graphql.repair import repaired
from artifact_warehouse.serve.graphql.schema import executable_schema
from artifact_warehouse.serve.graphql.size import check_size
from artifact_warehouse.serve.limits import RequestLimits
from artifact_warehouse.serve.snapshots import Snapshot

_MOST_ERRORS = 20


def answer(
    snapshot: Snapshot,
    text: str,
    variables: dict[str, Any] | None = None,
    operation: str | None = None,
    limits: RequestLimits = RequestLimits(),  # noqa: B008 (immutable)
) -> dict[str, Any]:
    """The answer, as https://spec.graphql.org/October2021/#sec-Response-Format has it.

    Where the text had to be repaired, `extensions.repaired` is true, and `extensions.repairs` says how.
    """
    try:
        document, repairs = _document(text, limits)
    except RecursionError:
        return {"errors": [{"message": f"the document is deeper than {limits.depth} selections; ask for less at once"}]}
    except _Refused as refused:
        return {"errors": [error.formatted for error in refused.errors]}
    with Request.running(snapshot, limits) as request:
        result = execute_sync(executable_schema(), document, None, request, variables, operation)
    answered: dict[str, Any] = {"data": result.data}
    if result.errors:
        answered["errors"] = [_shown(error) for error in result.errors[:_MOST_ERRORS]]
    if repairs:
        answered["extensions"] = {"repaired": True, "repairs": repairs}
    return answered


class _Refused(Exception):
    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


def _document(text: str, limits: RequestLimits) -> tuple[DocumentNode, list[str]]:
    """A valid document, and what was repaired of it."""
    tokens = limits.fields * 20
    try:
        document = parse(text, max_tokens=tokens, allow_empty_selection_sets=False)
        errors = _errors(document, limits)
    except GraphQLError as error:
        document, errors = None, [error]
    if not errors and document:
        return document, []
    found = repaired(text, executable_schema(), tokens)
    if found is None or _errors(found[0], limits):
        raise _Refused(errors)
    return found


def _errors(document: DocumentNode, limits: RequestLimits) -> list[GraphQLError]:
    try:
        check_size(document, limits)
    except GraphQLError as error:
        return [error]
    return validate(executable_schema(), document, max_errors=_MOST_ERRORS)


def _shown(error: GraphQLError) -> Any:
    """An error as clients see it. What is no error of the request says that it is a fault of this package."""
    if error.original_error is None or isinstance(error.original_error, GraphQLError):
        return error.formatted
    message = f"a fault of artifact-warehouse, please report it: {type(error.original_error).__name__}: {error.message}"
    return {**error.formatted, "message": message}
