-- Every semantic model of the current manifests.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.semantic_models AS
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
    nodes.depends_on_nodes[1] AS model_unique_id,
    nodes.extra ->> '$.primary_entity' AS primary_entity,
    nodes.extra -> '$.entities' AS entities,
    nodes.extra -> '$.dimensions' AS dimensions,
    nodes.extra -> '$.measures' AS measures,
    nodes.extra -> '$.defaults' AS defaults,
    nodes.depends_on_nodes,
    nodes.other_fields AS extra
FROM internal.defined_nodes AS nodes
WHERE nodes.resource_type = 'semantic_model';

COMMENT ON VIEW v1.semantic_models IS 'One row per semantic model of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.semantic_models.model_unique_id IS 'The model that it is built on.';
COMMENT ON COLUMN v1.semantic_models.primary_entity IS 'Its primary entity.';
COMMENT ON COLUMN v1.semantic_models.entities IS 'Its entities.';
COMMENT ON COLUMN v1.semantic_models.dimensions IS 'Its dimensions.';
COMMENT ON COLUMN v1.semantic_models.measures IS 'Its measures.';
COMMENT ON COLUMN v1.semantic_models.defaults IS 'Its defaults.';
