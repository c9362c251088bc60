-- What only metrics have.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT
    project_name,
    environment,
    unique_id,
    label,
    metric_type AS type,
    expression AS formula,
    CAST(filter AS JSON) AS filter,
    type_params,
    expression AS metric_expression,
    calculation_method,
    dimensions AS metric_dimensions,
    time_grains,
    timestamp,
    model_unique_id,
    CASE WHEN json_type(filter) = 'ARRAY' THEN filter END AS filters
FROM v1.metrics
