"""What the tools ask: a selection for each type of node, in the words of dbt's Discovery API."""

from __future__ import annotations

_COLUMNS = "columns { name index type description comment tags meta }"
_LAST_RUN = "executionInfo { lastRunId lastRunStatus lastRunError lastRunGeneratedAt executeCompletedAt executionTime }"
_NODE = "uniqueId name resourceType description"
_ABOUT = f"{_NODE} filePath fqn tags meta packageName"
_TESTS = "tests { uniqueId name columnName description testType lastKnownResult }"
_AROUND = "parents { uniqueId resourceType } children { uniqueId resourceType }"

DETAILS = {
    "model": (
        "Model",
        f"... on ModelAppliedStateNode {{ {_ABOUT} database schema alias relationName materializedType language access "
        "group version latestVersion contractEnforced deprecationDate modelingLayer rawCode compiledCode config "
        "constraints { type name expression columns } "
        f"catalog {{ type owner comment rowCountStat bytesStat {_COLUMNS} }} {_LAST_RUN} {_TESTS} {_AROUND} }}",
    ),
    "source": (
        "Source",
        f"... on SourceAppliedStateNode {{ {_NODE} filePath fqn tags meta sourceName sourceDescription database schema "
        f"identifier loader catalog {{ {_COLUMNS} }} freshness {{ freshnessStatus freshnessChecked maxLoadedAt "
        "maxLoadedAtTimeAgoInS snapshottedAt criteria { warnAfter { count period } errorAfter { count period } } } "
        f"{_TESTS} children {{ uniqueId resourceType }} }}",
    ),
    "seed": (
        "Seed",
        f"... on SeedAppliedStateNode {{ {_ABOUT} database schema alias catalog {{ {_COLUMNS} }} {_LAST_RUN} {_TESTS} "
        "children { uniqueId resourceType } }",
    ),
    "snapshot": (
        "Snapshot",
        f"... on SnapshotAppliedStateNode {{ {_ABOUT} database schema alias rawCode config catalog {{ {_COLUMNS} }} "
        f"{_LAST_RUN} {_TESTS} {_AROUND} }}",
    ),
    "test": (
        "Test",
        f"... on TestAppliedStateNode {{ {_NODE} filePath fqn tags meta testType columnName testedNodeUniqueId rawCode "
        "compiledCode config testMetadata { name namespace kwargs } executionInfo { lastRunStatus lastRunError "
        "lastRunFailures lastRunGeneratedAt } parents { uniqueId resourceType } }",
    ),
    "exposure": (
        "Exposure",
        f"... on ExposureAppliedStateNode {{ {_ABOUT} label exposureType maturity url ownerName ownerEmail "
        "parents { uniqueId resourceType } }",
    ),
    "macro": (
        "Macro",
        "... on MacroDefinitionNode { uniqueId name resourceType description filePath packageName macroSql meta "
        "arguments { name type description } }",
    ),
    "semantic_model": (
        "SemanticModel",
        f"... on SemanticModelDefinitionNode {{ {_NODE} filePath fqn tags meta entities {{ name type description }} "
        "dimensions { name type typeParams description } measures { name agg expr createMetric description } }",
    ),
}
"""For each type of node its ResourceNodeType, and what `get_…_details` selects."""

DETAILS_DOCUMENT = """query($environment: BigInt!, $filter: AppliedResourcesFilter!, $first: Int) {
  environment(id: $environment) { applied {
    resources(filter: $filter, first: $first) { edges { node { SELECTION } } } } }
}"""

LISTS = {
    "models": "uniqueId name description",
    "sources": (
        "uniqueId name sourceName identifier description database schema "
        "freshness { freshnessStatus maxLoadedAt maxLoadedAtTimeAgoInS }"
    ),
    "exposures": "uniqueId name description url ownerName",
    "macros": "uniqueId name description packageName",
}
"""The lists, and what `get_all_…` selects of each node."""

LIST_DOCUMENT = """query($environment: BigInt!, $filter: FILTER, $first: Int, $after: String) {
  environment(id: $environment) { STATE { LIST(filter: $filter, first: $first, after: $after) {
    pageInfo { hasNextPage endCursor } edges { node { SELECTION } } } } }
}"""

FILTERS = {
    "models": ("applied", "ModelAppliedFilter"),
    "sources": ("applied", "SourceAppliedFilter"),
    "exposures": ("applied", "ExposureFilter"),
    "macros": ("definition", "MacroDefinitionFilter"),
}

AROUND_DOCUMENT = """query($environment: BigInt!, $ids: [String!]!) { environment(id: $environment) { applied {
  models(filter: {uniqueIds: $ids}) { edges { node { uniqueId
    FIELD { uniqueId name resourceType description } } } } } } }"""

HEALTH_DOCUMENT = f"""query($environment: BigInt!, $ids: [String!]!) {{ environment(id: $environment) {{ applied {{
  models(filter: {{uniqueIds: $ids}}) {{ edges {{ node {{ uniqueId name
    {_LAST_RUN}
    tests {{ uniqueId name columnName executionInfo {{ lastRunStatus lastRunError lastRunGeneratedAt }} }}
    ancestors(types: [Model, Source, Seed, Snapshot]) {{ uniqueId resourceType
      ... on ModelAppliedStateNestedNode {{ modelExecutionInfo: executionInfo {{ lastRunStatus executeCompletedAt }} }}
      ... on SnapshotAppliedStateNestedNode {{
        snapshotExecutionInfo: executionInfo {{ lastRunStatus executeCompletedAt }} }}
      ... on SeedAppliedStateNestedNode {{ seedExecutionInfo: executionInfo {{ lastRunStatus executeCompletedAt }} }}
      ... on SourceAppliedStateNestedNode {{ freshness {{ freshnessStatus maxLoadedAt maxLoadedAtTimeAgoInS }} }}
    }} }} }} }} }} }} }}"""

PERFORMANCE_DOCUMENT = """query($environment: BigInt!, $id: String!, $count: Int!) { environment(id: $environment) {
  applied { modelHistoricalRuns(uniqueId: $id, lastRunCount: $count) {
    uniqueId runId status executeStartedAt executionTime error } } } }"""

LINEAGE_DOCUMENT = """query($environment: BigInt!, $filter: LineageFilter!) { environment(id: $environment) { applied {
  lineage(filter: $filter) { uniqueId name resourceType ... on LineageNodeWithParents { parentIds } } } } }"""
