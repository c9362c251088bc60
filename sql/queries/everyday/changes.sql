-- The definitions that were added, changed or removed since a time, the last first, with the nodes that depend on them.
-- The first manifest of a project in an environment changes nothing. The macros and docs of packages are left out.
-- parameters: $project, $environment, $since
-- grain: project_name, environment, unique_id, changed_at, change
WITH RECURSIVE definitions AS (
    SELECT
        *,
        min(valid_from) OVER (PARTITION BY project_name, environment) AS known_from,
        lead(valid_from) OVER (PARTITION BY project_name, environment, unique_id ORDER BY valid_from) AS next_from
    FROM v1.definitions
    WHERE (resource_type NOT IN ('macro', 'doc') OR split_part(unique_id, '.', 2) = project_name)
        AND ($project IS NULL OR project_name = $project)
        AND ($environment IS NULL OR environment = $environment)
),

changes AS (
    SELECT
        valid_from AS changed_at,
        CASE WHEN previous_definition_id IS NULL THEN 'added' ELSE 'changed' END AS change,
        *
    FROM definitions
    WHERE valid_from >= $since AND valid_from > known_from
    UNION ALL BY NAME
    SELECT
        valid_to AS changed_at,
        'removed' AS change,
        * REPLACE (CAST(NULL AS VARCHAR[]) AS changed_fields)
    FROM definitions
    WHERE valid_to >= $since AND next_from IS DISTINCT FROM valid_to
),

edges AS MATERIALIZED (
    SELECT DISTINCT project_name, environment, parent_unique_id, child_unique_id
    FROM internal.current_edges
),

-- Goes down from the changed nodes, and so costs what depends on them: the pairs of v1.node_ancestors are those of all nodes.
below (project_name, environment, unique_id, dependent_unique_id) AS (
    SELECT edges.project_name, edges.environment, edges.parent_unique_id, edges.child_unique_id
    FROM edges
    SEMI JOIN changes
        ON changes.project_name IS NOT DISTINCT FROM edges.project_name
        AND changes.environment = edges.environment
        AND changes.unique_id = edges.parent_unique_id
    UNION
    SELECT below.project_name, below.environment, below.unique_id, edges.child_unique_id
    FROM below
    INNER JOIN edges
        ON edges.project_name IS NOT DISTINCT FROM below.project_name
        AND edges.environment = below.environment
        AND edges.parent_unique_id = below.dependent_unique_id
),

-- No node depends on itself, on a cycle either.
dependents AS (
    SELECT
        below.project_name,
        below.environment,
        below.unique_id,
        count(*) FILTER (WHERE NOT is_test) AS dependent_count,
        list(dependent_unique_id ORDER BY dependent_unique_id) FILTER (WHERE is_exposure) AS exposure_unique_ids,
        list(dependent_unique_id ORDER BY dependent_unique_id) FILTER (WHERE is_child AND NOT is_test) AS child_unique_ids
    FROM (
        SELECT
            below.*,
            split_part(below.dependent_unique_id, '.', 1) IN ('test', 'unit_test') AS is_test,
            starts_with(below.dependent_unique_id, 'exposure.') AS is_exposure,
            edges.child_unique_id IS NOT NULL AS is_child
        FROM below
        LEFT JOIN edges
            ON edges.project_name IS NOT DISTINCT FROM below.project_name
            AND edges.environment = below.environment
            AND edges.parent_unique_id = below.unique_id
            AND edges.child_unique_id = below.dependent_unique_id
        WHERE below.dependent_unique_id <> below.unique_id
    ) AS below
    GROUP BY below.project_name, below.environment, below.unique_id
)

SELECT
    changes.changed_at,
    changes.environment,
    changes.change,
    coalesce(changes.name, changes.unique_id) AS name,
    coalesce(dependents.dependent_count, 0) AS dependent_count,
    changes.changed_fields,
    changes.resource_type,
    coalesce(dependents.exposure_unique_ids, CAST([] AS VARCHAR[])) AS exposure_unique_ids,
    coalesce(dependents.child_unique_ids, CAST([] AS VARCHAR[])) AS child_unique_ids,
    changes.unique_id,
    nodes.owner,
    nodes.original_file_path,
    changes.definition_id,
    changes.previous_definition_id,
    changes.project_name
FROM changes
LEFT JOIN dependents
    ON dependents.project_name IS NOT DISTINCT FROM changes.project_name
    AND dependents.environment = changes.environment
    AND dependents.unique_id = changes.unique_id
LEFT JOIN v1.nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM changes.project_name
    AND nodes.environment = changes.environment
    AND nodes.unique_id = changes.unique_id
ORDER BY
    changes.changed_at DESC,
    coalesce(len(dependents.exposure_unique_ids), 0) DESC,
    coalesce(dependents.dependent_count, 0) DESC,
    changes.project_name,
    changes.environment,
    changes.unique_id,
    changes.change
