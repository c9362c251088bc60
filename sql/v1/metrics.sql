-- Every metric of the current manifests: those of dbt up to 1.5, and those of MetricFlow.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.metrics AS
SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.package_name,
    nodes.name,
    nodes.description,
    nodes.original_file_path,
    nodes.fqn,
    nodes.tags,
    nodes.meta,
    nodes.config,
    nodes.group_name,
    nodes.is_enabled,
    nodes.definition_id,
    nodes.manifest_generated_at,
    nodes.extra ->> '$.label' AS label,
    coalesce(nodes.extra ->> '$.type', nodes.extra ->> '$.calculation_method') AS metric_type,
    coalesce(nodes.extra ->> '$.expression', nodes.extra ->> '$.type_params.expr', nodes.extra ->> '$.type_params.measure.name') AS expression,
    coalesce(nodes.extra -> '$.filter', nodes.extra -> '$.filters') AS filter,
    nullif(json_extract_string(nodes.extra, '$.time_grains[*]'), []) AS time_grains,
    coalesce(nullif(json_extract_string(nodes.extra, '$.dimensions[*]'), []), semantics.dimensions) AS dimensions,
    coalesce(nodes.extra ->> '$.model_unique_id', semantics.model_unique_id, models.model_unique_id) AS model_unique_id,
    nullif(list_sort(list_distinct(list_concat(
        json_extract_string(nodes.extra, '$.type_params.metrics[*].name'),
        json_extract_string(nodes.extra, '$.metrics[*][#-1]'),
        [nodes.extra ->> '$.type_params.numerator.name', nodes.extra ->> '$.type_params.denominator.name']
    )), 'ASC', 'NULLS LAST'), []) AS input_metric_names,
    nodes.depends_on_nodes,
    nodes.extra -> '$.type_params' AS type_params,
    nodes.extra ->> '$.calculation_method' AS calculation_method,
    nodes.extra ->> '$.timestamp' AS timestamp,
    nodes.other_fields AS extra,
    nodes.depends_on_macros
FROM internal.defined_nodes AS nodes
LEFT JOIN internal.metric_semantics AS semantics
    ON semantics.project_name IS NOT DISTINCT FROM nodes.project_name
    AND semantics.environment = nodes.environment
    AND semantics.unique_id = nodes.unique_id
LEFT JOIN internal.metric_models AS models
    ON models.project_name IS NOT DISTINCT FROM nodes.project_name
    AND models.environment = nodes.environment
    AND models.unique_id = nodes.unique_id
WHERE nodes.resource_type = 'metric';

COMMENT ON VIEW v1.metrics IS 'One row per metric of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.metrics.metric_type IS 'simple, ratio, derived, cumulative or conversion; up to dbt 1.5 the calculation_method.';
COMMENT ON COLUMN v1.metrics.expression IS 'What it calculates: an expression, or the measure that it aggregates.';
COMMENT ON COLUMN v1.metrics.filter IS 'Its filter.';
COMMENT ON COLUMN v1.metrics.time_grains IS 'Its time grains, up to dbt 1.5.';
COMMENT ON COLUMN v1.metrics.dimensions IS 'Its dimensions: up to dbt 1.5 as declared, later those of its semantic models.';
COMMENT ON COLUMN v1.metrics.model_unique_id IS 'The model that it is calculated from; NULL where it is calculated from other metrics or from several models.';
COMMENT ON COLUMN v1.metrics.input_metric_names IS 'The metrics that it is calculated from.';
COMMENT ON COLUMN v1.metrics.type_params IS 'Its type_params.';
COMMENT ON COLUMN v1.metrics.calculation_method IS 'Its calculation_method, up to dbt 1.5.';
COMMENT ON COLUMN v1.metrics.timestamp IS 'Its time column, up to dbt 1.5.';
