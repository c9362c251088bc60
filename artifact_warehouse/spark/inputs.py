"""The rows of `stored` that belong to each project: those of its artifacts, and those that these refer to.

Each is a query that Spark and DuckDB read alike.
"""

from __future__ import annotations

from artifact_warehouse.schema import BY_NAME

OF_PROJECT = "settled_for"
"""The column of a query's rows, and of the settled tables, with the project. It is '' where there is none."""

_RELATIONS = """
WITH projects AS (
    SELECT artifacts.artifact_key, {project} AS settled_for, artifacts.graph_id, artifacts.rendering_set_id,
        artifacts.catalog_set_id
    FROM {stored}.artifacts AS artifacts
    LEFT JOIN {stored}.settled_artifacts AS settled ON settled.artifact_key = artifacts.artifact_key
),

lineages AS (
    SELECT DISTINCT projects.settled_for, manifests.inputs_id
    FROM {stored}.manifest_column_lineages AS manifests
    INNER JOIN projects ON projects.artifact_key = manifests.artifact_key
),

sets AS (
    SELECT settled_for, graph_id AS set_id FROM projects
    UNION
    SELECT settled_for, rendering_set_id AS set_id FROM projects
    UNION
    SELECT settled_for, catalog_set_id AS set_id FROM projects
    UNION
    SELECT lineages.settled_for, of_inputs.set_id
    FROM {stored}.column_lineage_sets AS of_inputs
    INNER JOIN lineages ON lineages.inputs_id = of_inputs.inputs_id
),

members AS (
    SELECT DISTINCT sets.settled_for, of_sets.member_id
    FROM {stored}.set_members AS of_sets
    INNER JOIN sets ON sets.set_id = of_sets.set_id
),

codes AS (
    SELECT members.settled_for, renderings.config_id AS text_id
    FROM {stored}.renderings AS renderings
    INNER JOIN members ON members.member_id = renderings.rendering_id
    UNION
    SELECT members.settled_for, renderings.compiled_code_id AS text_id
    FROM {stored}.renderings AS renderings
    INNER JOIN members ON members.member_id = renderings.rendering_id
    UNION
    SELECT members.settled_for, definitions.raw_code_id AS text_id
    FROM {stored}.definitions AS definitions
    INNER JOIN members ON members.member_id = definitions.definition_id
)

SELECT owners.settled_for, {columns}
FROM {stored}.{table} AS found
INNER JOIN {owners} AS owners ON owners.{owned} = found.{key}
"""

_OWNERS = {
    "column_lineage_sets": ("lineages", "inputs_id", "inputs_id"),
    "set_members": ("sets", "set_id", "set_id"),
    "definitions": ("members", "member_id", "definition_id"),
    "renderings": ("members", "member_id", "rendering_id"),
    "column_lineages": ("members", "member_id", "lineage_id"),
    "column_edges": ("members", "member_id", "lineage_id"),
    "column_uses": ("members", "member_id", "lineage_id"),
    "texts": ("codes", "text_id", "text_id"),
    "pruned_outcomes": ("projects", "artifact_key", "last_artifact_key"),
}
"""Tables without an artifact_key: the relation above that names the project of their rows, its key, and their key.

Of the texts, what manifests refer to: no answer of DuckDB's has the code of a single run.
"""

_OWN_PROJECT = "coalesce(settled.project_name, '')"


def input_query(table: str, stored: str, is_across: bool = False) -> str:
    """The rows of a table with the project that each belongs to. A row of several projects is given for each.

    `stored` is the schema. With `is_across` all rows belong together, to the project ''.
    """
    owners, owned, key = _OWNERS.get(table, ("projects", "artifact_key", "artifact_key"))
    columns = ", ".join(f"found.{column.name}" for column in BY_NAME[table].columns)
    project = "''" if is_across else _OWN_PROJECT
    return _RELATIONS.format(
        stored=stored, project=project, columns=columns, table=table, owners=owners, owned=owned, key=key
    )
