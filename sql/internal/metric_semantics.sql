-- The dimensions of a metric's semantic models, and their model where it is exactly one.
-- grain: project_name, environment, unique_id
CREATE OR REPLACE VIEW internal.metric_semantics AS
WITH semantic_models AS (
    SELECT
        nodes.project_name,
        nodes.environment,
        nodes.unique_id,
        nodes.depends_on_nodes[1] AS model_unique_id,
        unnest(json_extract_string(definitions.extra, '$.dimensions[*].name')) AS dimension
    FROM internal.current_nodes AS nodes
    INNER JOIN stored.definitions AS definitions ON definitions.definition_id = nodes.definition_id
    WHERE nodes.resource_type = 'semantic_model'
)

SELECT
    edges.project_name,
    edges.environment,
    edges.child_unique_id AS unique_id,
    CASE WHEN count(DISTINCT semantic_models.model_unique_id) = 1 THEN min(semantic_models.model_unique_id) END
        AS model_unique_id,
    list(DISTINCT semantic_models.dimension ORDER BY semantic_models.dimension ASC) AS dimensions
FROM internal.current_edges AS edges
INNER JOIN semantic_models
    ON semantic_models.project_name IS NOT DISTINCT FROM edges.project_name
    AND semantic_models.environment = edges.environment
    AND semantic_models.unique_id = edges.parent_unique_id
WHERE edges.child_resource_type = 'metric'
GROUP BY edges.project_name, edges.environment, edges.child_unique_id;

COMMENT ON VIEW internal.metric_semantics IS 'One row per metric that depends on semantic models directly.';
