-- Tests that went from failing to passing without a known change: how often, and when last.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.flaky_tests AS
WITH recoveries AS (
    SELECT
        project_name,
        environment,
        unique_id,
        count(*) AS recovery_count,
        count(*) FILTER (WHERE is_flip) AS flip_count,
        count(*) FILTER (WHERE is_flip AND is_source_unchecked) AS unchecked_flip_count,
        count(*) FILTER (WHERE explanation = 'rebuild') AS rebuild_count,
        count(*) FILTER (WHERE explanation = 'definition') AS definition_count,
        count(*) FILTER (WHERE explanation = 'source') AS source_count,
        max(recovered_at) FILTER (WHERE is_flip) AS last_flip_at,
        arg_max(failing_invocation_id, recovered_at) FILTER (WHERE is_flip) AS last_failing_invocation_id,
        arg_max(passing_invocation_id, recovered_at) FILTER (WHERE is_flip) AS last_passing_invocation_id
    FROM v1.test_recoveries
    GROUP BY project_name, environment, unique_id
)

SELECT
    recoveries.project_name,
    recoveries.environment,
    recoveries.unique_id,
    rates.name,
    rates.tested_unique_id,
    recoveries.flip_count,
    rates.executed_count,
    CAST(recoveries.flip_count / CAST(nullif(rates.executed_count, 0) AS DOUBLE) AS DOUBLE) AS flip_rate,
    rates.failure_count,
    recoveries.unchecked_flip_count,
    recoveries.recovery_count,
    recoveries.recovery_count - recoveries.flip_count AS explained_count,
    recoveries.rebuild_count,
    recoveries.definition_count,
    recoveries.source_count,
    recoveries.last_flip_at,
    recoveries.last_failing_invocation_id,
    recoveries.last_passing_invocation_id
FROM recoveries
LEFT JOIN v1.test_failure_rates AS rates
    ON rates.project_name IS NOT DISTINCT FROM recoveries.project_name
    AND rates.environment = recoveries.environment
    AND rates.unique_id = recoveries.unique_id
WHERE recoveries.flip_count > 0;

COMMENT ON VIEW v1.flaky_tests IS 'One row per test with at least one flip. A flip is a change from failing to passing with no changed definition of the test or of anything above it, no successful rebuild above it and no known new source data in between. v1.test_recoveries has each.';
COMMENT ON COLUMN v1.flaky_tests.unique_id IS 'The test, or unit test.';
COMMENT ON COLUMN v1.flaky_tests.name IS 'Its name.';
COMMENT ON COLUMN v1.flaky_tests.flip_count IS 'How many times the test went from failing to passing with no explanation.';
COMMENT ON COLUMN v1.flaky_tests.executed_count IS 'How many times it was executed: see v1.test_failure_rates.';
COMMENT ON COLUMN v1.flaky_tests.flip_rate IS 'flip_count over executed_count, 0 to 1.';
COMMENT ON COLUMN v1.flaky_tests.failure_count IS 'How many times it failed.';
COMMENT ON COLUMN v1.flaky_tests.unchecked_flip_count IS 'How many flips may be due to new data in a source that it read, because no later freshness check rules that out.';
COMMENT ON COLUMN v1.flaky_tests.recovery_count IS 'How many times it went from failing to passing.';
COMMENT ON COLUMN v1.flaky_tests.explained_count IS 'How many recoveries are no flips. rebuild_count, definition_count and source_count say why; the rest are of runs without a manifest.';
COMMENT ON COLUMN v1.flaky_tests.rebuild_count IS 'How many recoveries followed a rebuild of a node that the test reads.';
COMMENT ON COLUMN v1.flaky_tests.definition_count IS 'How many recoveries followed a changed definition of the test or of a node above it, without a rebuild.';
COMMENT ON COLUMN v1.flaky_tests.source_count IS 'How many recoveries followed new data in a source that the test reads, without a rebuild or a changed definition.';
COMMENT ON COLUMN v1.flaky_tests.last_flip_at IS 'When it passed at its last flip, UTC.';
COMMENT ON COLUMN v1.flaky_tests.last_failing_invocation_id IS 'The invocation of the failure before its last flip.';
COMMENT ON COLUMN v1.flaky_tests.last_passing_invocation_id IS 'The invocation in which it passed at its last flip.';
