-- The command of each artifact that tells of a run: of a run_results, of the checks of `dbt source freshness` (rule 3), and
-- of what others than dbt's results tell of an invocation, which is one with its results (rule 9).
-- grain: artifact_key
--
-- From dbt 1.5 on every invocation has an id of its own: checks that have the id of a run_results of another command
-- belong to that invocation. Up to 1.4 the id is that of a process, in which `source freshness` was another command.
CREATE OR REPLACE VIEW internal.artifact_commands AS
WITH run_results AS (
    SELECT
        artifact_key,
        invocation_id,
        CASE
            WHEN command IN ('freshness', 'source-freshness', 'snapshot-freshness') THEN 'source freshness'
            ELSE command
        END AS command
    FROM stored.artifacts
    WHERE kind = 'run_results' AND error IS NULL
),

other_commands AS (
    SELECT DISTINCT invocation_id
    FROM run_results
    WHERE command <> 'source freshness'
        AND invocation_id IN (
            SELECT invocation_id FROM stored.artifacts WHERE kind IN ('sources', 'freshness') AND error IS NULL
        )
),

checks AS (
    SELECT checks.artifact_key, checks.invocation_id, 'source freshness' AS command
    FROM stored.artifacts AS checks
    LEFT JOIN other_commands ON other_commands.invocation_id = checks.invocation_id
    WHERE checks.kind IN ('sources', 'freshness', 'information_schema_freshness')
        AND checks.error IS NULL
        AND (other_commands.invocation_id IS NULL OR regexp_matches(checks.dbt_version, '^(0\.|1\.[0-4](\D|$))'))
),

written AS (
    SELECT artifact_key, invocation_id, command FROM run_results
    UNION ALL
    SELECT artifact_key, invocation_id, command FROM checks
),

-- dbt's own word for the command comes first: the results of a `dbt retry` name the command that it retries.
told AS (
    SELECT
        artifact_key,
        invocation_id,
        CASE WHEN command = 'freshness' THEN 'source freshness' ELSE command END AS command
    FROM stored.artifacts
    WHERE kind IN ('run', 'telemetry', 'information_schema') AND error IS NULL
),

told_commands AS (
    SELECT invocation_id, min(command) AS command FROM told GROUP BY invocation_id
),

settled AS (
    SELECT
        told.artifact_key,
        coalesce(
            min(written.command) FILTER (WHERE written.command = told.command),
            min(written.command),
            min(told_commands.command),
            'unknown'
        ) AS command
    FROM told
    LEFT JOIN written ON written.invocation_id = told.invocation_id
    LEFT JOIN told_commands ON told_commands.invocation_id = told.invocation_id
    GROUP BY told.artifact_key
)

SELECT artifact_key, command FROM written
UNION ALL
SELECT artifact_key, command FROM settled;

COMMENT ON VIEW internal.artifact_commands IS
    'One row per artifact that describes a run. The one place that names the command `source freshness`.';
