"""Makes documents of texts that are almost some: seven of the eight examples of dbt's guide to its Metadata API are.

The guide prints selections without their braces and variables, with a brace too many, and with one too few:
https://github.com/dbt-labs/docs.getdbt.com, docs/dbt-cloud-apis/metadata-api-guide. A text is repaired only where it is
no valid document as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    Lexer,
    OperationDefinitionNode,
    Source,
    TokenKind,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    parse,
    parse_type,
    print_ast,
    visit,
)
from graphql.language import NameNode, VariableDefinitionNode

_KEYWORDS = ("query", "mutation", "subscription", "fragment", "schema", "extend", "type", "directive")


def repaired(text: str, schema: GraphQLSchema, max_tokens: int) -> tuple[DocumentNode, list[str]] | None:
    """The document that a text was to be, and what was missing; None where that cannot be told."""
    try:
        if sum(1 for _ in islice(_positions(text), max_tokens)) == max_tokens:
            return None
        braced, changes = _braced(text)
        document = parse(braced, max_tokens=max_tokens, allow_empty_selection_sets=False)
    except GraphQLError:
        return None
    declared, names = _declared(document, schema)
    if names:
        changes.append(f"declared {', '.join(names)}")
    return (declared, changes) if changes else None


def _braced(text: str) -> tuple[str, list[str]]:
    """The text with braces around it and as many of them closed as opened."""
    changes = []
    kinds = list(_tokens(text))
    if kinds and kinds[0][0] is TokenKind.NAME and kinds[0][1] not in _KEYWORDS:
        text, changes = f"{{ {text}", ["put braces around it"]
    depth = 0
    for kind, _, end in _positions(text):
        depth += {TokenKind.BRACE_L: 1, TokenKind.BRACE_R: -1}.get(kind, 0)
        if kind is TokenKind.BRACE_R and depth == 0 and changes and not text[end:].strip():
            break
        if depth < 0:
            return f"{text[: end - 1]}{text[end:]}", [*changes, "dropped a closing brace"]
    if depth > 0:
        return text + " }" * depth, changes or ["closed the last brace"]
    return text, changes


def _tokens(text: str) -> Iterator[tuple[TokenKind, str]]:
    for kind, value, _ in _positions(text):
        yield kind, value


def _positions(text: str) -> Iterator[tuple[TokenKind, str, int]]:
    """The kind, the value and the end of each token."""
    lexer = Lexer(Source(text))
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        yield token.kind, token.value or "", token.end


def _declared(document: DocumentNode, schema: GraphQLSchema) -> tuple[DocumentNode, list[str]]:
    """The document with its variables declared, each with the type of the argument where it stands."""
    names: list[str] = []
    definitions = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            known = {variable.variable.name.value for variable in definition.variable_definitions or ()}
            missing = {name: type_ for name, type_ in _variables(definition, schema).items() if name not in known}
            names += [f"${name}: {type_}" for name, type_ in missing.items()]
            added = [
                VariableDefinitionNode(variable=VariableNode(name=NameNode(value=name)), type=parse_type(type_))
                for name, type_ in missing.items()
            ]
            definition = OperationDefinitionNode(  # noqa: PLW2901
                operation=definition.operation,
                name=definition.name,
                variable_definitions=(*(definition.variable_definitions or ()), *added),
                directives=definition.directives,
                selection_set=definition.selection_set,
            )
        definitions.append(definition)
    whole = DocumentNode(definitions=tuple(definitions))
    return (parse(print_ast(whole)), names) if names else (document, [])


def _variables(operation: OperationDefinitionNode, schema: GraphQLSchema) -> dict[str, str]:
    """The variables of an operation, with the types of their places."""
    types = TypeInfo(schema)
    found: dict[str, str] = {}

    class Variables(Visitor):
        def enter_variable(self, node: VariableNode, *_: object) -> None:
            if (type_ := types.get_input_type()) is not None:
                found.setdefault(node.name.value, str(type_))

    visit(operation, TypeInfoVisitor(types, Variables()))
    return found
