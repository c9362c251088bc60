-- What is wrong above each exposure, in the words of the API.
-- parameters: none
-- grain: project_name, environment, unique_id
WITH words (issue, word) AS (
    VALUES
    ('upstream_sources_failed', 'DegradedUpstreamSources'),
    ('upstream_sources_warned', 'CautionUpstreamSources'),
    ('upstream_models_failed', 'LastRunFailedUpstreamModels'),
    ('upstream_tests_failed', 'FailedTestUpstreamModels'),
    ('upstream_tests_warned', 'WarnedTestUpstreamModels'),
    ('never_run', 'Unknown')
)

SELECT health.project_name, health.environment, health.unique_id, list(words.word ORDER BY words.word) AS words
FROM (
    SELECT project_name, environment, unique_id, unnest(issues) AS issue
    FROM v1.health
    WHERE resource_type = 'exposure'
) AS health
INNER JOIN words ON words.issue = health.issue
GROUP BY health.project_name, health.environment, health.unique_id
