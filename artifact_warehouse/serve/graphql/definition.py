"""The schema in GraphQL's own language, put together from the types and the vocabulary."""

from __future__ import annotations

from collections.abc import Iterator

from artifact_warehouse.serve.graphql.types import (
    CONNECTIONS,
    INTERFACES,
    JOB_LISTS,
    REST,
    TYPES,
    Declaration,
    declarations,
)
from artifact_warehouse.serve.graphql.vocabulary import FIELDS


def schema_text() -> str:
    """The whole schema."""
    interfaces = {declared.name: declared for declared in declarations(INTERFACES)}
    blocks = [
        *(_block("interface", declared, interfaces) for declared in interfaces.values()),
        *(_block("type", declared, interfaces) for declared in declarations(TYPES)),
        *(_block("type", declared, interfaces) for name in CONNECTIONS for declared in _pages(name)),
        "\n".join(["type Query {", *_roots(), "}"]),
    ]
    return REST + "\n\n".join(blocks)


def _block(kind: str, declared: Declaration, interfaces: dict[str, Declaration]) -> str:
    inherited = {name: signature for key in declared.interfaces for name, signature in interfaces[key].fields.items()}
    # Of two interfaces, the one that leaves the type as it is in the vocabulary is the stricter one.
    for key in declared.interfaces:
        inherited |= {name: None for name, signature in interfaces[key].fields.items() if signature is None}
    implements = f" implements {' & '.join(declared.interfaces)}" if declared.interfaces else ""
    fields = [_line(name, signature) for name, signature in sorted({**inherited, **declared.fields}.items())]
    return "\n".join([f"{kind} {declared.name}{implements} {{", *fields, "}"])


def _line(name: str, signature: str | None) -> str:
    field = FIELDS[name]
    return f'  "{field.sentence}"\n  {name}{signature or field.signature}'


def _pages(name: str) -> Iterator[Declaration]:
    """A connection and its edge: https://relay.dev/graphql/connections.htm."""
    edges: dict[str, str | None] = {"node": f": {name}!", "cursor": None}
    yield Declaration(f"{name}Edge", (), edges)
    yield Declaration(f"{name}Connection", (), {"edges": f": [{name}Edge!]!", "pageInfo": None, "totalCount": None})


def _roots() -> Iterator[str]:
    yield from _root(
        "environment(id: BigInt!)",
        "Environment!",
        "The state of an environment. `id` is its number, or its name where only one environment has it.",
    )
    yield from _root(
        "job(id: BigInt!, runId: BigInt)",
        "JobNode",
        "A run of a job: the last one that executed nodes, unless `runId` names another.",
    )
    yield from _root("environments()", "[KnownEnvironment!]!", "The environments of this warehouse.")
    yield from _root("jobs()", "[KnownJob!]!", "The jobs of this warehouse.")
    for plural, (name, key) in JOB_LISTS.items():
        places = "database: String, identifier: String, schema: String, " if plural in ("models", "sources") else ""
        yield from _root(f"{plural}({places}jobId: Int!, runId: Int)", f"[{name}!]!", "The older form of `job`.")
        one = plural.removesuffix("s")
        yield from _root(f"{one}({key}: String!, jobId: Int!, runId: Int)", name, "The older form of `job`.")
    yield from _root(
        "modelByEnvironment(environmentId: Int!, identifier: String, lastRunCount: Int, uniqueId: String, "
        "withCatalog: Boolean)",
        "[ModelNode!]!",
        "The older form of `modelHistoricalRuns`.",
    )


def _root(signature: str, type_: str, sentence: str) -> Iterator[str]:
    """A root field, with the state that it reads as its last argument."""
    name, _, arguments = signature.removesuffix(")").partition("(")
    yield f'  "{sentence} `asOf` asks for the state as it stood at a time."'
    yield f"  {name}({arguments}{', ' if arguments else ''}asOf: DateTime): {type_}"
