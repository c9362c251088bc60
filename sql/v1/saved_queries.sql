-- Every saved query of the current manifests.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.saved_queries AS
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
    nodes.extra -> '$.query_params' AS query_params,
    nodes.extra -> '$.exports' AS exports,
    nodes.depends_on_nodes
FROM internal.defined_nodes AS nodes
WHERE nodes.resource_type = 'saved_query';

COMMENT ON VIEW v1.saved_queries IS 'One row per saved query of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.saved_queries.project_name IS 'The project.';
COMMENT ON COLUMN v1.saved_queries.environment IS 'The environment.';
COMMENT ON COLUMN v1.saved_queries.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.saved_queries.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.saved_queries.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.saved_queries.description IS 'Its description.';
COMMENT ON COLUMN v1.saved_queries.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.saved_queries.fqn IS 'Its fully qualified name, part by part.';
COMMENT ON COLUMN v1.saved_queries.tags IS 'Its tags.';
COMMENT ON COLUMN v1.saved_queries.meta IS 'Its meta.';
COMMENT ON COLUMN v1.saved_queries.config IS 'Its config, whole.';
COMMENT ON COLUMN v1.saved_queries.group_name IS 'The group that it belongs to.';
COMMENT ON COLUMN v1.saved_queries.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.saved_queries.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.saved_queries.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.saved_queries.label IS 'Its label.';
COMMENT ON COLUMN v1.saved_queries.query_params IS 'Its metrics, group by and where.';
COMMENT ON COLUMN v1.saved_queries.exports IS 'Where it is exported to.';
COMMENT ON COLUMN v1.saved_queries.depends_on_nodes IS 'What it depends on.';
