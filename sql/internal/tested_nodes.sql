-- Every node that every enabled test reads: the tested one, or all parents of a singular test.
-- grain: project_name, environment, unique_id, test_unique_id
CREATE OR REPLACE VIEW internal.tested_nodes AS
SELECT project_name, environment, unique_id, test_unique_id
FROM internal.node_tests
UNION
SELECT tests.project_name, tests.environment, unnest(definitions.depends_on_nodes) AS unique_id, tests.unique_id AS test_unique_id
FROM internal.current_nodes AS tests
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = tests.definition_id
WHERE tests.is_enabled AND definitions.test_type = 'singular';

COMMENT ON VIEW internal.tested_nodes IS 'One row per pair of a test and a node that it reads. internal.node_tests has the tested column.';
