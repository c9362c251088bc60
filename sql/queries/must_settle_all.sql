-- Whether what is new can change any row: most artifacts are new, known ones have other places or labels now, or a project
-- is new that can name the runs of a process whose runs share an id.
-- parameters: none
-- tables: touched (artifact_key BIGINT)
-- grain: must_settle_all
SELECT
    (SELECT 4 * count(*) FROM touched) >= (SELECT count(*) FROM stored.settled_artifacts)
    OR EXISTS (SELECT 1 FROM touched INNER JOIN stored.settled_artifacts AS old ON old.artifact_key = touched.artifact_key)
    OR (
        EXISTS (
            SELECT 1
            FROM stored.settled_artifacts AS settled
            INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = settled.artifact_key
            WHERE settled.invocation_id <> artifacts.invocation_id
        )
        AND EXISTS (
            SELECT 1
            FROM (
                SELECT touched.artifact_key, artifacts.project_name
                FROM touched
                INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = touched.artifact_key
                UNION ALL
                SELECT touched.artifact_key, uris.project_name
                FROM touched
                INNER JOIN stored.artifact_uris AS uris ON uris.artifact_key = touched.artifact_key
            ) AS new
            WHERE new.project_name NOT IN (
                SELECT project_name FROM stored.settled_artifacts WHERE project_name IS NOT NULL
            )
        )
    ) AS must_settle_all
