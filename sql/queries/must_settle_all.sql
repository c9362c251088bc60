-- Whether all artifacts are to be settled: they are few, or many of them are new; known ones have other places or labels
-- now; a project is named for the first time, which can tell apart the runs of a process that share an id; or an invocation
-- that a scheduler knows can name its project.
-- parameters: $few
-- tables: touched (artifact_key BIGINT)
-- grain: must_settle_all
WITH labelled AS (
    SELECT artifact_key, min(project_name) AS project_name
    FROM stored.artifact_uris
    WHERE project_name IS NOT NULL
    GROUP BY artifact_key
),

projects AS (
    SELECT coalesce(labelled.project_name, artifacts.project_name) AS project_name
    FROM stored.artifacts AS artifacts
    LEFT JOIN labelled ON labelled.artifact_key = artifacts.artifact_key
    LEFT JOIN touched ON touched.artifact_key = artifacts.artifact_key
    WHERE artifacts.error IS NULL AND artifacts.invocation_id IS NOT NULL
    GROUP BY coalesce(labelled.project_name, artifacts.project_name)
    HAVING bool_and(touched.artifact_key IS NOT NULL)
)

SELECT
    (SELECT $few + 4 * count(*) FROM touched) >= (SELECT count(*) FROM stored.settled_artifacts)
    OR EXISTS (SELECT 1 FROM touched INNER JOIN stored.settled_artifacts AS old ON old.artifact_key = touched.artifact_key)
    OR (
        EXISTS (SELECT 1 FROM projects WHERE project_name IS NOT NULL)
        AND EXISTS (
            SELECT 1
            FROM stored.settled_artifacts AS settled
            INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = settled.artifact_key
            WHERE settled.invocation_id <> artifacts.invocation_id
        )
    )
    OR EXISTS (
        SELECT 1
        FROM touched
        INNER JOIN stored.artifacts AS new ON new.artifact_key = touched.artifact_key
        WHERE new.kind = 'run' OR new.invocation_id IN (SELECT invocation_id FROM stored.artifacts WHERE kind = 'run')
    ) AS must_settle_all
