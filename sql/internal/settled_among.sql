-- What is known of some artifacts from all artifacts together, by rules 7, 8 and 9 (docs/rules.md).
-- grain: artifact_key
--
-- Not portable, like all macros. `of_keys` are the artifacts; NULL stands for all. The rule looks only at these, but for the names of
-- projects and the folders of manifests. So a row is right where `of_keys` have, with it, all artifacts of its id, the
-- nearest manifests before and after it, and the latest of its kind: sql/queries/find_concerned.sql chooses them.
CREATE OR REPLACE MACRO internal.settled_among(of_keys) AS TABLE
WITH labelled AS (
    SELECT
        artifact_key,
        min(project_name) AS project_label,
        min(environment) AS environment_label,
        min(job_name) AS job_label
    FROM stored.artifact_uris
    WHERE coalesce(project_name, environment, job_name) IS NOT NULL
        AND (of_keys IS NULL OR artifact_key IN (SELECT unnest(of_keys)))
    GROUP BY artifact_key
),

project_labels AS (
    SELECT artifact_key, min(project_name) AS project_label
    FROM stored.artifact_uris
    WHERE project_name IS NOT NULL
    GROUP BY artifact_key
),

said AS (
    SELECT
        artifacts.artifact_key,
        artifacts.artifact_id,
        artifacts.kind,
        artifacts.project_id,
        artifacts.main_package,
        coalesce(split.invocation_id, artifacts.invocation_id) AS invocation_id,
        commands.command,
        artifacts.target_name,
        artifacts.generated_at,
        artifacts.pruned_at IS NOT NULL AS is_pruned,
        artifacts.result_keys,
        artifacts.entry_count IS NOT NULL AS has_entries,
        labelled.environment_label,
        labelled.job_label,
        coalesce(labelled.project_label, artifacts.project_name) AS own_project,
        -- Of the artifacts of one invocation, the one with the smallest rank is current (rule 9, docs/rules.md).
        row_number() OVER (
            ORDER BY
                artifacts.generated_at DESC NULLS LAST,
                artifacts.compiled_count DESC NULLS LAST,
                artifacts.entry_count DESC,
                artifacts.artifact_id ASC
        ) AS rank
    FROM stored.artifacts AS artifacts
    LEFT JOIN labelled ON labelled.artifact_key = artifacts.artifact_key
    LEFT JOIN internal.artifact_commands AS commands ON commands.artifact_key = artifacts.artifact_key
    LEFT JOIN internal.split_invocations(of_keys) AS split ON split.artifact_key = artifacts.artifact_key
    WHERE artifacts.error IS NULL AND (of_keys IS NULL OR artifacts.artifact_key IN (SELECT unnest(of_keys)))
),

-- The labels that the artifacts of one invocation give together.
invocations AS (
    SELECT
        invocation_id,
        coalesce(min(own_project) FILTER (WHERE kind = 'manifest'), min(own_project)) AS project_name,
        min(project_id) FILTER (WHERE kind <> 'run') AS project_id,
        min(environment_label) AS environment_label,
        min(target_name) AS target_name,
        min(job_label) AS job_label,
        list(DISTINCT own_project) FILTER (WHERE kind = 'manifest') AS manifest_projects
    FROM said
    WHERE invocation_id IS NOT NULL
    GROUP BY invocation_id
),

-- metadata.project_id is the md5 of the project's name: an artifact that has both names the project for all others.
project_ids AS (
    SELECT artifacts.project_id, min(coalesce(labels.project_label, artifacts.project_name)) AS project_name
    FROM stored.artifacts AS artifacts
    LEFT JOIN project_labels AS labels ON labels.artifact_key = artifacts.artifact_key
    WHERE artifacts.error IS NULL AND artifacts.project_id IN (SELECT project_id FROM said)
    GROUP BY artifacts.project_id
),

-- A scheduler has ids of its own for projects. The projects of its invocations name that of an invocation for which dbt
-- wrote nothing.
scheduled_projects AS (
    SELECT runs.project_id, min(coalesce(labels.project_label, manifests.project_name)) AS project_name
    FROM stored.artifacts AS runs
    INNER JOIN stored.artifacts AS manifests
        ON manifests.invocation_id = runs.invocation_id
        AND manifests.kind = 'manifest'
        AND manifests.error IS NULL
    LEFT JOIN project_labels AS labels ON labels.artifact_key = manifests.artifact_key
    WHERE runs.kind = 'run' AND runs.project_id IN (SELECT project_id FROM said WHERE kind = 'run')
    GROUP BY runs.project_id
),

-- A semantic manifest and a column lineage have no ids: they belong to the manifest that lies beside them. Where several
-- have lain there over time, the invocation stays unknown, and the project too unless they agree.
places AS (
    SELECT folders.artifact_key, folders.folder
    FROM internal.artifact_folders AS folders
    INNER JOIN said ON said.artifact_key = folders.artifact_key
    WHERE folders.kind IN ('semantic_manifest', 'column_lineage')
),

folders AS (
    SELECT
        folder,
        CASE WHEN min(own_project) = max(own_project) THEN min(own_project) END AS project_name,
        CASE WHEN min(invocation_id) = max(invocation_id) THEN min(invocation_id) END AS invocation_id
    FROM (
        SELECT
            manifests.folder,
            coalesce(labels.project_label, artifacts.project_name) AS own_project,
            coalesce(said.invocation_id, artifacts.invocation_id) AS invocation_id
        FROM internal.artifact_folders AS manifests
        INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = manifests.artifact_key
        LEFT JOIN project_labels AS labels ON labels.artifact_key = manifests.artifact_key
        LEFT JOIN said ON said.artifact_key = manifests.artifact_key
        WHERE manifests.kind = 'manifest' AND manifests.folder IN (SELECT folder FROM places)
    )
    GROUP BY folder
),

beside AS (
    SELECT
        places.artifact_key,
        min(folders.project_name) AS project_name,
        min(folders.invocation_id) AS invocation_id
    FROM places
    INNER JOIN folders ON folders.folder = places.folder
    GROUP BY places.artifact_key
),

-- A pruned run is counted already: another file of it must not be counted again. Releases that kept no keys pruned
-- each freshness check alone.
pruned_runs AS (
    SELECT DISTINCT invocation_id, command
    FROM said
    WHERE is_pruned AND (kind IN ('run_results', 'run', 'telemetry', 'information_schema') OR result_keys IS NOT NULL)
),

settled AS (
    SELECT
        said.artifact_key,
        said.kind,
        CASE WHEN said.kind = 'column_lineage' THEN beside.invocation_id ELSE said.invocation_id END AS invocation_id,
        said.invocation_id AS own_invocation_id,
        said.command,
        -- An artifact without a time comes before all that have one.
        coalesce(said.generated_at, TIMESTAMP '0001-01-01') AS clock,
        said.rank,
        coalesce(
            said.own_project,
            -- Two projects may share an id in one process.
            CASE WHEN list_contains(invocations.manifest_projects, said.main_package) THEN said.main_package END,
            invocations.project_name,
            project_ids.project_name,
            scheduled_projects.project_name,
            beside.project_name,
            said.main_package
        ) AS project_name,
        coalesce(
            said.environment_label,
            said.target_name,
            invocations.environment_label,
            invocations.target_name,
            'default'
        ) AS environment,
        coalesce(said.job_label, invocations.job_label) AS job_name,
        NOT said.is_pruned AND pruned_runs.command IS NULL AND said.rank = min(said.rank) OVER (
            PARTITION BY
                said.kind,
                coalesce(said.invocation_id, said.artifact_id),
                CASE WHEN said.kind = 'run_results' THEN said.command END,
                -- The information schema has the results of an invocation in a file of their own.
                CASE WHEN said.kind = 'information_schema' THEN said.has_entries END,
                -- dbt writes a manifest twice with one time; another time or project makes it another manifest.
                CASE WHEN said.kind = 'manifest' THEN coalesce(said.project_id, said.own_project) END,
                CASE WHEN said.kind = 'manifest' THEN said.generated_at END
        ) AS is_current
    FROM said
    LEFT JOIN beside ON beside.artifact_key = said.artifact_key
    LEFT JOIN invocations ON invocations.invocation_id = coalesce(said.invocation_id, beside.invocation_id)
    LEFT JOIN pruned_runs
        ON pruned_runs.invocation_id = said.invocation_id
        AND pruned_runs.command = said.command
    LEFT JOIN project_ids ON project_ids.project_id = coalesce(said.project_id, invocations.project_id)
    LEFT JOIN scheduled_projects ON scheduled_projects.project_id = said.project_id AND said.kind = 'run'
),

-- At one moment a project has one manifest in an environment.
manifests AS (
    SELECT project_name, environment, clock, arg_min(artifact_key, rank) AS artifact_key
    FROM settled
    WHERE kind = 'manifest' AND is_current
    GROUP BY project_name, environment, clock
),

project_manifests AS (
    SELECT project_name, clock, arg_min(artifact_key, rank) AS artifact_key
    FROM settled
    WHERE kind = 'manifest' AND is_current
    GROUP BY project_name, clock
),

-- Of several manifests of an invocation: those of the same project first, then the newest up to the artifact's time.
own_manifests AS (
    SELECT
        settled.artifact_key,
        arg_max(
            manifests.artifact_key,
            (
                manifests.project_name IS NOT DISTINCT FROM settled.project_name,
                manifests.clock <= settled.clock,
                CASE WHEN manifests.clock <= settled.clock THEN -manifests.rank ELSE manifests.rank END
            )
        ) AS manifest_key
    FROM settled
    INNER JOIN settled AS manifests
        ON manifests.invocation_id = settled.invocation_id
        AND manifests.kind = 'manifest'
        AND manifests.is_current
    GROUP BY settled.artifact_key
),

-- The time of the last manifest up to each artifact's own: all moments of a project in one order.
moments AS (
    SELECT artifact_key, project_name, environment, clock, CAST(NULL AS TIMESTAMP) AS manifest_clock
    FROM settled
    UNION ALL
    SELECT CAST(NULL AS BIGINT) AS artifact_key, project_name, environment, clock, clock AS manifest_clock
    FROM manifests
),

before AS (
    SELECT
        artifact_key,
        max(manifest_clock) OVER (
            PARTITION BY project_name, environment ORDER BY clock ASC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS here,
        max(manifest_clock) OVER (
            PARTITION BY project_name ORDER BY clock ASC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS anywhere
    FROM moments
),

-- An artifact without a manifest before it has all of them after it: the first one is the next.
first_manifests AS (
    SELECT project_name, environment, arg_min(artifact_key, clock) AS artifact_key
    FROM manifests
    GROUP BY project_name, environment
),

first_project_manifests AS (
    SELECT project_name, arg_min(artifact_key, clock) AS artifact_key
    FROM project_manifests
    GROUP BY project_name
)

SELECT
    settled.artifact_key,
    settled.project_name,
    settled.environment,
    settled.job_name,
    settled.is_current,
    settled.is_current AND settled.rank = min(CASE WHEN settled.is_current THEN settled.rank END) OVER (
        PARTITION BY settled.kind, settled.project_name, settled.environment
    ) AS is_latest,
    coalesce(
        own.manifest_key,
        before_here.artifact_key,
        before_anywhere.artifact_key,
        after_here.artifact_key,
        after_anywhere.artifact_key
    ) AS manifest_key,
    settled.own_invocation_id AS invocation_id,
    settled.command
FROM settled
INNER JOIN before ON before.artifact_key = settled.artifact_key
LEFT JOIN own_manifests AS own ON own.artifact_key = settled.artifact_key
LEFT JOIN manifests AS before_here
    ON before_here.project_name = settled.project_name
    AND before_here.environment = settled.environment
    AND before_here.clock = before.here
LEFT JOIN project_manifests AS before_anywhere
    ON before_anywhere.project_name = settled.project_name
    AND before_anywhere.clock = before.anywhere
LEFT JOIN first_manifests AS after_here
    ON after_here.project_name = settled.project_name
    AND after_here.environment = settled.environment
LEFT JOIN first_project_manifests AS after_anywhere ON after_anywhere.project_name = settled.project_name;

COMMENT ON MACRO TABLE internal.settled_among IS
    'One row per artifact that is not quarantined: its labels, whether it is current, and its manifest.';
