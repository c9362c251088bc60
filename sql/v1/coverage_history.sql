-- How much of every project had tests, descriptions, contracts and freshness criteria, day by day.
-- grain: project_name, environment, coverage_date
-- since: 0.1
CREATE OR REPLACE VIEW v1.coverage_history AS
-- The last manifest of each day.
WITH manifests AS (
    SELECT
        periods.project_name,
        periods.environment,
        CASE WHEN periods.valid_from > TIMESTAMP '0001-01-01' THEN CAST(periods.valid_from AS DATE) END AS coverage_date,
        CASE WHEN periods.valid_from > TIMESTAMP '0001-01-01' THEN periods.valid_from END AS manifest_generated_at,
        periods.graph_id,
        coalesce(artifacts.project_name, artifacts.main_package) AS package_name
    FROM internal.manifest_periods AS periods
    INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = periods.artifact_key
    QUALIFY row_number() OVER (
        PARTITION BY
            periods.project_name,
            periods.environment,
            CASE WHEN periods.valid_from > TIMESTAMP '0001-01-01' THEN CAST(periods.valid_from AS DATE) END
        ORDER BY periods.valid_from DESC
    ) = 1
)

SELECT
    manifests.project_name,
    manifests.environment,
    manifests.coverage_date,
    manifests.manifest_generated_at,
    CAST(coalesce(counts.test_count, 0) AS BIGINT) AS test_count,
    CAST(coalesce(counts.model_count, 0) AS BIGINT) AS model_count,
    CAST(coalesce(counts.tested_model_count, 0) AS BIGINT) AS tested_model_count,
    CAST(counts.tested_model_count / nullif(CAST(counts.model_count AS DOUBLE), 0) AS DOUBLE) AS tested_model_rate,
    CAST(coalesce(counts.described_model_count, 0) AS BIGINT) AS described_model_count,
    CAST(counts.described_model_count / nullif(CAST(counts.model_count AS DOUBLE), 0) AS DOUBLE) AS described_model_rate,
    CAST(coalesce(counts.contract_model_count, 0) AS BIGINT) AS contract_model_count,
    CAST(counts.contract_model_count / nullif(CAST(counts.model_count AS DOUBLE), 0) AS DOUBLE) AS contract_model_rate,
    CAST(coalesce(counts.public_model_count, 0) AS BIGINT) AS public_model_count,
    CAST(coalesce(counts.contract_public_model_count, 0) AS BIGINT) AS contract_public_model_count,
    CAST(counts.contract_public_model_count / nullif(CAST(counts.public_model_count AS DOUBLE), 0) AS DOUBLE) AS contract_public_model_rate,
    CAST(coalesce(counts.column_count, 0) AS BIGINT) AS column_count,
    CAST(coalesce(counts.described_column_count, 0) AS BIGINT) AS described_column_count,
    CAST(counts.described_column_count / nullif(CAST(counts.column_count AS DOUBLE), 0) AS DOUBLE) AS described_column_rate,
    CAST(coalesce(counts.source_count, 0) AS BIGINT) AS source_count,
    CAST(coalesce(counts.tested_source_count, 0) AS BIGINT) AS tested_source_count,
    CAST(counts.tested_source_count / nullif(CAST(counts.source_count AS DOUBLE), 0) AS DOUBLE) AS tested_source_rate,
    CAST(coalesce(counts.described_source_count, 0) AS BIGINT) AS described_source_count,
    CAST(counts.described_source_count / nullif(CAST(counts.source_count AS DOUBLE), 0) AS DOUBLE) AS described_source_rate,
    CAST(coalesce(counts.freshness_source_count, 0) AS BIGINT) AS freshness_source_count,
    CAST(counts.freshness_source_count / nullif(CAST(counts.source_count AS DOUBLE), 0) AS DOUBLE) AS freshness_source_rate
FROM manifests
LEFT JOIN internal.graph_coverage AS counts
    ON counts.graph_id = manifests.graph_id
    AND counts.package_name = manifests.package_name;

COMMENT ON VIEW v1.coverage_history IS 'One row per day on which a manifest of a project and environment was written. It describes the project''s own package in the last manifest of the day.';
COMMENT ON COLUMN v1.coverage_history.coverage_date IS 'The day, UTC; NULL for manifests of dbt versions that wrote no time.';
COMMENT ON COLUMN v1.coverage_history.manifest_generated_at IS 'When the last manifest of that day was written, UTC.';
COMMENT ON COLUMN v1.coverage_history.test_count IS 'How many enabled tests there were, data tests and unit tests.';
COMMENT ON COLUMN v1.coverage_history.model_count IS 'How many models there were.';
COMMENT ON COLUMN v1.coverage_history.tested_model_count IS 'How many models had at least one test.';
COMMENT ON COLUMN v1.coverage_history.tested_model_rate IS 'tested_model_count over model_count; NULL where there are no models.';
COMMENT ON COLUMN v1.coverage_history.described_model_count IS 'How many models had a description.';
COMMENT ON COLUMN v1.coverage_history.described_model_rate IS 'described_model_count over model_count; NULL where there are no models.';
COMMENT ON COLUMN v1.coverage_history.contract_model_count IS 'How many models had an enforced contract.';
COMMENT ON COLUMN v1.coverage_history.contract_model_rate IS 'contract_model_count over model_count; NULL where there are no models.';
COMMENT ON COLUMN v1.coverage_history.public_model_count IS 'How many models were public.';
COMMENT ON COLUMN v1.coverage_history.contract_public_model_count IS 'How many of the public models had an enforced contract.';
COMMENT ON COLUMN v1.coverage_history.contract_public_model_rate IS 'contract_public_model_count over public_model_count; NULL where there are no public models.';
COMMENT ON COLUMN v1.coverage_history.column_count IS 'How many columns the models declared.';
COMMENT ON COLUMN v1.coverage_history.described_column_count IS 'How many of the declared columns had a description.';
COMMENT ON COLUMN v1.coverage_history.described_column_rate IS 'described_column_count over column_count; NULL where there are no columns.';
COMMENT ON COLUMN v1.coverage_history.source_count IS 'How many source tables there were.';
COMMENT ON COLUMN v1.coverage_history.tested_source_count IS 'How many source tables had at least one test.';
COMMENT ON COLUMN v1.coverage_history.tested_source_rate IS 'tested_source_count over source_count; NULL where there are no source tables.';
COMMENT ON COLUMN v1.coverage_history.described_source_count IS 'How many source tables had a description of their own.';
COMMENT ON COLUMN v1.coverage_history.described_source_rate IS 'described_source_count over source_count; NULL where there are no source tables.';
COMMENT ON COLUMN v1.coverage_history.freshness_source_count IS 'How many source tables had freshness criteria.';
COMMENT ON COLUMN v1.coverage_history.freshness_source_rate IS 'freshness_source_count over source_count; NULL where there are no source tables.';
