-- The artifacts that those which are new can settle otherwise, and all that internal.settled_among must see with them. part is
-- `row` where any column can change, `latest` where only is_latest can, `seen` where none can. One artifact more than need be
-- costs time, one too few leaves a wrong row.
-- parameters: none
-- tables: touched (artifact_key BIGINT)
-- changes: concerned
CREATE OR REPLACE TEMP TABLE concerned AS
WITH labelled AS (
    SELECT artifact_key, min(project_name) AS project_name
    FROM stored.artifact_uris
    WHERE project_name IS NOT NULL
    GROUP BY artifact_key
),

known AS (
    SELECT
        artifacts.artifact_key,
        artifacts.kind,
        artifacts.invocation_id,
        artifacts.project_id,
        coalesce(artifacts.generated_at, TIMESTAMP '0001-01-01') AS clock,
        coalesce(labelled.project_name, artifacts.project_name) AS own_project,
        touched.artifact_key IS NOT NULL AS is_touched,
        settled.project_name,
        settled.environment,
        settled.manifest_key,
        coalesce(settled.is_current, FALSE) AS is_current,
        coalesce(settled.is_latest, FALSE) AS is_latest,
        artifacts.generated_at
    FROM stored.artifacts AS artifacts
    LEFT JOIN labelled ON labelled.artifact_key = artifacts.artifact_key
    LEFT JOIN touched ON touched.artifact_key = artifacts.artifact_key
    LEFT JOIN stored.settled_artifacts AS settled ON settled.artifact_key = artifacts.artifact_key
    WHERE artifacts.error IS NULL
),

-- The ids of projects that stand for another name now.
renamed AS (
    SELECT project_id
    FROM known
    WHERE project_id IN (SELECT project_id FROM known WHERE is_touched)
    GROUP BY project_id
    HAVING min(own_project) IS DISTINCT FROM min(own_project) FILTER (WHERE NOT is_touched)
),

invocations AS (
    SELECT invocation_id FROM known WHERE is_touched AND invocation_id IS NOT NULL
    UNION
    SELECT invocation_id FROM known WHERE project_id IN (SELECT project_id FROM renamed) AND invocation_id IS NOT NULL
),

-- Where semantic manifests and column lineages lie, and the manifests beside them.
places AS (
    SELECT artifact_key, folder
    FROM internal.artifact_folders
    WHERE kind IN ('semantic_manifest', 'column_lineage')
),

manifest_places AS (
    SELECT manifests.artifact_key, manifests.folder, known.own_project, known.invocation_id, known.is_touched
    FROM internal.artifact_folders AS manifests
    INNER JOIN known ON known.artifact_key = manifests.artifact_key
    WHERE manifests.kind = 'manifest' AND manifests.folder IN (SELECT folder FROM places)
),

folders AS (
    SELECT
        folder,
        CASE WHEN min(own_project) = max(own_project) THEN min(own_project) END AS own_project,
        CASE WHEN min(invocation_id) = max(invocation_id) THEN min(invocation_id) END AS invocation_id,
        CASE
            WHEN min(own_project) FILTER (WHERE NOT is_touched) = max(own_project) FILTER (WHERE NOT is_touched)
                THEN min(own_project) FILTER (WHERE NOT is_touched)
        END AS old_project,
        CASE
            WHEN min(invocation_id) FILTER (WHERE NOT is_touched) = max(invocation_id) FILTER (WHERE NOT is_touched)
                THEN min(invocation_id) FILTER (WHERE NOT is_touched)
        END AS old_invocation_id
    FROM manifest_places
    GROUP BY folder
),

-- Whose labels, and whether it is current, can change.
relabelled AS (
    SELECT artifact_key FROM known WHERE is_touched
    UNION
    SELECT artifact_key FROM known WHERE invocation_id IN (SELECT invocation_id FROM invocations)
    UNION
    SELECT artifact_key FROM known WHERE project_id IN (SELECT project_id FROM renamed)
    UNION
    SELECT places.artifact_key
    FROM places
    INNER JOIN folders ON folders.folder = places.folder
    WHERE folders.own_project IS DISTINCT FROM folders.old_project
        OR folders.invocation_id IS DISTINCT FROM folders.old_invocation_id
        OR folders.invocation_id IN (SELECT invocation_id FROM invocations)
),

-- Between which times the manifests of which projects change. Where a project cannot be told yet, it may be any.
moved AS (
    SELECT
        min(clock) AS first_clock,
        max(clock) AS last_clock,
        bool_or(own_project IS NULL) AS is_any_project,
        list(DISTINCT own_project) AS own_projects,
        list(DISTINCT project_name) AS old_projects
    FROM known
    WHERE kind = 'manifest' AND artifact_key IN (SELECT artifact_key FROM relabelled)
),

-- Who can get another manifest. One that has a nearer manifest of its own environment than all that change keeps it.
moving AS (
    SELECT known.artifact_key
    FROM known
    CROSS JOIN moved
    LEFT JOIN known AS manifests ON manifests.artifact_key = known.manifest_key
    WHERE (
        moved.is_any_project
        OR list_contains(moved.own_projects, known.project_name)
        OR list_contains(moved.old_projects, known.project_name)
    )
    AND (
        known.manifest_key IN (SELECT artifact_key FROM relabelled)
        OR (
            known.clock >= moved.first_clock
            AND (
                manifests.clock IS NULL
                OR manifests.clock <= moved.last_clock
                OR manifests.clock > known.clock
                OR manifests.environment IS DISTINCT FROM known.environment
            )
        )
        OR (
            known.clock < moved.last_clock
            AND (
                manifests.clock IS NULL
                OR (
                    manifests.clock > known.clock
                    AND (
                        manifests.clock >= moved.first_clock
                        OR manifests.environment IS DISTINCT FROM known.environment
                    )
                )
            )
        )
    )
),

changing AS (
    SELECT artifact_key FROM relabelled
    UNION
    SELECT artifact_key FROM moving
),

-- The latest of each kind, and those that come next where the latest can change.
latest AS (
    SELECT artifact_key FROM known WHERE is_latest
    UNION
    SELECT known.artifact_key
    FROM known
    INNER JOIN (
        SELECT kind, project_name, environment, max(generated_at) AS generated_at
        FROM known
        WHERE is_current AND artifact_key NOT IN (SELECT artifact_key FROM relabelled)
        GROUP BY kind, project_name, environment
        HAVING concat(kind, ' ', environment, ' ', project_name) IN (
            SELECT concat(kind, ' ', environment, ' ', project_name)
            FROM known
            WHERE is_latest AND artifact_key IN (SELECT artifact_key FROM relabelled)
        )
    ) AS next
        ON next.kind = known.kind
        AND next.project_name IS NOT DISTINCT FROM known.project_name
        AND next.environment = known.environment
        AND next.generated_at IS NOT DISTINCT FROM known.generated_at
    WHERE known.is_current
),

span AS (
    SELECT min(clock) AS first_clock, max(clock) AS last_clock
    FROM known
    WHERE artifact_key IN (SELECT artifact_key FROM changing)
),

-- The manifests from the last one before these artifacts to the first one after them, in every environment.
near AS (
    SELECT manifests.artifact_key
    FROM known AS manifests
    INNER JOIN (
        SELECT
            known.project_name,
            known.environment,
            max(known.clock) FILTER (WHERE known.clock <= span.first_clock) AS first_clock,
            min(known.clock) FILTER (WHERE known.clock > span.last_clock) AS last_clock
        FROM known
        CROSS JOIN span
        WHERE known.kind = 'manifest' AND known.is_current
            AND known.artifact_key NOT IN (SELECT artifact_key FROM relabelled)
        GROUP BY known.project_name, known.environment
    ) AS bounds
        ON bounds.project_name IS NOT DISTINCT FROM manifests.project_name
        AND bounds.environment = manifests.environment
    WHERE manifests.kind = 'manifest' AND manifests.is_current
        AND (bounds.first_clock IS NULL OR manifests.clock >= bounds.first_clock)
        AND (bounds.last_clock IS NULL OR manifests.clock <= bounds.last_clock)
),

beside AS (
    SELECT manifest_places.artifact_key
    FROM manifest_places
    INNER JOIN folders ON folders.folder = manifest_places.folder
    INNER JOIN places ON places.folder = folders.folder
    WHERE folders.invocation_id IS NOT NULL
        AND places.artifact_key IN (SELECT artifact_key FROM changing UNION SELECT artifact_key FROM latest)
),

found AS (
    SELECT artifact_key, 'row' AS part FROM changing
    UNION ALL
    SELECT artifact_key, 'latest' AS part FROM latest
    UNION ALL
    SELECT artifact_key, 'seen' AS part FROM near
    UNION ALL
    SELECT artifact_key, 'seen' AS part FROM beside
)

-- Of a part of an id, all of it is seen. row comes after latest, and seen after both.
SELECT
    artifact_key,
    CASE WHEN bool_or(part = 'row') THEN 'row' WHEN bool_or(part = 'latest') THEN 'latest' ELSE 'seen' END AS part
FROM (
    SELECT artifact_key, part FROM found
    UNION ALL
    SELECT artifact_key, 'seen' AS part
    FROM known
    WHERE invocation_id IN (
        SELECT known.invocation_id FROM known INNER JOIN found ON found.artifact_key = known.artifact_key
    )
)
GROUP BY artifact_key
