-- Every statistic of every relation. Its value is JSON: a number, a boolean or a text.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR)
-- grain: environment_id, unique_id, id
SELECT
    environments.environment_id,
    stats.unique_id,
    stats.stat_id AS id,
    stats.label,
    stats.description,
    stats.is_included AS include,
    CASE
        WHEN lower(stats.value) IN ('true', 'false') THEN CAST(lower(stats.value) AS JSON)
        WHEN json_valid(stats.value) AND json_type(stats.value) IN ('UBIGINT', 'BIGINT', 'DOUBLE')
            THEN CAST(stats.value AS JSON)
        ELSE to_json(stats.value)
    END AS value
FROM v1.relation_stats AS stats
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM stats.project_name
    AND environments.environment = stats.environment
ORDER BY environments.environment_id, stats.unique_id, stats.stat_id
