"""How deep a document is and how many fields it selects, before anything is done with it."""

from __future__ import annotations

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from artifact_warehouse.serve.limits import RequestLimits


def check_size(document: DocumentNode, limits: RequestLimits) -> None:
    """Raises GraphQLError for a document that is too deep, selects too much, or has a fragment that spreads itself."""
    fragments = {
        definition.name.value: definition.selection_set
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    sizes: dict[str, tuple[int, int]] = {}

    def size_of_fragment(name: str, above: tuple[str, ...]) -> tuple[int, int]:
        if name in above:
            raise GraphQLError(f"the fragment {name} spreads itself")
        if name not in sizes:
            sizes[name] = size(fragments[name], (*above, name)) if name in fragments else (0, 0)
        return sizes[name]

    def size(selections: SelectionSetNode | None, above: tuple[str, ...]) -> tuple[int, int]:
        depth = count = 0
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                below, fields = size(selection.selection_set, above)
                below, fields = below + 1, fields + 1
            elif isinstance(selection, FragmentSpreadNode):
                below, fields = size_of_fragment(selection.name.value, above)
            elif isinstance(selection, InlineFragmentNode):
                below, fields = size(selection.selection_set, above)
            else:
                continue
            depth, count = max(depth, below), count + fields
            if count > limits.fields:
                raise GraphQLError(f"the document selects more than {limits.fields} fields; ask for them one by one")
            if depth > limits.depth:
                raise GraphQLError(f"the document is deeper than {limits.depth} selections; ask for less at once")
        return depth, count

    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            size(definition.selection_set, ())
        elif isinstance(definition, FragmentDefinitionNode):
            size_of_fragment(definition.name.value, ())
