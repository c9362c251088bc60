-- What only tests have.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT
    project_name,
    environment,
    unique_id,
    test_type,
    test_name,
    test_namespace,
    kwargs,
    column_name,
    tested_unique_id AS tested_node_unique_id,
    last_failures,
    extra ->> 'model' AS model,
    extra -> 'given' AS given,
    extra -> 'expect' AS expect,
    extra -> 'overrides' AS overrides,
    extra ->> 'this_input_node_unique_id' AS this_input_node_unique_id
FROM v1.tests
