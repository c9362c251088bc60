-- The artifacts of the second and later runs of a process that gave all its runs one invocation_id (rule 9).
-- grain: artifact_key
--
-- dbt up to 1.4 sets the id once a process. Where no run shares its id, all steps after `shared` are empty.
-- Not portable: a recursive `UNION`. `of_keys` are all artifacts of some ids; NULL stands for those of all.
CREATE OR REPLACE MACRO internal.split_invocations(of_keys) AS TABLE
WITH RECURSIVE
labels AS (
    SELECT artifact_key, min(project_name) AS project_name
    FROM stored.artifact_uris
    WHERE project_name IS NOT NULL
    GROUP BY artifact_key
),

identified AS (
    SELECT
        artifacts.artifact_key,
        artifacts.artifact_id,
        artifacts.kind,
        artifacts.invocation_id,
        commands.command,
        artifacts.main_package,
        artifacts.result_keys,
        coalesce(artifacts.generated_at, TIMESTAMP '0001-01-01') AS clock,
        coalesce(labels.project_name, artifacts.project_name) AS project_name
    FROM stored.artifacts AS artifacts
    LEFT JOIN internal.artifact_commands AS commands ON commands.artifact_key = artifacts.artifact_key
    LEFT JOIN labels ON labels.artifact_key = artifacts.artifact_key
    WHERE artifacts.error IS NULL
        AND artifacts.invocation_id IS NOT NULL
        AND (of_keys IS NULL OR artifacts.artifact_key IN (SELECT unnest(of_keys)))
),

shared AS (
    SELECT invocation_id, kind, command
    FROM identified
    WHERE command IS NOT NULL
    GROUP BY invocation_id, kind, command
    HAVING count(*) > 1
),

candidates AS (
    SELECT
        identified.artifact_key,
        identified.artifact_id,
        identified.kind,
        identified.invocation_id,
        identified.command,
        identified.result_keys,
        identified.clock
    FROM identified
    INNER JOIN shared
        ON shared.invocation_id = identified.invocation_id
        AND shared.kind = identified.kind
        AND shared.command = identified.command
),

results AS (
    SELECT artifact_key, unique_id, least(compile_started_at, execute_started_at) AS started_at
    FROM stored.node_executions
    WHERE artifact_key IN (SELECT artifact_key FROM candidates)
    UNION ALL
    SELECT artifact_key, unique_id, snapshotted_at AS started_at
    FROM stored.source_freshness
    WHERE artifact_key IN (SELECT artifact_key FROM candidates)
),

timed AS (
    SELECT DISTINCT artifact_key FROM results WHERE started_at IS NOT NULL
),

-- A result without a start, such as a skipped one, is the same in every run: it is compared only where no result has a start.
keys AS (
    SELECT results.artifact_key, left(md5(concat(results.unique_id, ' ', results.started_at)), 16) AS result_key
    FROM results
    LEFT JOIN timed ON timed.artifact_key = results.artifact_key
    WHERE results.started_at IS NOT NULL OR timed.artifact_key IS NULL
    UNION ALL
    SELECT artifact_key, unnest(string_split(result_keys, ' ')) AS result_key
    FROM candidates
),

-- Of the files that have a result, each is linked with the first one.
links AS (
    SELECT DISTINCT
        candidates.artifact_key,
        min(candidates.artifact_key) OVER (
            PARTITION BY candidates.invocation_id, candidates.kind, candidates.command, keys.result_key
        ) AS first_key
    FROM candidates
    INNER JOIN keys ON keys.artifact_key = candidates.artifact_key
),

edges AS (
    SELECT artifact_key AS from_key, first_key AS to_key FROM links
    UNION
    SELECT first_key AS from_key, artifact_key AS to_key FROM links
),

reached AS (
    SELECT artifact_key, artifact_key AS reached_key FROM links
    UNION
    SELECT reached.artifact_key, edges.to_key AS reached_key
    FROM reached
    INNER JOIN edges ON edges.from_key = reached.reached_key
),

members AS (
    SELECT artifact_key, min(reached_key) AS run_key
    FROM reached
    GROUP BY artifact_key
),

ordered_runs AS (
    SELECT
        members.run_key,
        candidates.invocation_id,
        candidates.kind,
        candidates.command,
        max(candidates.clock) AS clock,
        row_number() OVER (
            PARTITION BY candidates.invocation_id, candidates.kind, candidates.command
            ORDER BY max(candidates.clock) ASC, min(candidates.artifact_id) ASC
        ) AS number
    FROM members
    INNER JOIN candidates ON candidates.artifact_key = members.artifact_key
    GROUP BY members.run_key, candidates.invocation_id, candidates.kind, candidates.command
),

-- A file without results belongs to the run that ended next, else to the last one.
numbered AS (
    SELECT members.artifact_key, ordered_runs.invocation_id, ordered_runs.number
    FROM members
    INNER JOIN ordered_runs ON ordered_runs.run_key = members.run_key
    UNION ALL
    SELECT
        candidates.artifact_key,
        candidates.invocation_id,
        coalesce(
            min(ordered_runs.number) FILTER (WHERE ordered_runs.clock >= candidates.clock),
            max(ordered_runs.number)
        ) AS number
    FROM candidates
    INNER JOIN ordered_runs
        ON ordered_runs.invocation_id = candidates.invocation_id
        AND ordered_runs.kind = candidates.kind
        AND ordered_runs.command = candidates.command
    WHERE candidates.artifact_key NOT IN (SELECT artifact_key FROM members)
    GROUP BY candidates.artifact_key, candidates.invocation_id
),

projects AS (
    SELECT DISTINCT coalesce(labels.project_name, artifacts.project_name) AS project_name
    FROM stored.artifacts AS artifacts
    LEFT JOIN labels ON labels.artifact_key = artifacts.artifact_key
    WHERE artifacts.error IS NULL AND artifacts.invocation_id IS NOT NULL
),

-- All artifacts of the ids that are split. Where no project is known by the name of its package, one of the id's is.
involved AS (
    SELECT
        identified.artifact_key,
        identified.kind,
        identified.invocation_id,
        identified.command,
        identified.clock,
        coalesce(numbered.number, 1) AS number,
        coalesce(
            identified.project_name,
            projects.project_name,
            min(identified.project_name) OVER (PARTITION BY identified.invocation_id),
            ''
        ) AS project_name
    FROM identified
    LEFT JOIN numbered ON numbered.artifact_key = identified.artifact_key
    LEFT JOIN projects ON projects.project_name = identified.main_package
    WHERE identified.invocation_id IN (SELECT invocation_id FROM numbered WHERE number > 1)
),

runs AS (
    SELECT invocation_id, project_name, clock, min(number) AS number
    FROM involved
    WHERE command IS NOT NULL
    GROUP BY invocation_id, project_name, clock
),

-- The times of the last run up to each artifact's own time, and of the first one from it on.
moments AS (
    SELECT artifact_key, invocation_id, project_name, clock, CAST(NULL AS TIMESTAMP) AS run_clock
    FROM involved
    UNION ALL
    SELECT CAST(NULL AS BIGINT) AS artifact_key, invocation_id, project_name, clock, clock AS run_clock
    FROM runs
),

near AS (
    SELECT
        artifact_key,
        max(run_clock) OVER (
            PARTITION BY invocation_id, project_name
            ORDER BY clock ASC
            RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS earlier,
        min(run_clock) OVER (
            PARTITION BY invocation_id, project_name
            ORDER BY clock ASC
            RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS later
    FROM moments
),

-- dbt writes a manifest before the results of its run, and a catalog after them.
followed AS (
    SELECT
        involved.artifact_key,
        involved.invocation_id,
        CASE
            WHEN involved.command IS NOT NULL THEN involved.number
            WHEN involved.kind = 'catalog' THEN coalesce(earlier.number, later.number)
            ELSE coalesce(later.number, earlier.number)
        END AS number
    FROM involved
    INNER JOIN near ON near.artifact_key = involved.artifact_key
    LEFT JOIN runs AS later
        ON later.invocation_id = involved.invocation_id
        AND later.project_name = involved.project_name
        AND later.clock = near.later
    LEFT JOIN runs AS earlier
        ON earlier.invocation_id = involved.invocation_id
        AND earlier.project_name = involved.project_name
        AND earlier.clock = near.earlier
)

SELECT artifact_key, concat(invocation_id, '.', number) AS invocation_id
FROM followed
WHERE number > 1;

COMMENT ON MACRO TABLE internal.split_invocations IS
    'One row per artifact whose invocation_id gets a number: .2 for the second run of its command with that id, and so on.';
