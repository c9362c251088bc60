"""The declarations of the tables of schema `stored`. They give the Arrow schemas, the DDL and the comments.

A row holds facts of a single artifact. Facts that depend on several artifacts (labels, which artifact is current, the
manifest of a run) are in `stored.settled_artifacts`. `sql/internal/settled_artifacts.sql` computes them anew at every
load, so they do not depend on the order of loading.

`definitions`, `renderings`, `catalog_relations` and `texts` are content-addressed: they store each distinct content
once, by its hash. A manifest or a catalog is a set of these hashes (`set_members`). `column_tables` works alike.
"""

from __future__ import annotations

from artifact_warehouse.schema.column_tables import COLUMN_TABLES
from artifact_warehouse.schema.spec import ARTIFACT_KEY, UNIQUE_ID, Column, Table

FORMAT_VERSION = 1
"""The version of these tables. Every change but an added column and a dropped key raises it."""

EXTRA = Column("extra", "JSON", "Every value that has no column of its own, as dbt wrote it.")

ARTIFACTS = Table(
    "artifacts",
    "One row per distinct artifact that was ever loaded or quarantined.",
    (
        Column("artifact_key", "BIGINT", "The first 64 bits of artifact_id. The other tables refer to it."),
        Column("artifact_id", "VARCHAR", "The sha256 of the content, in hex."),
        Column(
            "kind",
            "VARCHAR",
            "manifest, run_results, catalog, sources, freshness, semantic_manifest, column_lineage, run, telemetry, "
            "information_schema, information_schema_freshness, or an unknown one.",
        ),
        Column("schema_version", "INTEGER", "The version of its schema; 0 where dbt up to 0.18 wrote none."),
        Column("dbt_version", "VARCHAR", "The version of dbt that wrote it."),
        Column("adapter_type", "VARCHAR", "The adapter, where the artifact names it (manifests do)."),
        Column("project_name", "VARCHAR", "The project, where the artifact names it."),
        Column("project_id", "VARCHAR", "dbt's md5 of the project's name; of a run, its scheduler's id."),
        Column(
            "main_package", "VARCHAR", "The package that owns most of its entries; of a run, its project's name there."
        ),
        Column("invocation_id", "VARCHAR", "dbt's id of the invocation; else an id made of the content."),
        Column("command", "VARCHAR", "The command of a run_results: args.which, else args.rpc_method; of a run."),
        Column("target_name", "VARCHAR", "args.target of a run_results."),
        Column("generated_at", "TIMESTAMP", "When dbt wrote the artifact, UTC."),
        Column("started_at", "TIMESTAMP", "metadata.invocation_started_at, UTC."),
        Column("size_bytes", "BIGINT", "The size of its decompressed content."),
        Column("entry_count", "BIGINT", "How many results, nodes or relations it has."),
        Column("compiled_count", "BIGINT", "How many nodes of a manifest are compiled."),
        Column("graph_id", "VARCHAR", "A manifest's set of definitions: see stored.set_members."),
        Column("rendering_set_id", "VARCHAR", "A manifest's set of renderings: see stored.set_members."),
        Column("catalog_set_id", "VARCHAR", "A catalog's set of relations: see stored.set_members."),
        Column("error", "VARCHAR", "Why it was quarantined, or that its kind is unknown; NULL when it was loaded."),
        Column("unknown_fields", "JSON", "Fields that this release does not know, with their counts."),
        Column("metadata", "JSON", "The complete metadata block."),
        EXTRA,
        Column("loaded_at", "TIMESTAMP", "When this warehouse first loaded it, UTC."),
        Column("redaction_count", "BIGINT", "How many values in it were hidden as secrets before they were stored."),
        Column("pruned_at", "TIMESTAMP", "When its rows were pruned, UTC; NULL while they are stored."),
        Column("result_keys", "VARCHAR", "For a pruned run: hashes of results, to recognise another file of the run."),
    ),
)

ARTIFACT_URIS = Table(
    "artifact_uris",
    "The places of each artifact, with the labels from options or hive-style folders (rule 8, docs/rules.md).",
    (
        ARTIFACT_KEY,
        Column("uri", "VARCHAR", "The path or URL; of a member of an archive, archive!/member."),
        Column("project_name", "VARCHAR", "The project in the label."),
        Column("environment", "VARCHAR", "The environment in the label."),
        Column("job_name", "VARCHAR", "The job in the label."),
        Column("etag", "VARCHAR", "The ETag in an object store. An object that still has it is not read again."),
    ),
)

SETTLED_ARTIFACTS = Table(
    "settled_artifacts",
    "Facts that depend on all artifacts together: the rows of internal.settled_artifacts, stored at every load.",
    (
        ARTIFACT_KEY,
        Column("project_name", "VARCHAR", "The project (rule 8, docs/rules.md)."),
        Column("environment", "VARCHAR", "The environment (rule 8, docs/rules.md)."),
        Column("job_name", "VARCHAR", "The job in a label of any artifact of the invocation."),
        Column("is_current", "BOOLEAN", "False where another artifact of the same invocation supersedes it."),
        Column("is_latest", "BOOLEAN", "Whether it is the newest of its kind in project and environment."),
        Column("manifest_key", "BIGINT", "The manifest that defines its nodes (rule 7, docs/rules.md)."),
        Column(
            "invocation_id",
            "VARCHAR",
            "The invocation_id, with .2, .3 for later runs with the same one (rule 9, docs/rules.md).",
        ),
        Column(
            "command",
            "VARCHAR",
            "The command of the run that it describes (rule 3, docs/rules.md); NULL where it describes none.",
        ),
    ),
)

INVOCATIONS = Table(
    "invocations",
    "One row per run_results, run, telemetry or information_schema: its facts about the whole invocation.",
    (
        ARTIFACT_KEY,
        Column("started_at", "TIMESTAMP", "metadata.invocation_started_at, else the first start in the timings."),
        Column("first_started_at", "TIMESTAMP", "The first start in the timings."),
        Column("last_completed_at", "TIMESTAMP", "The last completion in the timings."),
        Column("elapsed_seconds", "DOUBLE", "dbt's elapsed_time."),
        Column("threads", "INTEGER", "args.threads, else the number of threads in the results."),
        Column("is_full_refresh", "BOOLEAN", "args.full_refresh."),
        Column("is_retry", "BOOLEAN", "Whether invocation_command is a dbt retry."),
        Column("is_aborted", "BOOLEAN", "Whether dbt 2.0 gave up the whole invocation; of a run, whether it failed."),
        Column("invocation_command", "VARCHAR", "args.invocation_command."),
        Column("selection", "VARCHAR", "The options that select nodes, as written: select, exclude, selector, models."),
        Column("args", "JSON", "The complete args."),
        Column("vars", "JSON", "args.vars as an object; where it cannot be parsed as one, as a text."),
        Column("env", "JSON", "metadata.env: the DBT_ENV_CUSTOM_ENV_ variables, without the prefix; a scheduler's."),
        Column("completed_at", "TIMESTAMP", "When the whole invocation ended, where the file says so, UTC."),
        Column("outcome", "VARCHAR", "How it ended, by its scheduler: success, error or cancelled; unfinished."),
        EXTRA,
    ),
)

NODE_EXECUTIONS = Table(
    "node_executions",
    "One row per result of a run_results, telemetry or information_schema.",
    (
        ARTIFACT_KEY,
        UNIQUE_ID,
        Column(
            "status",
            "VARCHAR",
            "The status, as dbt wrote it; for dbt up to 0.18, the word that 0.19 uses.",
        ),
        Column("execution_seconds", "DOUBLE", "dbt's execution_time."),
        Column("compile_started_at", "TIMESTAMP", "The start of the timing `compile`."),
        Column("compile_completed_at", "TIMESTAMP", "The end of the timing `compile`."),
        Column("execute_started_at", "TIMESTAMP", "The first start of all timings but `compile`; mostly of `execute`."),
        Column("execute_completed_at", "TIMESTAMP", "The last end of all timings but `compile`."),
        Column("thread_id", "VARCHAR", "The thread that executed it."),
        Column("message", "VARCHAR", "dbt's message."),
        Column("failures", "BIGINT", "How many rows failed a test."),
        Column("rows_affected", "BIGINT", "adapter_response.rows_affected; negative where it is unknown."),
        Column("bytes_processed", "BIGINT", "adapter_response.bytes_processed."),
        Column("bytes_billed", "BIGINT", "adapter_response.bytes_billed."),
        Column("query_id", "VARCHAR", "adapter_response.query_id, else its job_id."),
        Column("adapter_response", "JSON", "The complete adapter_response."),
        Column("relation_name", "VARCHAR", "The relation, quoted for its database."),
        Column("compiled_code_id", "VARCHAR", "The compiled code: see stored.texts."),
        EXTRA,
    ),
)

BATCH_EXECUTIONS = Table(
    "batch_executions",
    "One row per batch of a microbatch model's result.",
    (
        ARTIFACT_KEY,
        UNIQUE_ID,
        Column("batch_start", "TIMESTAMP", "The start of the batch's window."),
        Column("batch_end", "TIMESTAMP", "The end of the batch's window."),
        Column("is_success", "BOOLEAN", "Whether the batch succeeded."),
    ),
)

NODE_PHASES = Table(
    "node_phases",
    "One row per phase of a node in dbt 2's telemetry, and one for the node as a whole.",
    (
        ARTIFACT_KEY,
        UNIQUE_ID,
        Column("phase", "VARCHAR", "render, analyze, run, …; NULL for the node as a whole."),
        Column("started_at", "TIMESTAMP", "When it started, UTC."),
        Column("completed_at", "TIMESTAMP", "When it ended, UTC."),
        Column("working_seconds", "DOUBLE", "Of the node as a whole: the time without waiting."),
        Column("outcome", "VARCHAR", "success, error, skipped, …"),
        Column("skip_reason", "VARCHAR", "Why it was skipped: upstream, cached, no_op, …"),
        Column("skipped_by_unique_id", "VARCHAR", "The node whose failure skipped it."),
        Column("error_type", "VARCHAR", "The kind of its error."),
    ),
)

STATEMENTS = Table(
    "statements",
    "One row per statement that dbt 2's telemetry says was executed.",
    (
        ARTIFACT_KEY,
        Column("statement_index", "INTEGER", "Its place among the statements of the invocation, by start, from 1."),
        Column("unique_id", "VARCHAR", "The node that it was executed for; NULL for those of dbt itself."),
        Column("phase", "VARCHAR", "The phase of the node."),
        Column("started_at", "TIMESTAMP", "When it started, UTC."),
        Column("completed_at", "TIMESTAMP", "When it ended, UTC."),
        Column("outcome", "VARCHAR", "success, error or canceled."),
        Column("error", "VARCHAR", "The adapter's message."),
        Column("query_id", "VARCHAR", "The database's id of the query."),
        Column("sql_id", "VARCHAR", "The SQL: see stored.texts."),
        EXTRA,
    ),
)

TEXTS = Table(
    "texts",
    "Every distinct long text (raw and compiled code, configurations), once.",
    (
        Column("text_id", "VARCHAR", "The BLAKE2b-128 of the text, in hex."),
        Column("text", "VARCHAR", "The text."),
    ),
    content_key="text_id",
)

DEFINITIONS = Table(
    "definitions",
    "Every distinct definition of a resource, once: what its author wrote, without what depends on the target.",
    (
        Column("definition_id", "VARCHAR", "The BLAKE2b-128 of the definition's canonical JSON, in hex."),
        UNIQUE_ID,
        Column("resource_type", "VARCHAR", "dbt's resource type."),
        Column("package_name", "VARCHAR", "The package of the resource."),
        Column("name", "VARCHAR", "Its name."),
        Column("path", "VARCHAR", "The path of its file below the folder of its resource type."),
        Column("original_file_path", "VARCHAR", "The path of its file below the project."),
        Column("patch_path", "VARCHAR", "The YAML file with its properties."),
        Column("fqn", "VARCHAR[]", "Its fully qualified name, part by part."),
        Column("description", "VARCHAR", "Its description."),
        Column("language", "VARCHAR", "sql or python."),
        Column("materialized", "VARCHAR", "config.materialized."),
        Column("tags", "VARCHAR[]", "Its tags."),
        Column("meta", "JSON", "Its meta."),
        Column("config", "JSON", "Its config without defaults, and without what depends on the target."),
        Column("owner", "JSON", "The owner of an exposure or a group."),
        Column("group_name", "VARCHAR", "The group that it belongs to."),
        Column("access", "VARCHAR", "private, protected or public."),
        Column("is_contract_enforced", "BOOLEAN", "contract.enforced."),
        Column("version", "VARCHAR", "The version of a versioned model."),
        Column("latest_version", "VARCHAR", "The latest version of a versioned model."),
        Column("deprecation_date", "TIMESTAMP", "When a model becomes deprecated, UTC."),
        Column("is_enabled", "BOOLEAN", "False where the manifest lists it as disabled."),
        Column("is_shadowed", "BOOLEAN", "True where an earlier entry of the manifest has the same unique_id."),
        Column("raw_code_id", "VARCHAR", "The code as written: see stored.texts."),
        Column("depends_on_nodes", "VARCHAR[]", "The unique_ids of its parents."),
        Column("test_type", "VARCHAR", "generic, singular or unit."),
        Column("test_name", "VARCHAR", "The generic test's name."),
        Column("test_namespace", "VARCHAR", "The package of the generic test."),
        Column("kwargs", "JSON", "The generic test's arguments."),
        Column("column_name", "VARCHAR", "The column that is tested."),
        Column("tested_unique_id", "VARCHAR", "The node that is tested."),
        Column("severity", "VARCHAR", "error or warn, in lower case."),
        Column("warn_if", "VARCHAR", "The condition that makes a warning."),
        Column("error_if", "VARCHAR", "The condition that makes a failure."),
        Column("columns_id", "VARCHAR", "The BLAKE2b-128 of its declared columns, in hex."),
        EXTRA,
    ),
    content_key="definition_id",
)

DEFINITION_COLUMNS = Table(
    "definition_columns",
    "The columns that a definition declares.",
    (
        Column("definition_id", "VARCHAR", "The definition: see stored.definitions."),
        Column("column_name", "VARCHAR", "The column."),
        Column("column_index", "INTEGER", "Its place among the declared columns, from 1."),
        Column("description", "VARCHAR", "Its description."),
        Column("declared_data_type", "VARCHAR", "Its declared type."),
        Column("meta", "JSON", "Its meta."),
        Column("tags", "VARCHAR[]", "Its tags."),
        Column("constraints", "JSON", "Its constraints."),
        EXTRA,
    ),
    content_key="definition_id",
)

RENDERINGS = Table(
    "renderings",
    "Every distinct rendering of a definition, once: its relation, its whole config and its compiled code.",
    (
        Column("rendering_id", "VARCHAR", "The BLAKE2b-128 of all other columns, in hex."),
        Column("definition_id", "VARCHAR", "The definition: see stored.definitions."),
        Column("database_name", "VARCHAR", "The database."),
        Column("schema_name", "VARCHAR", "The schema."),
        Column("alias", "VARCHAR", "The alias; the identifier of a source."),
        Column("relation_name", "VARCHAR", "The relation, quoted for its database."),
        Column("checksum", "VARCHAR", "dbt's checksum of the file; versions of dbt compute it differently."),
        Column("config_id", "VARCHAR", "The complete config: see stored.texts."),
        Column("compiled_code_id", "VARCHAR", "The compiled code: see stored.texts; NULL when not compiled."),
        Column("depends_on_macros", "VARCHAR[]", "The macros that it uses; complete once dbt has compiled it."),
        EXTRA,
    ),
    content_key="rendering_id",
)

CATALOG_RELATIONS = Table(
    "catalog_relations",
    "Every distinct description of a relation by a catalog, once.",
    (
        Column("catalog_relation_id", "VARCHAR", "The BLAKE2b-128 of the entry without its stats, in hex."),
        UNIQUE_ID,
        Column("database_name", "VARCHAR", "The database."),
        Column("schema_name", "VARCHAR", "The schema."),
        Column("relation_name", "VARCHAR", "The relation's name in its schema."),
        Column("catalog_type", "VARCHAR", "The relation's type, as the database calls it."),
        Column("catalog_owner", "VARCHAR", "The relation's owner."),
        Column("comment", "VARCHAR", "The relation's comment."),
        EXTRA,
    ),
    content_key="catalog_relation_id",
)

CATALOG_COLUMNS = Table(
    "catalog_columns",
    "The columns of a relation that a catalog describes.",
    (
        Column("catalog_relation_id", "VARCHAR", "The relation: see stored.catalog_relations."),
        Column("column_name", "VARCHAR", "The column."),
        Column("column_index", "INTEGER", "Its place in the relation, as the catalog has it."),
        Column("data_type", "VARCHAR", "Its type in the database."),
        Column("comment", "VARCHAR", "Its comment in the database."),
        EXTRA,
    ),
    content_key="catalog_relation_id",
)

RELATION_STATS = Table(
    "relation_stats",
    "One row per statistic of a relation in a catalog.",
    (
        ARTIFACT_KEY,
        UNIQUE_ID,
        Column("stat_id", "VARCHAR", "The statistic's id: num_rows, bytes, last_modified, …"),
        Column("label", "VARCHAR", "Its label."),
        Column("description", "VARCHAR", "Its description."),
        Column("value", "VARCHAR", "Its value, as text."),
        Column("value_double", "DOUBLE", "Its value, where it is a number."),
        Column("is_included", "BOOLEAN", "Whether dbt's documentation would show it."),
        EXTRA,
    ),
)

SET_MEMBERS = Table(
    "set_members",
    "The sets of definitions, renderings, relations and lineages. Artifacts with equal sets share one.",
    (
        Column("set_id", "VARCHAR", "The BLAKE2b-128 of the sorted member ids, in hex."),
        Column("member_id", "VARCHAR", "A definition_id, rendering_id, catalog_relation_id or lineage_id."),
    ),
    content_key="set_id",
)

SOURCE_FRESHNESS = Table(
    "source_freshness",
    "One row per freshness check of a sources.json or freshness.json.",
    (
        ARTIFACT_KEY,
        UNIQUE_ID,
        Column("status", "VARCHAR", "The status, as dbt wrote it."),
        Column("max_loaded_at", "TIMESTAMP", "When the source's newest row was loaded, UTC; NULL without rows."),
        Column("snapshotted_at", "TIMESTAMP", "When dbt checked the source, UTC."),
        Column("max_loaded_at_age_seconds", "DOUBLE", "The age of the newest row at the check."),
        Column("warn_after_seconds", "BIGINT", "The age from which the check warns."),
        Column("error_after_seconds", "BIGINT", "The age from which the check fails."),
        Column("filter", "VARCHAR", "The filter of the check."),
        Column("error", "VARCHAR", "Why the check itself failed."),
        Column("execution_seconds", "DOUBLE", "dbt's execution_time."),
        Column("thread_id", "VARCHAR", "The thread that executed it."),
        Column("started_at", "TIMESTAMP", "The first start in the timings, UTC."),
        Column("completed_at", "TIMESTAMP", "The last completion in the timings, UTC."),
        EXTRA,
    ),
)

SEMANTIC_MANIFESTS = Table(
    "semantic_manifests",
    "One row per semantic_manifest. dbt writes no time, no version and no ids into it.",
    (
        ARTIFACT_KEY,
        Column("semantic_models", "JSON", "The semantic models."),
        Column("metrics", "JSON", "The metrics."),
        Column("saved_queries", "JSON", "The saved queries."),
        Column("project_configuration", "JSON", "The project's configuration: time spines and the like."),
    ),
)

DBT_COLUMN_EDGES = Table(
    "dbt_column_edges",
    "One row per edge of the column lineage that dbt 2.0 itself has written.",
    (
        ARTIFACT_KEY,
        Column("from_unique_id", "VARCHAR", "The node that is read."),
        Column("from_column", "VARCHAR", "The column that is read."),
        Column("to_unique_id", "VARCHAR", "The node that reads the column."),
        Column("to_column", "VARCHAR", "The column that is computed from it; NULL where it decides the node's rows."),
        Column("lineage_kind", "VARCHAR", "The kind, as dbt wrote it: copy, mod or scan."),
    ),
)

PRUNED_RUNS = Table(
    "pruned_runs",
    "One row per pruned run that executed nodes: the values that the rates of runs need.",
    (
        ARTIFACT_KEY,
        Column("is_success", "BOOLEAN", "Whether no node of it failed."),
        Column("elapsed_seconds", "DOUBLE", "dbt's elapsed_time."),
    ),
)

PRUNED_OUTCOMES = Table(
    "pruned_outcomes",
    "Counts of the results of pruned runs by node, status and day. The last run decides project and environment.",
    (
        UNIQUE_ID,
        Column("resource_type", "VARCHAR", "The resource type in the unique_id."),
        Column("name", "VARCHAR", "The name in the unique_id."),
        Column("status", "VARCHAR", "The status, as dbt wrote it."),
        Column("status_class", "VARCHAR", "The class of the status: success, warn, failure, skipped or unknown."),
        Column("run_date", "TIMESTAMP", "The day of the runs, UTC."),
        Column("result_count", "BIGINT", "How many results the row counts."),
        Column("last_completed_at", "TIMESTAMP", "When the last of these results was completed, UTC."),
        Column("last_artifact_key", "BIGINT", "The run of the last of these results: see stored.artifacts."),
        Column("last_execution_seconds", "DOUBLE", "The execution_time of the last result."),
        Column("last_failures", "BIGINT", "How many rows failed the test in the last result."),
        Column("last_message", "VARCHAR", "The message of the last result."),
    ),
)

ALERT_MESSAGES = Table(
    "alert_messages",
    "One row per message that `notify` sends to a channel: written before it is sent, confirmed afterwards.",
    (
        Column("message_id", "VARCHAR", "The BLAKE2b-128 of the channel and the events, in hex."),
        Column("channel", "VARCHAR", "The channel, as the configuration names it."),
        Column("content", "JSON", "The message as it is sent: title, text, markdown and events."),
        Column("created_at", "TIMESTAMP", "When it was written, UTC."),
        Column(
            "claimed_until", "TIMESTAMP", "Until when a call of `notify` may be sending it, UTC; NULL while none is."
        ),
        Column("attempt_count", "BIGINT", "How many calls of `notify` began to send it."),
        Column("sent_at", "TIMESTAMP", "When the service had accepted it, UTC; NULL while it has not."),
        Column("error", "VARCHAR", "Why the last attempt failed; NULL where it did not."),
    ),
)

ALERT_EVENTS = Table(
    "alert_events",
    "One row per event and channel that has been told of it, so that no event is told twice.",
    (
        Column("event_key", "VARCHAR", "The event: its kind, what it is about, and when it began."),
        Column("channel", "VARCHAR", "The channel, as the configuration names it."),
        Column("message_id", "VARCHAR", "The message that tells it: see stored.alert_messages; NULL where none does."),
        Column("kind", "VARCHAR", "failed, recovered, source_late, …: see docs/alerts.md."),
        Column("project_name", "VARCHAR", "The project."),
        Column("environment", "VARCHAR", "The environment."),
        Column("unique_id", "VARCHAR", "The node, source or exposure; NULL for a job or run."),
        Column("job_name", "VARCHAR", "The job."),
        Column("happened_at", "TIMESTAMP", "When it happened, UTC."),
        Column("told_at", "TIMESTAMP", "When it was written into a message, or suppressed, UTC."),
    ),
)

TABLES = (
    *(ARTIFACTS, ARTIFACT_URIS, SETTLED_ARTIFACTS, INVOCATIONS, NODE_EXECUTIONS, BATCH_EXECUTIONS),
    *(NODE_PHASES, STATEMENTS, TEXTS),
    *(DEFINITIONS, DEFINITION_COLUMNS, RENDERINGS, CATALOG_RELATIONS, CATALOG_COLUMNS, RELATION_STATS),
    *(SET_MEMBERS, SOURCE_FRESHNESS, SEMANTIC_MANIFESTS, DBT_COLUMN_EDGES, PRUNED_RUNS, PRUNED_OUTCOMES),
    *(ALERT_MESSAGES, ALERT_EVENTS),
    *COLUMN_TABLES,
)
"""All tables, in the order in which they are written."""

BY_NAME = {table.name: table for table in TABLES}
