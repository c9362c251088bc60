-- Every streak of failures of every node: when it began and ended, in which runs, and what changed at both ends.
-- grain: project_name, environment, unique_id, opened_at
-- since: 0.1
CREATE OR REPLACE VIEW v1.failure_incidents AS
WITH streaks AS MATERIALIZED (
    SELECT
        project_name,
        environment,
        unique_id,
        opened_at,
        last_failed_at,
        closed_at,
        failure_count,
        previous_artifact_key,
        first_artifact_key,
        last_artifact_key,
        closing_artifact_key,
        skipped_run_count,
        absent_run_count
    FROM internal.failure_streaks
),

runs AS MATERIALIZED (
    SELECT artifact_key, invocation_id, command, graph_id
    FROM internal.current_runs
),

-- The definitions of the nodes that failed, in the graphs of the runs at both ends.
definitions AS MATERIALIZED (
    SELECT nodes.graph_id, nodes.unique_id, nodes.definition_id, nodes.parent_unique_ids
    FROM internal.graph_nodes AS nodes
    WHERE nodes.unique_id IN (SELECT streaks.unique_id FROM streaks)
),

-- Read twice, once for each end, and therefore computed once.
changes AS (
    SELECT previous_definition_id, definition_id, changed_fields
    FROM internal.definition_changes
),

parents AS (
    SELECT
        streaks.project_name,
        streaks.environment,
        streaks.unique_id,
        streaks.opened_at,
        unnest(definitions.parent_unique_ids) AS parent_unique_id
    FROM streaks
    INNER JOIN runs ON runs.artifact_key = streaks.first_artifact_key
    INNER JOIN definitions
        ON definitions.graph_id = runs.graph_id
        AND definitions.unique_id = streaks.unique_id
),

failing_parents AS (
    SELECT
        parents.project_name,
        parents.environment,
        parents.unique_id,
        parents.opened_at,
        list(DISTINCT parents.parent_unique_id ORDER BY parents.parent_unique_id ASC) AS unique_ids
    FROM parents
    INNER JOIN streaks
        ON streaks.project_name IS NOT DISTINCT FROM parents.project_name
        AND streaks.environment = parents.environment
        AND streaks.unique_id = parents.parent_unique_id
        AND streaks.opened_at <= parents.opened_at
        AND (streaks.closed_at IS NULL OR streaks.closed_at > parents.opened_at)
    WHERE parents.parent_unique_id <> parents.unique_id
    GROUP BY parents.project_name, parents.environment, parents.unique_id, parents.opened_at
)

SELECT
    streaks.project_name,
    streaks.environment,
    streaks.unique_id,
    streaks.opened_at,
    split_part(streaks.unique_id, '.', 1) AS resource_type,
    streaks.last_failed_at,
    streaks.closed_at,
    streaks.closed_at IS NULL AS is_open,
    CAST(date_diff('microsecond', streaks.opened_at, streaks.closed_at) / 1000000.0 AS DOUBLE) AS recovery_seconds,
    streaks.failure_count,
    streaks.skipped_run_count + streaks.absent_run_count AS missed_run_count,
    streaks.skipped_run_count,
    streaks.absent_run_count,
    first_runs.invocation_id AS first_invocation_id,
    first_runs.command AS first_command,
    last_runs.invocation_id AS last_invocation_id,
    last_runs.command AS last_command,
    closing_runs.invocation_id AS closing_invocation_id,
    closing_runs.command AS closing_command,
    CASE
        WHEN streaks.previous_artifact_key IS NOT NULL
            THEN first_definitions.definition_id IS DISTINCT FROM previous_definitions.definition_id
    END AS is_opened_with_change,
    opening_changes.changed_fields AS opening_changed_fields,
    CASE
        WHEN streaks.closing_artifact_key IS NOT NULL
            THEN closing_definitions.definition_id IS DISTINCT FROM last_definitions.definition_id
    END AS is_closed_with_change,
    closing_changes.changed_fields AS closing_changed_fields,
    failing_parents.unique_ids IS NOT NULL AS is_parent_failing,
    coalesce(failing_parents.unique_ids, CAST([] AS VARCHAR[])) AS failing_parent_unique_ids
FROM streaks
LEFT JOIN runs AS previous_runs ON previous_runs.artifact_key = streaks.previous_artifact_key
LEFT JOIN runs AS first_runs ON first_runs.artifact_key = streaks.first_artifact_key
LEFT JOIN runs AS last_runs ON last_runs.artifact_key = streaks.last_artifact_key
LEFT JOIN runs AS closing_runs ON closing_runs.artifact_key = streaks.closing_artifact_key
LEFT JOIN definitions AS previous_definitions
    ON previous_definitions.graph_id = previous_runs.graph_id
    AND previous_definitions.unique_id = streaks.unique_id
LEFT JOIN definitions AS first_definitions
    ON first_definitions.graph_id = first_runs.graph_id
    AND first_definitions.unique_id = streaks.unique_id
LEFT JOIN definitions AS last_definitions
    ON last_definitions.graph_id = last_runs.graph_id
    AND last_definitions.unique_id = streaks.unique_id
LEFT JOIN definitions AS closing_definitions
    ON closing_definitions.graph_id = closing_runs.graph_id
    AND closing_definitions.unique_id = streaks.unique_id
LEFT JOIN changes AS opening_changes
    ON opening_changes.previous_definition_id = previous_definitions.definition_id
    AND opening_changes.definition_id = first_definitions.definition_id
LEFT JOIN changes AS closing_changes
    ON closing_changes.previous_definition_id = last_definitions.definition_id
    AND closing_changes.definition_id = closing_definitions.definition_id
LEFT JOIN failing_parents
    ON failing_parents.project_name IS NOT DISTINCT FROM streaks.project_name
    AND failing_parents.environment = streaks.environment
    AND failing_parents.unique_id = streaks.unique_id
    AND failing_parents.opened_at = streaks.opened_at;

COMMENT ON VIEW v1.failure_incidents IS 'One row per node and streak of failures: executed results of class failure, with no success or warning between them. A warning is no failure. A skip neither fails nor ends a streak. A streak that ends at the very time at which it began is left out.';
COMMENT ON COLUMN v1.failure_incidents.opened_at IS 'When the first failure was completed, UTC.';
COMMENT ON COLUMN v1.failure_incidents.closed_at IS 'When the first success or warning after opened_at was completed, UTC; NULL while there is none.';
COMMENT ON COLUMN v1.failure_incidents.is_open IS 'Whether no success or warning has closed the incident yet.';
COMMENT ON COLUMN v1.failure_incidents.recovery_seconds IS 'The seconds from opened_at to closed_at; NULL while the incident is open.';
COMMENT ON COLUMN v1.failure_incidents.failure_count IS 'How many executed results failed.';
COMMENT ON COLUMN v1.failure_incidents.missed_run_count IS 'skipped_run_count and absent_run_count together.';
COMMENT ON COLUMN v1.failure_incidents.skipped_run_count IS 'How often the node was skipped after opened_at and up to closed_at; while the incident is open, up to now.';
COMMENT ON COLUMN v1.failure_incidents.absent_run_count IS 'How many executing runs of the project and environment, written after the first failing run and before the closing one (all since, while open), neither executed nor skipped it, whatever they selected. Aborted runs do not count.';
COMMENT ON COLUMN v1.failure_incidents.first_invocation_id IS 'The invocation of the first failure.';
COMMENT ON COLUMN v1.failure_incidents.first_command IS 'The command of the invocation of the first failure.';
COMMENT ON COLUMN v1.failure_incidents.last_invocation_id IS 'The invocation of the last failure.';
COMMENT ON COLUMN v1.failure_incidents.last_command IS 'The command of the invocation of the last failure.';
COMMENT ON COLUMN v1.failure_incidents.closing_invocation_id IS 'The invocation that closed the incident; NULL while it is open.';
COMMENT ON COLUMN v1.failure_incidents.closing_command IS 'The command of the invocation that closed the incident.';
COMMENT ON COLUMN v1.failure_incidents.is_opened_with_change IS 'Whether the node''s definition at the first failure differs from its definition at the executed result before; NULL where there is no result before.';
COMMENT ON COLUMN v1.failure_incidents.opening_changed_fields IS 'The fields of the definition that changed with the first failure; NULL where none did, and where a third definition lay between the two.';
COMMENT ON COLUMN v1.failure_incidents.is_closed_with_change IS 'Whether the node''s definition at the closing result differs from its definition at the last failure; NULL while open.';
COMMENT ON COLUMN v1.failure_incidents.closing_changed_fields IS 'The fields of the definition that changed with the closing result; NULL where none did, and where a third definition lay between the two.';
COMMENT ON COLUMN v1.failure_incidents.is_parent_failing IS 'Whether a direct parent, in the graph of the first failing run, had an open incident at opened_at.';
COMMENT ON COLUMN v1.failure_incidents.failing_parent_unique_ids IS 'The unique_ids of the direct parents that had an open incident at opened_at, sorted.';
