-- The definitions that were added, changed or removed since a time, the last first, with the nodes that depend on them.
-- The first manifest of a project in an environment changes nothing. The macros and docs of packages are left out.
-- parameters: $project, $environment, $since
-- grain: project_name, environment, unique_id, changed_at, change
WITH definitions AS (
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

dependents AS (
    SELECT
        project_name,
        environment,
        ancestor_unique_id AS unique_id,
        count(*) FILTER (WHERE resource_type NOT IN ('test', 'unit_test')) AS dependent_count,
        list(unique_id ORDER BY unique_id) FILTER (WHERE resource_type = 'exposure') AS exposure_unique_ids,
        list(unique_id ORDER BY unique_id)
            FILTER (WHERE distance = 1 AND resource_type NOT IN ('test', 'unit_test')) AS child_unique_ids
    FROM v1.node_ancestors
    GROUP BY project_name, environment, ancestor_unique_id
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
