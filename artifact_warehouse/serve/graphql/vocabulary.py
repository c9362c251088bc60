"""Every field of the schema, declared once: its name, its type in most of the types that have it, and its sentence.

A field that has another type somewhere says so in `types.py`. Its column is its name in snake case.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_FIELDS = """
access: String | Who may refer to the model: private, protected or public.
accountId: BigInt! | Always 0: artifacts name no account.
adapterType: String | The adapter of the data platform.
agg: String | How the measure aggregates.
alias: String | The name of the relation.
ancestors: [EnvironmentDefinitionNestedNode!]! | Every node above this one, by the shortest distance.
applied: AppliedState | What the last manifest defines, and how it was last executed.
args: String | The arguments of the invocation, as JSON.
arguments: [MacroArguments!]! | The documented arguments of the macro.
autoBiProvider: AutoExposureBIProvider | Always null: no exposure is made by a tool.
bytesStat: BigInt | The size in bytes, by the last catalog.
calculation_method: String | How a metric of dbt up to 1.5 is calculated.
catalog: CatalogNode | What the last catalog says of the relation; null where there is none.
children: [EnvironmentDefinitionNestedNode!]! | The nodes that depend on this one directly.
childrenL1: [String!]! | The unique_ids of the nodes that depend on this one directly.
closedAt: DateTime | When the node succeeded again; null while the incident is open.
closingChangedFields: [String!] | What changed in the definition of the node with the success that closed the incident.
closingRunId: BigInt | The run that closed the incident.
columnCount: Int | The number of known columns.
columnLineage(column: String!, depth: Int, direction: ColumnDirection = up, uniqueId: String!): [ColumnEdge!]!
    | Which columns flow into which, from one column on; the nearest first.
columnName: String | The column that is tested.
columns: [CatalogColumn!] | The columns, as the catalog and the manifest describe them.
comment: String | The comment in the database.
compileCompletedAt: DateTime | The end of the compilation.
compileStartedAt: DateTime | The start of the compilation.
compiledCode: String | The compiled code.
compiledSql: String | The compiled code; the older name.
completedAfter: Float | The end of the node, in seconds since the start of the run.
confidence: Float! | How certain the edge is, from 0 to 1.
config: JSONObject | The configuration.
constraints: [ModelLevelConstraint!]! | The constraints of the model.
contractEnforced: Boolean | Whether the contract of the model is enforced.
count: Int | The number of periods.
createMetric: Boolean | Whether dbt makes a metric of the measure.
criteria: Criteria! | From which age on the source is stale.
criticalPath(path: CriticalPathKind): [CriticalPathStep!]!
    | The nodes that decided how long the run took, and those that would with any number of threads.
cursor: String! | The place of this node in the list.
database: String | The database of the relation.
dbtGroup: String | The group of the model.
dbtProjectName: String | The name of the dbt project.
dbtVersion: String | The version of dbt that wrote the manifest.
definition: DefinitionState | What the last manifest defines.
dependsOn: [String!]! | The unique_ids of the nodes and macros that this one depends on directly.
deprecationDate: DateTime | When the model becomes deprecated.
description: String | The description.
dimensions: [SemanticModelDimension!]! | The dimensions.
distance: Int | The number of steps from the column that was asked for; null where none was.
dragTime: Float | How much sooner the run could end if the node took no time, in seconds.
edges: [EnvironmentAppliedNodeEdge!]! | The nodes of this page, each with its cursor.
email: String! | The address for mail; empty where there is none.
endCursor: String | The cursor of the last node of this page.
entities: [SemanticModelEntity!]! | The entities.
environmentId: BigInt! | The number of the environment.
environmentName: String | The name of the environment.
error: String | The message of a failure.
errorAfter: CriteriaInfo | From which age on the check fails.
eventStatus: JSONObject | The status and the number of failing rows of the last execution.
executeCompletedAt: DateTime | The end of the execution.
executeStartedAt: DateTime | The start of the execution.
executedCount: Int! | How often the test was executed.
executionInfo: ModelExecutionInfoNode | The last execution; all null where there was none.
executionTime: Float | The seconds of the execution, as dbt counts them.
expect: JSONObject | The rows that a unit test expects.
exportAs: String! | table or view.
exports: [QueryExports!]! | The relations that the saved query is written to.
exposure(name: String!): ExposureNode | One exposure, by its name.
exposureTile(filter: ExposureTileFilter!): ExposureTileNode | The status tile of an exposure.
exposureType: String | The type: dashboard, notebook, analysis, ml or application.
exposures(after: String, filter: ExposureFilter, first: Int): ExposureAppliedStateNodeConnection! | The exposures.
expr: String | The expression.
expression: String | The expression.
fail: Boolean | Whether the test failed.
failingParentIds: [String!]! | The unique_ids of the parents that were failing when the incident began.
failureCount: Int! | How often it failed.
field: String | The field that is filtered.
filePath: String! | The path of the file, below the project.
filter: JSONObject | The filter of the metric.
filters: [MetricFilter!]! | The filters of a metric of dbt up to 1.5.
firstRunId: BigInt | The run of the first failure.
flakiness: FlakyTest | How flaky the test is; null for one that is not.
flakyTests(after: String, first: Int): [FlakyTest!]!
    | Tests that fail and pass again while nothing that they test changes; those that flip most first.
flipCount: Int! | How often the test passed again while nothing that it tests had changed.
flipRate: Float | The flips of the test by its executions.
formula: String | The expression or the measure of the metric.
fqn: [String!]! | The fully qualified name, part by part.
freshness: SourceFreshnessNode! | The last check of the source's freshness.
freshnessChecked: Boolean | Whether the source's freshness was checked.
freshnessJobDefinitionId: BigInt | The job of the last check.
freshnessRunGeneratedAt: DateTime | The time of the last check's run.
freshnessRunId: BigInt | The run of the last check.
freshnessStatus: FreshnessStatus | The result of the last check.
fromColumn: String! | The column that is read.
fromUniqueId: String! | The node that is read, or the name of the relation where it is no node.
given: [JSONObject!] | The inputs of a unit test.
group: String | The group that the node belongs to.
groupBy: [String!]! | The dimensions and entities by which the saved query groups.
groups(after: String, filter: GroupFilter, first: Int): GroupNodeConnection! | The groups.
hasNextPage: Boolean! | Whether there are nodes after this page.
hasPreviousPage: Boolean! | Whether there are nodes before this page.
healthIssues: [ExposureHealthIssueType!]! | What is wrong above the exposure.
id: String | The id of the statistic.
identifier: String | The name of the relation.
incidents(after: String, filter: IncidentFilter, first: Int): [Incident!]!
    | The streaks of failures of the nodes over all history, the newest first.
include: Boolean | Whether dbt's documentation shows the statistic.
index: Int | The place of the column, from 1.
invocationId: String | dbt's id of the invocation.
isClosedWithChange: Boolean | Whether the definition of the node changed with the success that closed the incident.
isDescriptionInherited: Boolean | Always null: artifacts do not say it.
isOpen: Boolean! | Whether the node still fails.
isOpenedWithChange: Boolean | Whether the definition of the node changed with the first failure.
jobDefinitionId: BigInt | The job that wrote the manifest.
jobId: BigInt! | The number of the job.
kind: String! | How the column flows: passthrough, rename, cast, field, transform, aggregation, window or condition.
kwargs: JSONObject | The arguments of the generic test.
label: String | The label.
language: String | sql or python.
lastFailedAt: DateTime! | The last failure.
lastFlipAt: DateTime | The last time that the test passed again.
lastJobDefinitionId: BigInt | The job of the last execution.
lastKnownResult: String | The status of the last execution, whatever job ran it.
lastRunError: String | The message of the last execution, where it failed.
lastRunFailures: BigInt | The failing rows of the last execution.
lastRunGeneratedAt: DateTime | The time of the run of the last execution.
lastRunId: BigInt | The run of the last execution.
lastRunSkip: Boolean | Whether the node was last skipped.
lastRunStatus: String | The status of the last execution, or skipped.
lastSuccessJobDefinitionId: BigInt | The job of the last success.
lastSuccessRunId: BigInt | The run of the last success.
lastUpdatedAt: DateTime | The time of the newest artifact.
latestGitSha: String | The commit of the newest run that names one.
latestVersion: String | The latest version of a versioned model.
limit: BigInt | The greatest number of rows.
lineage(filter: LineageFilter!): [LineageNode!]! | The nodes with the unique_ids of their parents.
loader: String | The tool that loads the source.
macro(uniqueId: String!): MacroNode | One macro.
macroSql: String! | The code of the macro.
macros(after: String, filter: MacroDefinitionFilter, first: Int): MacroDefinitionNodeConnection! | The macros.
manifestGeneratedAt: DateTime | The time of the manifest.
matchesMethod: Boolean | Whether the filter names the node.
materializationType: String | How the node is materialized.
materializedType: String | How the node is materialized.
maturity: String | The maturity of the exposure: high, medium or low.
maxLoadedAt: DateTime | The newest row of the source, at its check.
maxLoadedAtTimeAgoInS: Float | The age of the newest row at the check, in seconds.
maxSnapshottedAt: DateTime | The last check of a source above the exposure.
measures: [SemanticModelMeasure!]! | The measures.
meta: JSONObject | The meta.
method: String! | How the edge was found: sql, dbt or name.
metric(uniqueId: String!): MetricNode | One metric.
metrics(after: String, filter: GenericMaterializedFilter, first: Int): MetricDefinitionNodeConnection! | The metrics.
missedRunCount: Int! | How many runs skipped the node or left it out while the incident was open.
model: String | The model that a unit test tests.
modelCount: Int! | The number of models of the group.
modelHistoricalRuns(identifier: String, lastRunCount: Int, uniqueId: String, withCatalog: Boolean): [ModelNode!]!
    | The last runs of a model in the environment, the newest first; 20 at most.
modelingLayer: String | staging, intermediate or marts, by the folder or the prefix of the name.
models(after: String, filter: ModelAppliedFilter, first: Int, sort: AppliedModelSort): ModelAppliedStateNodeConnection!
    | The models.
name: String | The name.
namespace: String | The package of the generic test.
node: EnvironmentAppliedNode! | The node.
numExpectRows: Int | The number of rows that a unit test expects.
numGiven: Int | The number of inputs of a unit test.
numGivenRows: Int | The number of rows of all inputs of a unit test.
openedAt: DateTime! | The first failure.
openingChangedFields: [String!] | What changed in the definition of the node with the first failure.
operator: String | The operator.
orderBy: [String] | The order of the rows.
originalFilePath: String | The path of the file, below the project.
overrides: JSONObject | What a unit test overrides.
owner: String | The owner of the relation, by the last catalog.
ownerEmail: String | The owner's address for mail.
ownerName: String | The owner's name.
owners(resource: OwnerResourceType!): [ExposureOwner!]! | The owners of exposures or groups.
packageName: String | The package.
packages(resource: PackageResourceType!): [String!]! | The packages that have macros or models.
pageInfo: PageInfo! | Where this page begins and ends.
paginationCursor: String | The place in the list, for `after`.
parentIds: [String!]! | The unique_ids of the nodes and macros that this one depends on directly.
parents: [EnvironmentDefinitionNestedNode!]! | The nodes that this one depends on directly.
parentsModels: [ModelNode!]! | Every model above this node.
parentsSources: [SourceNode!]! | Every source above this node.
patchPath: String | The YAML file with the properties.
path: String | The path of the file, below the folder of its type.
period: TimePeriod | The unit of the count.
projectId: BigInt! | The number of the project.
publicParentIds: [String!]! | Those of the parents that are models of other projects.
quality: Quality | Whether the tests above the exposure pass.
queryParams: QueryParams! | The metrics and dimensions of the saved query.
queuedTime: Float | How long the node waited for a thread, in seconds.
rawCode: String | The code as written.
rawSql: String | The code as written; the older name.
recoveryTime: Float | The seconds from the first failure to the success that closed the incident.
relationName: String | The relation, quoted for its database.
releaseVersion: ReleaseVersion | How the version of the model relates to the latest one.
resource: String! | The type of the tested node.
resourceCounts: JSONObject | The number of nodes of each type.
resourceType: String! | dbt's word for the type of the node.
resources(after: String, filter: AppliedResourcesFilter!, first: Int): EnvironmentAppliedNodeConnection!
    | Nodes of several types.
rootPath: String | Always null: newer dbt does not write it.
rowCountStat: BigInt | The number of rows, by the last catalog.
runElapsedTime: Float | The seconds of the whole invocation.
runGeneratedAt: DateTime | The time of the run; of a definition, of the manifest.
runId: BigInt | The number of the run.
runResults: [RunInfoNode!]! | The result of this run.
savedQueries(after: String, filter: GenericMaterializedFilter, first: Int): SavedQueryDefinitionNodeConnection!
    | The saved queries.
schema: String | The schema of the relation.
seed(uniqueId: String!): SeedNode | One seed.
seeds(after: String, filter: GenericMaterializedFilter, first: Int): SeedAppliedStateNodeConnection! | The seeds.
semanticModels(after: String, filter: GenericMaterializedFilter, first: Int): SemanticModelDefinitionNodeConnection!
    | The semantic models.
skip: Boolean | Whether the node was skipped.
slackTime: Float | How much later the node could end without delaying the run, in seconds.
snapshot(uniqueId: String!): SnapshotNode | One snapshot.
snapshots(after: String, filter: GenericMaterializedFilter, first: Int): SnapshotAppliedStateNodeConnection!
    | The snapshots.
snapshottedAt: DateTime | The time of the check.
source(uniqueId: String!): SourceNode | One source.
sourceDescription: String | The description of the whole source.
sourceName: String | The name of the whole source.
sources(after: String, filter: SourceAppliedFilter, first: Int): SourceAppliedStateNodeConnection! | The sources.
sql: String | The code of a metric of dbt up to 1.5.
startCursor: String | The cursor of the first node of this page.
startedAfter: Float | The start of the node, in seconds since the start of the run.
state: FreshnessStatus | The result of the check.
stats: [CatalogStat!]! | The statistics of the last catalog.
status: String | The status, as dbt wrote it.
step: Int! | The place on the path, from 1.
tags: [String!]! | The tags.
test(uniqueId: String!): TestNode | One test.
testMetadata: TestMetadata! | Which generic test it is, and with which arguments.
testStatuses: JSONObject! | The number of tests by the status of their last execution.
testType: TestType! | The type of the test.
testedNodeUniqueId: String | The unique_id of the tested node.
tests(after: String, filter: TestAppliedFilter, first: Int): TestAppliedStateNodeConnection! | The tests.
thisInputNodeUniqueId: String | The unique_id of the node that stands for `this` in a unit test.
threadId: String | The thread that executed it.
thread_id: String | The thread that executed it.
timeGrains: [String!] | The grains of time of a metric of dbt up to 1.5.
timestamp: String | The column of time of a metric of dbt up to 1.5.
toColumn: String! | The column that it flows into.
toUniqueId: String! | The node that reads it.
totalCount: Int! | The number of nodes on all pages.
type: String | The type.
typeParams: JSONObject | The parameters of the type.
uniqueId: String! | dbt's unique_id.
upstreamStats: JSONObject | The number of nodes above the exposure by type.
url: String | The address of the exposure.
value: AnyScalar | The value.
version: String | The version of a versioned model.
versions: [ModelVersion!]! | All versions of the model.
warn: Boolean | Whether the test warned.
warnAfter: CriteriaInfo | From which age on the check warns.
warnUnenforced: Boolean | Whether dbt warns where the platform does not enforce the constraint.
warnUnsupported: Boolean | Whether dbt warns where the platform does not know the constraint.
where: QueryWhere | The filters.
whereFilters: [QueryWhereFilter!]! | The filters.
whereSqlTemplate: String! | The filter, as a template of SQL.
worstTestStatus: String | The worst status of the last executions of the node's tests.
"""


class Field(NamedTuple):
    """A field: its arguments and type in the syntax of GraphQL, and its sentence."""

    signature: str
    sentence: str


def _parse(line: str) -> tuple[str, Field]:
    declared, sentence = line.split(" | ")
    end = min(place for place in (declared.find("("), declared.find(":")) if place > 0)
    return declared[:end], Field(declared[end:], sentence)


FIELDS = dict(map(_parse, re.sub(r"\n +", " ", _FIELDS).strip().splitlines()))
