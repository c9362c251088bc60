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
    nodes.depends_on_nodes
FROM internal.defined_nodes AS nodes
WHERE nodes.resource_type = 'semantic_model';

COMMENT ON VIEW v1.semantic_models IS 'One row per semantic model of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.semantic_models.project_name IS 'The project.';
COMMENT ON COLUMN v1.semantic_models.environment IS 'The environment.';
COMMENT ON COLUMN v1.semantic_models.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.semantic_models.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.semantic_models.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.semantic_models.description IS 'Its description.';
COMMENT ON COLUMN v1.semantic_models.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.semantic_models.fqn IS 'Its fully qualified name, part by part.';
COMMENT ON COLUMN v1.semantic_models.tags IS 'Its tags.';
COMMENT ON COLUMN v1.semantic_models.meta IS 'Its meta.';
COMMENT ON COLUMN v1.semantic_models.config IS 'Its config, whole.';
COMMENT ON COLUMN v1.semantic_models.group_name IS 'The group that it belongs to.';
COMMENT ON COLUMN v1.semantic_models.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.semantic_models.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.semantic_models.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.semantic_models.label IS 'Its label.';
COMMENT ON COLUMN v1.semantic_models.model_unique_id IS 'The model that it is built on.';
COMMENT ON COLUMN v1.semantic_models.primary_entity IS 'Its primary entity.';
COMMENT ON COLUMN v1.semantic_models.entities IS 'Its entities.';
COMMENT ON COLUMN v1.semantic_models.dimensions IS 'Its dimensions.';
COMMENT ON COLUMN v1.semantic_models.measures IS 'Its measures.';
COMMENT ON COLUMN v1.semantic_models.defaults IS 'Its defaults.';
COMMENT ON COLUMN v1.semantic_models.depends_on_nodes IS 'What it depends on.';
