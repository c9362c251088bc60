-- How much of each project had tests, descriptions, contracts and freshness criteria, by day.
-- parameters: $project, $environment
-- grain: project_name, environment, coverage_date
SELECT
    project_name,
    environment,
    epoch_ms(CAST(coverage_date AS TIMESTAMP)) AS coverage_date,
    model_count,
    tested_model_count,
    tested_model_rate,
    described_model_count,
    described_model_rate,
    contract_model_count,
    contract_model_rate,
    column_count,
    described_column_count,
    described_column_rate,
    source_count,
    tested_source_count,
    tested_source_rate,
    freshness_source_count,
    freshness_source_rate
FROM v1.coverage_history
WHERE coverage_date IS NOT NULL
    AND ($project IS NULL OR project_name = $project)
    AND ($environment IS NULL OR environment = $environment)
ORDER BY coverage_date, project_name, environment
