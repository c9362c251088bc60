-- Which tests every node has in the current manifests. Disabled tests are left out.
-- grain: project_name, environment, test_unique_id
CREATE OR REPLACE VIEW internal.node_tests AS
SELECT
    nodes.project_name,
    nodes.environment,
    coalesce(definitions.tested_unique_id, definitions.depends_on_nodes[1]) AS unique_id,
    lower(definitions.column_name) AS column_name,
    nodes.unique_id AS test_unique_id
FROM internal.current_nodes AS nodes
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = nodes.definition_id
WHERE nodes.is_enabled
    AND (
        definitions.tested_unique_id IS NOT NULL
        OR (definitions.test_type = 'singular' AND array_length(definitions.depends_on_nodes) = 1)
    );

COMMENT ON VIEW internal.node_tests IS
    'One row per test that tests one node, and the column in lower case where it tests one.';
