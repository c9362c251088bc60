-- The artifacts generated before a time on which no remaining row depends.
-- grain: artifact_key
--
-- Runs are prunable. So are freshness checks, catalogs and manifests without current state: the last check of a source,
-- the last description of a relation, the last compiled code of a current node. A manifest also stays when it defines a
-- run that stays, or when its graph differs from the one before: the history of definitions stays whole.
CREATE OR REPLACE MACRO internal.prunable_artifacts(before) AS TABLE
WITH candidates AS (
    SELECT
        artifacts.artifact_key,
        artifacts.kind,
        settled.invocation_id,
        settled.command,
        -- The files of one run are pruned together: the newest one decides.
        coalesce(
            CASE
                WHEN settled.command IS NOT NULL THEN max(artifacts.generated_at) OVER (
                    PARTITION BY settled.invocation_id, settled.command
                )
                ELSE artifacts.generated_at
            END < before,
            FALSE
        ) AS is_old,
        settled.manifest_key,
        settled.is_latest
    FROM stored.artifacts AS artifacts
    INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = artifacts.artifact_key
    WHERE artifacts.error IS NULL AND artifacts.pruned_at IS NULL
),

last_checks AS (
    SELECT checks.artifact_key
    FROM stored.source_freshness AS checks
    INNER JOIN stored.settled_artifacts AS settled ON settled.artifact_key = checks.artifact_key
    INNER JOIN internal.last_freshness AS last
        ON last.unique_id = checks.unique_id
        AND last.invocation_id = settled.invocation_id
),

kept_checks AS (
    SELECT artifact_key FROM last_checks
    UNION
    SELECT others.artifact_key
    FROM last_checks
    INNER JOIN candidates AS checks ON checks.artifact_key = last_checks.artifact_key
    INNER JOIN candidates AS others
        ON others.invocation_id = checks.invocation_id
        AND others.command = checks.command
),

graph_changes AS (
    SELECT
        artifact_key,
        graph_id IS DISTINCT FROM lag(graph_id) OVER (PARTITION BY project_name, environment ORDER BY valid_from ASC)
            AS is_change
    FROM internal.manifest_periods
),

last_compilations AS (
    SELECT arg_max(artifacts.artifact_key, struct_pack(at := artifacts.generated_at, id := renderings.rendering_id))
        AS artifact_key
    FROM stored.settled_artifacts AS settled
    INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = settled.artifact_key
    INNER JOIN stored.set_members AS members ON members.set_id = artifacts.rendering_set_id
    INNER JOIN stored.renderings AS renderings ON renderings.rendering_id = members.member_id
    INNER JOIN internal.current_nodes AS nodes
        ON nodes.definition_id = renderings.definition_id
        AND nodes.project_name IS NOT DISTINCT FROM settled.project_name
        AND nodes.environment = settled.environment
    WHERE settled.is_current AND renderings.compiled_code_id IS NOT NULL
    GROUP BY settled.project_name, settled.environment, renderings.definition_id
),

needed AS (
    SELECT artifact_key FROM candidates WHERE NOT is_old
    UNION
    SELECT artifact_key FROM candidates WHERE is_latest AND kind NOT IN ('run_results', 'run', 'telemetry', 'information_schema')
    UNION
    SELECT artifact_key FROM candidates WHERE kind = 'semantic_manifest'
    UNION
    SELECT artifact_key FROM kept_checks
    UNION
    SELECT artifact_key FROM internal.current_relations
    UNION
    SELECT artifact_key FROM graph_changes WHERE is_change
    UNION
    SELECT artifact_key FROM last_compilations
)

SELECT artifact_key, kind
FROM candidates
WHERE
    artifact_key NOT IN (SELECT artifact_key FROM needed)
    AND artifact_key NOT IN (
        SELECT candidates.manifest_key
        FROM candidates
        INNER JOIN needed ON needed.artifact_key = candidates.artifact_key
        WHERE candidates.manifest_key IS NOT NULL
    );

COMMENT ON MACRO TABLE internal.prunable_artifacts IS
    'One row per artifact that `prune` removes. Its row in stored.artifacts stays, so that it is not loaded again.';
