-- The edges that hold in a run: `dbt build` adds those from tests to the nodes that wait for them.
-- reads: edges
-- gives: all_edges [rule, graph, child, parent]

-- In `dbt build` a node waits for a test if it depends on every node that the test tests. For a test of one node it is
-- enough that the readers of that node wait, unless one of them is a function: functions do not wait.
tests AS (
    SELECT
        graph,
        child AS test,
        min(parent) AS tested,
        count(*) AS tested_count,
        count(*) = 1 AND bool_and((graph, parent) NOT IN (SELECT (graph, parent) FROM edges WHERE child_type = 'function'))
            AS is_of_readers
    FROM edges
    WHERE child_type = 'test'
    GROUP BY graph, child
),

-- All nodes below the nodes that a test tests together with others.
below (graph, tested, node, node_type, is_stopped_by_tests) AS (
    SELECT edges.graph, edges.parent, edges.child, edges.child_type, edges.is_stopped_by_tests
    FROM edges
    WHERE NOT edges.is_test
        AND (edges.graph, edges.parent) IN (
            SELECT (tested.graph, tested.parent)
            FROM edges AS tested
            INNER JOIN tests ON tests.graph = tested.graph AND tests.test = tested.child
            WHERE NOT tests.is_of_readers
        )
    UNION
    SELECT below.graph, below.tested, edges.child, edges.child_type, edges.is_stopped_by_tests
    FROM below
    INNER JOIN edges ON edges.graph = below.graph AND edges.parent = below.node
    WHERE NOT edges.is_test
),

below_tests AS (
    SELECT edges.graph, edges.child AS test, below.node, below.node_type
    FROM tests
    INNER JOIN edges ON edges.graph = tests.graph AND edges.child = tests.test
    INNER JOIN below ON below.graph = edges.graph AND below.tested = edges.parent
    WHERE NOT tests.is_of_readers AND below.is_stopped_by_tests
    GROUP BY edges.graph, edges.child, below.node, below.node_type
    HAVING count(*) = max(tests.tested_count)
),

test_edges AS (
    SELECT edges.graph, edges.child, edges.child_type, tests.test AS parent
    FROM tests
    INNER JOIN edges ON edges.graph = tests.graph AND edges.parent = tests.tested
    WHERE tests.is_of_readers AND edges.is_stopped_by_tests
    UNION ALL
    SELECT below_tests.graph, below_tests.node AS child, below_tests.node_type AS child_type, below_tests.test AS parent
    FROM below_tests
    WHERE NOT EXISTS (
        SELECT 1
        FROM edges
        INNER JOIN below_tests AS above ON above.graph = edges.graph AND above.node = edges.parent
        WHERE edges.graph = below_tests.graph AND edges.child = below_tests.node AND above.test = below_tests.test
    )
),

-- The unit tests of a model run before it, one after the other, once its parents are done. In dbt 2.0 only models wait
-- for tests.
unit_tests AS (
    SELECT
        graph,
        parent AS model,
        child AS unit_test,
        lag(child) OVER (PARTITION BY graph, parent ORDER BY child ASC) AS before
    FROM edges
    WHERE child_type = 'unit_test'
),

build_edges AS (
    SELECT rules.rule, edges.graph, edges.child, edges.parent, FALSE AS is_of_test
    FROM edges, (SELECT unnest([1, 2]) AS rule) AS rules
    WHERE edges.child_type <> 'unit_test'
    UNION ALL
    SELECT rules.rule, test_edges.graph, test_edges.child, test_edges.parent, TRUE AS is_of_test
    FROM test_edges, (SELECT unnest([1, 2]) AS rule) AS rules
    WHERE rules.rule = 1 OR test_edges.child_type = 'model'
),

all_edges AS (
    SELECT 0 AS rule, graph, child, parent FROM edges
    UNION ALL
    SELECT rule, graph, child, parent FROM build_edges
    UNION ALL
    SELECT build_edges.rule, unit_tests.graph, unit_tests.unit_test AS child, build_edges.parent
    FROM unit_tests
    INNER JOIN build_edges ON build_edges.graph = unit_tests.graph AND build_edges.child = unit_tests.model
    WHERE build_edges.rule = 1 OR NOT build_edges.is_of_test
    UNION ALL
    SELECT rules.rule, unit_tests.graph, unit_tests.model AS child, unit_tests.unit_test AS parent
    FROM unit_tests, (SELECT unnest([1, 2]) AS rule) AS rules
    UNION ALL
    SELECT 1 AS rule, graph, unit_test AS child, before AS parent FROM unit_tests WHERE before IS NOT NULL
),
