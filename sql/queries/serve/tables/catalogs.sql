-- What the last catalog says of each relation that is in one.
-- parameters: none
-- tables: environments (environment_id BIGINT, project_id BIGINT, project_name VARCHAR, environment VARCHAR, dbt_version VARCHAR), relations (project_name VARCHAR, environment VARCHAR, unique_id VARCHAR, catalog_type VARCHAR, catalog_owner VARCHAR, catalog_comment VARCHAR, row_count BIGINT, size_bytes BIGINT)
-- grain: environment_id, unique_id
WITH catalogs AS (
    SELECT project_name, environment, unique_id, max(catalog_generated_at) AS generated_at
    FROM internal.current_relations
    GROUP BY project_name, environment, unique_id
)

SELECT
    environments.environment_id,
    relations.unique_id,
    relations.catalog_type AS type,
    relations.catalog_owner AS owner,
    relations.catalog_comment AS comment,
    relations.row_count AS row_count_stat,
    relations.size_bytes AS bytes_stat,
    catalogs.generated_at AS run_generated_at
FROM relations
INNER JOIN catalogs
    ON catalogs.project_name IS NOT DISTINCT FROM relations.project_name
    AND catalogs.environment = relations.environment
    AND catalogs.unique_id = relations.unique_id
INNER JOIN environments
    ON environments.project_name IS NOT DISTINCT FROM relations.project_name
    AND environments.environment = relations.environment
