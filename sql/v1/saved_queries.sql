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
    nodes.depends_on_nodes,
    nodes.other_fields AS extra
FROM internal.defined_nodes AS nodes
WHERE nodes.resource_type = 'saved_query';

COMMENT ON VIEW v1.saved_queries IS 'One row per saved query of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.saved_queries.query_params IS 'The metrics, group by and where of the query.';
COMMENT ON COLUMN v1.saved_queries.exports IS 'The relations to which the query is exported.';
