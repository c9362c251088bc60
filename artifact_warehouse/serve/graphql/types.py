"""The types of the schema: which fields each one has. All names are those of dbt's Discovery API.

A declaration is a name, its interfaces behind `&`, and behind `=` its fields; indented lines go on with them. A type
has the fields of its interfaces without naming them. `name:Type` gives a field another type than
`vocabulary.py`.
`$SET` stands for the fields of a set.
"""

from __future__ import annotations

import re
from typing import NamedTuple

SETS = {
    "EXECUTION": "compileCompletedAt compileStartedAt executeCompletedAt executeStartedAt executionTime",
    "RUN": "runElapsedTime runGeneratedAt",
    "LAST_RUN": (
        "$EXECUTION $RUN lastJobDefinitionId lastRunError lastRunGeneratedAt lastRunId lastSuccessJobDefinitionId "
        "lastSuccessRunId"
    ),
    "RELATION": "alias database packageName patchPath schema",
    "VERSION": "latestVersion releaseVersion version",
    "MODEL": "$RELATION $VERSION access contractEnforced group materializedType",
    "WHOLE_MODEL": "$MODEL constraints deprecationDate fqn language modelingLayer packages:[String!]! rawCode",
    "SOURCE": "database dbtVersion identifier loader patchPath schema sourceDescription sourceName",
    "EXPOSURE": "exposureType maturity ownerEmail ownerName packageName url",
    "WHOLE_EXPOSURE": "$EXPOSURE dbtVersion label manifestGeneratedAt patchPath",
    "WRITTEN_BY": "jobDefinitionId runId",
    "SEMANTICS": "$WRITTEN_BY dbtVersion packageName",
    "METRIC": "$SEMANTICS filter formula group patchPath type typeParams",
    "SEMANTIC_MODEL": "$SEMANTICS dimensions entities measures patchPath",
    "SAVED_QUERY": "$SEMANTICS exports group queryParams",
    "MACRO": "dbtVersion jobId:BigInt packageName patchPath runId",
    "AROUND": "ancestors children fqn parents",
    "TEST": "columnName dbtVersion patchPath",
    "WHOLE_TEST": (
        "$TEST eventStatus expect fqn given model numExpectRows numGiven numGivenRows overrides rawCode "
        "testedNodeUniqueId thisInputNodeUniqueId"
    ),
    "LINEAGE": (
        "access alias database filePath group matchesMethod materializationType name parentIds projectId "
        "publicParentIds resourceType:ResourceNodeType! schema tags uniqueId version"
    ),
    "RESULT": "$EXECUTION error paginationCursor skip status",
    "BUILT": (
        "$RESULT $RUN alias columns comment compiledCode compiledSql database owner packageName rawCode rawSql schema "
        "stats type"
    ),
}

INTERFACES = """
CloudArtifactInterface = accountId environmentId jobId projectId runId:BigInt!
EnvironmentAppliedNestedNode = description filePath fqn:[String!] name resourceType uniqueId
EnvironmentAppliedNode = accountId description environmentId filePath meta name projectId resourceType tags uniqueId
EnvironmentDefinitionNestedNode = description filePath name resourceType runGeneratedAt uniqueId
EnvironmentDefinitionNode = accountId description environmentId filePath meta name projectId resourceType
    runGeneratedAt tags uniqueId
LineageGraphNode = $LINEAGE fqn
LineageNode = $LINEAGE
LineageNodeExecutable = $LINEAGE lastRunStatus
LineageNodeTestable = $LINEAGE worstTestStatus
LineageNodeWithParents = $LINEAGE
NodeInterface = dbtVersion description meta name resourceType tags:[String!] uniqueId
"""

TYPES = """
Environment = adapterType applied dbtProjectName definition
AppliedState = columnLineage exposureTile exposures flakyTests incidents lastUpdatedAt latestGitSha lineage
    modelHistoricalRuns models owners packages
    resourceCounts resources seeds snapshots sources tags:[Tag!]! tests
DefinitionState = exposures(after:String,filter:ExposureFilter,first:Int):ExposureDefinitionNodeConnection! groups
    lastUpdatedAt lineage macros metrics
    models(after:String,filter:ModelDefinitionFilter,first:Int):ModelDefinitionNodeConnection! packages resourceCounts
    resources(after:String,filter:DefinitionResourcesFilter!,first:Int):EnvironmentDefinitionNodeConnection!
    savedQueries seeds(after:String,filter:GenericMaterializedFilter,first:Int):SeedDefinitionNodeConnection!
    semanticModels
    snapshots(after:String,filter:GenericMaterializedFilter,first:Int):SnapshotDefinitionNodeConnection!
    sources(after:String,filter:SourceDefinitionFilter,first:Int):SourceDefinitionNodeConnection! tags:[Tag!]!
    tests(after:String,filter:TestDefinitionFilter,first:Int):TestDefinitionNodeConnection!
JobNode = criticalPath exposure exposures(after:String,first:Int):[ExposureNode!]! id:BigInt! macro
    macros(after:String,first:Int):[MacroNode!]! metric metrics(after:String,first:Int):[MetricNode!]!
    model(uniqueId:String!):ModelNode
    models(after:String,first:Int,database:String,identifier:String,schema:String):[ModelNode!]! runId:BigInt! seed
    seeds(after:String,first:Int):[SeedNode!]! snapshot snapshots(after:String,first:Int):[SnapshotNode!]! source
    sources(after:String,first:Int,database:String,identifier:String,schema:String):[SourceNode!]! test
    tests(after:String,first:Int):[TestNode!]!
PageInfo = endCursor hasNextPage hasPreviousPage startCursor

ModelAppliedStateNode & EnvironmentAppliedNode = $WHOLE_MODEL
    ancestors(types:[AncestorNodeType!]!):[EnvironmentAppliedNestedNode!]! catalog
    children:[EnvironmentAppliedNestedNode!]! columnCount columnLineage:[ColumnEdge!]! compiledCode config dbtVersion
    executionInfo incidents:[Incident!]! isDescriptionInherited parents:[EnvironmentAppliedNestedNode!]! relationName
    tests:[TestAppliedStateNestedNode!]!
    versions
ModelAppliedStateNestedNode & EnvironmentAppliedNestedNode = $MODEL dbtVersion executionInfo modelingLayer
    testStatuses
ModelDefinitionNode & EnvironmentDefinitionNode = $WHOLE_MODEL $WRITTEN_BY
    ancestors(types:[AncestorNodeType!]!):[EnvironmentDefinitionNestedNode!]! children parents
    tests:[TestDefinitionNestedNode!]!
ModelDefinitionNestedNode & EnvironmentDefinitionNestedNode = $MODEL $WRITTEN_BY
SeedAppliedStateNode & EnvironmentAppliedNode = $RELATION catalog children:[EnvironmentAppliedNestedNode!]!
    columnCount dbtVersion executionInfo:SeedExecutionInfoNode fqn incidents:[Incident!]!
    tests:[TestAppliedStateNestedNode!]!
SeedAppliedStateNestedNode & EnvironmentAppliedNestedNode = $RELATION dbtVersion executionInfo:SeedExecutionInfoNode
SeedDefinitionNode & EnvironmentDefinitionNode = $RELATION $WRITTEN_BY children dbtVersion fqn
SeedDefinitionNestedNode & EnvironmentDefinitionNestedNode = $RELATION $WRITTEN_BY dbtVersion
SnapshotAppliedStateNode & EnvironmentAppliedNode = $RELATION catalog children:[EnvironmentAppliedNestedNode!]!
    columnCount columnLineage:[ColumnEdge!]! compiledCode config dbtVersion executionInfo:SnapshotExecutionInfoNode fqn
    incidents:[Incident!]! parents:[EnvironmentAppliedNestedNode!]! rawCode tests:[TestAppliedStateNestedNode!]!
SnapshotAppliedStateNestedNode & EnvironmentAppliedNestedNode = $RELATION dbtVersion
    executionInfo:SnapshotExecutionInfoNode
SnapshotDefinitionNode & EnvironmentDefinitionNode = $RELATION $WRITTEN_BY children fqn parents rawCode
SnapshotDefinitionNestedNode & EnvironmentDefinitionNestedNode = $RELATION $WRITTEN_BY
SourceAppliedStateNode & EnvironmentAppliedNode = $SOURCE catalog children:[EnvironmentAppliedNestedNode!]!
    columnCount fqn freshness tests:[TestAppliedStateNestedNode!]!
SourceAppliedStateNestedNode & EnvironmentAppliedNestedNode = $SOURCE freshness testStatuses
SourceDefinitionNode & EnvironmentDefinitionNode = $SOURCE children fqn tests:[TestDefinitionNestedNode!]!
SourceDefinitionNestedNode & EnvironmentDefinitionNestedNode = $SOURCE
TestAppliedStateNode & EnvironmentAppliedNode = $WHOLE_TEST compiledCode config executionInfo:TestExecutionInfoNode!
    flakiness incidents:[Incident!]! lastKnownResult parents:[EnvironmentAppliedNestedNode!]! testMetadata testType
TestAppliedStateNestedNode & EnvironmentAppliedNestedNode = $TEST executionInfo:TestExecutionInfoNode! lastKnownResult
    testMetadata testType
TestDefinitionNode & EnvironmentDefinitionNode = $WHOLE_TEST $WRITTEN_BY eventStatus:JSONObject! expect:JSONObject!
    given:[JSONObject!]! overrides:JSONObject! parents resource testType:TestType
TestDefinitionNestedNode & EnvironmentDefinitionNestedNode = $TEST $WRITTEN_BY testType:TestType
ExposureAppliedStateNode & EnvironmentAppliedNode = $WHOLE_EXPOSURE
    ancestors(types:[AncestorNodeType!]!):[EnvironmentAppliedNestedNode!]! fqn
    parents:[EnvironmentAppliedNestedNode!]!
ExposureAppliedStateNestedNode & EnvironmentAppliedNestedNode = $WHOLE_EXPOSURE
ExposureDefinitionNode & EnvironmentDefinitionNode = $WHOLE_EXPOSURE ancestors fqn freshnessStatus parents
ExposureDefinitionNestedNode & EnvironmentDefinitionNestedNode = $WHOLE_EXPOSURE
ExposureTileNode & EnvironmentAppliedNode = autoBiProvider exposureType freshnessStatus healthIssues maxSnapshottedAt
    packageName quality upstreamStats
ExternalModelNode & EnvironmentAppliedNestedNode EnvironmentDefinitionNestedNode = $VERSION accountId database
    dbtProjectName environmentId identifier meta packageName patchPath projectId relationName schema tags
GroupNode & EnvironmentDefinitionNode = jobId:BigInt modelCount models:[ModelDefinitionNestedNode!]! ownerEmail
    ownerName packageName runId
MacroDefinitionNode & EnvironmentAppliedNode EnvironmentDefinitionNode = $MACRO arguments macroSql parents
MacroDefinitionNestedNode & EnvironmentAppliedNestedNode EnvironmentDefinitionNestedNode = $MACRO
MetricDefinitionNode & EnvironmentAppliedNode EnvironmentDefinitionNode = $METRIC $AROUND
MetricDefinitionNestedNode & EnvironmentAppliedNestedNode EnvironmentDefinitionNestedNode = $METRIC
SavedQueryDefinitionNode & EnvironmentAppliedNode EnvironmentDefinitionNode = $SAVED_QUERY $AROUND
SavedQueryDefinitionNestedNode & EnvironmentAppliedNestedNode EnvironmentDefinitionNestedNode = $SAVED_QUERY
SemanticModelDefinitionNode & EnvironmentAppliedNode EnvironmentDefinitionNode = $SEMANTIC_MODEL $AROUND
SemanticModelDefinitionNestedNode & EnvironmentAppliedNestedNode EnvironmentDefinitionNestedNode = $SEMANTIC_MODEL

ModelExecutionInfoNode = $LAST_RUN lastRunStatus:RunStatus
SeedExecutionInfoNode = $LAST_RUN lastRunSkip lastRunStatus
SnapshotExecutionInfoNode = $LAST_RUN lastRunStatus
TestExecutionInfoNode = $LAST_RUN lastRunFailures lastRunStatus
SourceFreshnessNode = criteria freshnessChecked freshnessJobDefinitionId freshnessRunGeneratedAt freshnessRunId
    freshnessStatus maxLoadedAt maxLoadedAtTimeAgoInS snapshottedAt
CatalogNode = bytesStat columns comment environmentId jobDefinitionId owner rowCountStat runGeneratedAt runId
    stats:[CatalogStat] type uniqueId
CatalogColumn = comment description index meta name tags type
CatalogStat = description id include label value
Criteria = errorAfter warnAfter
CriteriaInfo = count period
ExposureOwner = email name:String!
MacroArguments = description name type
MetricFilter = field operator value:String
ModelLevelConstraint = columns:[String!] expression name type warnUnenforced warnUnsupported
ModelVersion = name:String! releaseVersion:String! uniqueId
QueryExportConfig = alias database exportAs schema
QueryExports = config:QueryExportConfig name
QueryParams = groupBy limit metrics:[String!]! orderBy where
QueryWhere = whereFilters
QueryWhereFilter = whereSqlTemplate
SemanticModelDimension = description name type typeParams
SemanticModelEntity = description name type
SemanticModelMeasure = agg createMetric description expr name
Tag = name:String!
TestMetadata = columnName kwargs name namespace

ExposureLineageNode & LineageGraphNode LineageNode LineageNodeWithParents =
MacroLineageNode & LineageNode LineageNodeWithParents =
MetricLineageNode & LineageGraphNode LineageNode LineageNodeWithParents =
ModelLineageNode & LineageGraphNode LineageNode LineageNodeExecutable LineageNodeTestable LineageNodeWithParents =
    modelingLayer
SavedQueryLineageNode & LineageGraphNode LineageNode LineageNodeWithParents =
SeedLineageNode & LineageGraphNode LineageNode LineageNodeExecutable LineageNodeTestable =
SemanticModelLineageNode & LineageGraphNode LineageNode LineageNodeWithParents =
SnapshotLineageNode & LineageGraphNode LineageNode LineageNodeExecutable LineageNodeTestable LineageNodeWithParents =
SourceLineageNode & LineageGraphNode LineageNode LineageNodeTestable = sourceName
TestLineageNode & LineageGraphNode LineageNode LineageNodeExecutable LineageNodeWithParents =

ModelNode & CloudArtifactInterface NodeInterface = $BUILT access args childrenL1 dbtGroup dependsOn invocationId
    language materializedType packages:[String!] parentsModels parentsSources runResults tests:[TestNode!]! threadId
SeedNode & CloudArtifactInterface NodeInterface = $BUILT childrenL1:[String!] thread_id
SnapshotNode & CloudArtifactInterface NodeInterface = $BUILT childrenL1 parentsModels parentsSources threadId
SourceNode & CloudArtifactInterface NodeInterface = $RUN childrenL1 columns comment criteria database freshnessChecked
    identifier loader maxLoadedAt maxLoadedAtTimeAgoInS owner paginationCursor schema snapshottedAt sourceDescription
    sourceName state:String stats tests:[TestNode!]! type
TestNode & CloudArtifactInterface NodeInterface = $RESULT $RUN columnName compiledCode compiledSql dependsOn fail
    invocationId language rawCode rawSql state:String threadId warn
ExposureNode & CloudArtifactInterface NodeInterface = $EXECUTION $EXPOSURE dependsOn manifestGeneratedAt
    paginationCursor parents:[NodeInterface!]! parentsModels parentsSources status threadId
MetricNode & CloudArtifactInterface NodeInterface = calculation_method dependsOn dimensions:[String!]! environmentName
    expression filters label model:ModelNode packageName paginationCursor sql timeGrains timestamp type
MacroNode & CloudArtifactInterface NodeInterface = dependsOn macroSql:String originalFilePath packageName
    paginationCursor path rootPath
RunInfoNode = $EXECUTION $RUN args error invocationId skip status threadId

ColumnEdge = confidence distance fromColumn fromUniqueId kind:String! method toColumn toUniqueId
CriticalPathStep = completedAfter dragTime executionTime invocationId path:CriticalPathKind! queuedTime resourceType
    slackTime
    startedAfter step uniqueId
FlakyTest = executedCount failureCount flipCount flipRate lastFlipAt name paginationCursor testedNodeUniqueId uniqueId
Incident = closedAt closingChangedFields closingRunId failingParentIds failureCount firstRunId isClosedWithChange isOpen
    isOpenedWithChange lastFailedAt lastRunId missedRunCount openedAt openingChangedFields paginationCursor recoveryTime
    resourceType uniqueId
"""

CONNECTIONS = (
    *("EnvironmentAppliedNode", "EnvironmentDefinitionNode", "ExposureAppliedStateNode", "ExposureDefinitionNode"),
    *("GroupNode", "MacroDefinitionNode", "MetricDefinitionNode", "ModelAppliedStateNode", "ModelDefinitionNode"),
    *("SavedQueryDefinitionNode", "SeedAppliedStateNode", "SeedDefinitionNode", "SemanticModelDefinitionNode"),
    *("SnapshotAppliedStateNode", "SnapshotDefinitionNode", "SourceAppliedStateNode", "SourceDefinitionNode"),
    *("TestAppliedStateNode", "TestDefinitionNode"),
)
"""The types that come in pages, as edges of a connection."""

JOB_LISTS = {
    "exposures": ("ExposureNode", "name"),
    "macros": ("MacroNode", "uniqueId"),
    "metrics": ("MetricNode", "uniqueId"),
    "models": ("ModelNode", "uniqueId"),
    "seeds": ("SeedNode", "uniqueId"),
    "snapshots": ("SnapshotNode", "uniqueId"),
    "sources": ("SourceNode", "uniqueId"),
    "tests": ("TestNode", "uniqueId"),
}
"""The lists of a run, each with the type of its nodes and the argument that names one of them."""

REST = """
"A whole number, as JSON has it; a text of digits is taken too."
scalar BigInt
"A time in ISO 8601, UTC."
scalar DateTime
"A day in ISO 8601."
scalar Date
"A time of day in ISO 8601."
scalar Time
"An object of JSON."
scalar JSONObject
"A number, a text or a boolean."
scalar AnyScalar

enum AccessLevel { private protected public }
enum AncestorNodeType { Exposure Macro Model Seed Snapshot Source }
enum AppliedModelSortField { executeCompletedAt queryUsageCount rowCount uniqueId }
enum AutoExposureBIProvider { powerbi tableau }
enum ExposureHealthIssueType {
  CautionUpstreamSources DegradedUpstreamSources FailedTestUpstreamModels LastRunFailedUpstreamModels Unknown
  WarnedTestUpstreamModels
}
enum ColumnDirection { down up }
enum CriticalPathKind { observed theoretical }
enum FreshnessStatus { Error Pass Skipped Unknown Warn }
enum OwnerResourceType { exposure group }
enum PackageResourceType { macro model }
enum Quality { Error Pass Unknown Warn }
enum ReleaseVersion { latest none old prerelease }
enum ResourceNodeType { Exposure Macro Metric Model SavedQuery Seed SemanticModel Snapshot Source Test }
enum RunStatus { error skipped success }
enum SortDirection { asc desc }
enum TestType { GENERIC_DATA_TEST SINGULAR_DATA_TEST UNIT_TEST }
enum TimePeriod { day hour minute }

input AppliedModelSort { direction: SortDirection! field: AppliedModelSortField! }
input AppliedResourcesFilter { tags: [String!] types: [ResourceNodeType!]! uniqueIds: [String!] }
input DefinitionResourcesFilter { tags: [String!] types: [ResourceNodeType!]! uniqueIds: [String!] }
input ExposureFilter { exposureType: String tags: [String!] uniqueIds: [String!] }
input ExposureTileFilter { autoBiProvider: AutoExposureBIProvider biResourceId: String uniqueId: String }
input GenericMaterializedFilter {
  database: String identifier: String schema: String tags: [String!] uniqueIds: [String!]
}
input GroupFilter { uniqueIds: [String!] }
input IncidentFilter { isOpen: Boolean uniqueIds: [String!] }
input LineageFilter {
  columnNames: [String!] exclude: String select: String tags: [String!] types: [ResourceNodeType!] uniqueIds:
  [String!]
}
input MacroDefinitionFilter { packageName: String uniqueIds: [String!] }
input ModelAppliedFilter {
  access: AccessLevel database: String group: String identifier: String lastRunStatus: RunStatus modelingLayer:
  String packageName: String schema: String tags: [String!] uniqueIds: [String!]
}
input ModelDefinitionFilter {
  access: AccessLevel database: String group: String identifier: String modelingLayer: String schema: String tags:
  [String!] uniqueIds: [String!]
}
input SourceAppliedFilter {
  database: String freshnessChecked: Boolean freshnessStatus: FreshnessStatus identifier: String schema: String
  sourceNames: [String!] tags: [String!] uniqueIds: [String!]
}
input SourceDefinitionFilter {
  database: String identifier: String schema: String sourceNames: [String!] tags: [String!] uniqueIds: [String!]
}
input TestAppliedFilter { status: String tags: [String!] testTypes: [TestType!] uniqueIds: [String!] }
input TestDefinitionFilter { tags: [String!] uniqueIds: [String!] }

"A job of this warehouse."
type KnownJob {
  "The number that `job(id:)` takes."
  id: BigInt!
  "The label of the job; null for runs without one."
  name: String
  environmentId: BigInt!
  "The number of its last run that executed nodes, else of its last run."
  lastRunId: BigInt
}

"An environment of this warehouse."
type KnownEnvironment {
  "The number that `environment(id:)` takes."
  id: BigInt!
  name: String!
  projectId: BigInt!
  projectName: String
}
"""
"""Scalars, enums and inputs, and the types that only this server has."""


class Declaration(NamedTuple):
    """A type: its name, its interfaces, and its own fields, each with the signature that it has here, or None."""

    name: str
    interfaces: tuple[str, ...]
    fields: dict[str, str | None]


def declarations(text: str) -> list[Declaration]:
    """The types that a text declares."""
    return [_declaration(line) for line in re.sub(r"\n +", " ", text).splitlines() if line]


def _declaration(line: str) -> Declaration:
    head, _, fields = line.partition("=")
    name, _, interfaces = head.partition("&")
    return Declaration(name.strip(), tuple(interfaces.split()), dict(map(_field, _expanded(fields))))


def _expanded(fields: str) -> list[str]:
    tokens = []
    for token in fields.split():
        tokens += _expanded(SETS[token[1:]]) if token.startswith("$") else [token]
    return tokens


def _field(token: str) -> tuple[str, str | None]:
    ends = [place for place in (token.find("("), token.find(":")) if place > 0]
    return (token[: min(ends)], token[min(ends) :]) if ends else (token, None)
