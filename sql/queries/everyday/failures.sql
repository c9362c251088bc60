-- The nodes whose last execution failed, and the sources whose last check failed; with `$since` the failures of nodes
-- that have ended after it, too. The latest comes first. A node that left the project does not count.
-- parameters: $project, $environment, $since
-- grain: project_name, environment, unique_id, failing_since_at
WITH nodes AS (
    SELECT *
    FROM v1.nodes
    WHERE ($project IS NULL OR project_name = $project) AND ($environment IS NULL OR environment = $environment)
),

-- Where no manifest says what exists, every node does.
incidents AS (
    SELECT incidents.*
    FROM v1.failure_incidents AS incidents
    LEFT JOIN nodes
        ON nodes.project_name IS NOT DISTINCT FROM incidents.project_name
        AND nodes.environment = incidents.environment
        AND nodes.unique_id = incidents.unique_id
    LEFT JOIN (SELECT DISTINCT project_name, environment FROM nodes) AS places
        ON places.project_name IS NOT DISTINCT FROM incidents.project_name
        AND places.environment = incidents.environment
    WHERE ($project IS NULL OR incidents.project_name = $project)
        AND ($environment IS NULL OR incidents.environment = $environment)
        AND CASE
            WHEN incidents.is_open THEN coalesce(nodes.is_enabled, places.environment IS NULL)
            ELSE incidents.closed_at >= $since
        END
),

checks AS (
    SELECT
        *,
        coalesce(snapshotted_at, generated_at) AS checked_at,
        max(CASE WHEN status_class <> 'failure' THEN coalesce(snapshotted_at, generated_at) END)
            OVER (PARTITION BY project_name, environment, unique_id) AS last_passed_at
    FROM v1.source_freshness
    WHERE ($project IS NULL OR project_name = $project) AND ($environment IS NULL OR environment = $environment)
),

-- One row per failure, of a node or of a source.
failures AS (
    SELECT
        project_name,
        environment,
        unique_id,
        is_open,
        opened_at,
        last_failed_at,
        closed_at,
        failure_count,
        opening_changed_fields,
        failing_parent_unique_ids,
        last_invocation_id AS invocation_id,
        last_command AS command,
        closing_changed_fields
    FROM incidents
    UNION ALL BY NAME
    SELECT
        project_name,
        environment,
        unique_id,
        TRUE AS is_open,
        min(checked_at) AS opened_at,
        max(checked_at) AS last_failed_at,
        count(*) AS failure_count,
        arg_max(invocation_id, checked_at) AS invocation_id,
        arg_max(command, checked_at) AS command
    FROM checks
    WHERE last_passed_at IS NULL OR checked_at > last_passed_at
    GROUP BY project_name, environment, unique_id
),

exposed AS (
    SELECT
        project_name,
        environment,
        upstream_unique_id AS unique_id,
        list(unique_id ORDER BY unique_id) AS exposure_unique_ids
    FROM internal.exposed_nodes
    GROUP BY project_name, environment, upstream_unique_id
)

SELECT
    CASE WHEN failures.is_open THEN 'failing' ELSE 'over' END AS state,
    failures.environment,
    coalesce(nodes.resource_type, split_part(failures.unique_id, '.', 1)) AS resource_type,
    coalesce(nodes.name, failures.unique_id) AS name,
    failures.opened_at AS failing_since_at,
    failures.failure_count,
    failures.closed_at AS ended_at,
    failures.opening_changed_fields AS changed_then,
    coalesce(
        results.message,
        checks.error,
        'last loaded at ' || strftime(checks.max_loaded_at, '%Y-%m-%d %H:%M') || ' UTC'
    ) AS message,
    nodes.owner,
    coalesce(exposed.exposure_unique_ids, CAST([] AS VARCHAR[])) AS exposure_unique_ids,
    failures.failing_parent_unique_ids,
    failures.unique_id,
    failures.invocation_id,
    failures.command,
    failures.last_failed_at,
    nodes.last_success_at,
    failures.closing_changed_fields AS changed_at_the_end,
    coalesce(nodes.patch_path, nodes.original_file_path) AS described_in,
    nodes.original_file_path,
    failures.project_name
FROM failures
LEFT JOIN nodes
    ON nodes.project_name IS NOT DISTINCT FROM failures.project_name
    AND nodes.environment = failures.environment
    AND nodes.unique_id = failures.unique_id
LEFT JOIN v1.node_executions AS results
    ON results.invocation_id = failures.invocation_id
    AND results.command = failures.command
    AND results.unique_id = failures.unique_id
LEFT JOIN checks
    ON checks.invocation_id = failures.invocation_id
    AND checks.command = failures.command
    AND checks.unique_id = failures.unique_id
LEFT JOIN exposed
    ON exposed.project_name IS NOT DISTINCT FROM failures.project_name
    AND exposed.environment = failures.environment
    AND exposed.unique_id = failures.unique_id
ORDER BY failures.is_open DESC, failures.opened_at DESC, failures.project_name, failures.environment, failures.unique_id
