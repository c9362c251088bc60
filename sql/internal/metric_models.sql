-- The model that a metric depends on directly, where it is exactly one: metrics of dbt up to 1.5.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.metric_models AS
SELECT project_name, environment, child_unique_id AS unique_id, min(parent_unique_id) AS model_unique_id
FROM internal.current_edges
WHERE child_resource_type = 'metric' AND starts_with(parent_unique_id, 'model.')
GROUP BY project_name, environment, child_unique_id
HAVING count(DISTINCT parent_unique_id) = 1;

COMMENT ON VIEW internal.metric_models IS 'One row per metric that depends on exactly one model.';
