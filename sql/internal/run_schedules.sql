-- Every executed result with what it waited for, and its place in the fastest schedule that the run's graph allows.
-- grain: artifact_key, unique_id
--
-- Not portable: recursions that aggregate. `of_invocation` restricts it to the runs of one invocation, `last_runs` to the
-- last so many of each project and environment; NULL takes all of them. docs/analytics.md says what each word means.
--
-- What many runs share is worked out once: graphs with equal edges are one (`structures`), and so are runs of one of these
-- that executed the same nodes (`shapes`). Only times are a run's own. Every node has a number, in the order of the ids;
-- times are whole microseconds, which add up exactly.
-- No CTE says MATERIALIZED: DuckDB keeps what is read twice anyhow, and 1.4 takes 4 GB to write a macro with 24 that do.
CREATE OR REPLACE MACRO internal.run_schedules(of_invocation, last_runs) AS TABLE
WITH RECURSIVE latest_runs AS (
    SELECT
        artifact_key,
        invocation_id,
        graph_id,
        -- Which edges hold: 0 those of the graph, 1 those of `dbt build` too, 2 as dbt 2.0 builds; NULL none.
        CASE
            WHEN command = 'clone' THEN NULL
            WHEN command <> 'build' THEN 0
            WHEN try_cast(split_part(dbt_version, '.', 1) AS INTEGER) >= 2 THEN 2
            ELSE 1
        END AS rule,
        row_number() OVER (PARTITION BY project_name, environment ORDER BY run_number DESC) AS age
    FROM internal.current_runs
    WHERE is_executing AND NOT is_aborted
),

runs AS (
    SELECT artifact_key, graph_id, rule, row_number() OVER (ORDER BY artifact_key) AS run
    FROM latest_runs
    WHERE (of_invocation IS NULL OR invocation_id = of_invocation) AND (last_runs IS NULL OR age <= last_runs)
),

-- Hooks come before or after all nodes and are in no graph.
results AS (
    SELECT
        runs.run,
        executions.artifact_key,
        executions.unique_id,
        executions.resource_type,
        executions.resource_type IS DISTINCT FROM 'operation' AS is_node,
        executions.thread_id,
        CASE WHEN executions.execution_seconds BETWEEN 0 AND 1e7 THEN executions.execution_seconds END AS seconds,
        least(executions.compile_started_at, executions.execute_started_at) AS started_at,
        greatest(executions.compile_completed_at, executions.execute_completed_at) AS completed_at,
        executions.compile_started_at,
        executions.compile_completed_at,
        executions.execute_started_at,
        executions.execute_completed_at,
        executions.status
    FROM internal.classified_executions AS executions
    INNER JOIN runs ON runs.artifact_key = executions.artifact_key
    WHERE executions.is_executed
),

-- Of each graph that a run has: who depends on whom.
parents AS (
    SELECT graph_id, unique_id, parent_unique_ids
    FROM internal.graph_nodes
    WHERE graph_id IN (SELECT graph_id FROM runs) AND len(parent_unique_ids) > 0
),

structures AS (
    SELECT graph_id, min(graph_id) OVER (PARTITION BY node_count, first_hash, second_hash) AS structure
    FROM (
        SELECT
            graph_id,
            count(*) AS node_count,
            bit_xor(hash(unique_id, parent_unique_ids)) AS first_hash,
            sum(hash(parent_unique_ids, unique_id)) AS second_hash
        FROM parents
        GROUP BY graph_id
    )
),

named_edges AS (
    SELECT DISTINCT parents.graph_id AS structure, parents.unique_id AS child, edge.parent
    FROM parents, (SELECT unnest(parents.parent_unique_ids) AS parent) AS edge
    WHERE parents.graph_id IN (SELECT structure FROM structures)
),

numbered AS (
    SELECT
        unique_id,
        CASE WHEN contains(unique_id, '.') THEN split_part(unique_id, '.', 1) END AS resource_type,
        row_number() OVER (ORDER BY unique_id) AS number
    FROM (
        SELECT unique_id FROM results
        UNION
        SELECT child FROM named_edges
        UNION
        SELECT parent FROM named_edges
    )
),

edges AS (
    SELECT
        dense_rank() OVER (ORDER BY named_edges.structure) AS graph,
        named_edges.structure,
        children.number AS child,
        children.resource_type AS child_type,
        parents.number AS parent,
        children.resource_type IN ('model', 'seed', 'snapshot', 'analysis') AS is_stopped_by_tests,
        children.resource_type IN ('test', 'unit_test') AS is_test
    FROM named_edges
    INNER JOIN numbered AS children ON children.unique_id = named_edges.child
    INNER JOIN numbered AS parents ON parents.unique_id = named_edges.parent
),

-- `dbt build` makes what depends on all that a test tests wait for the test too. Where one node is tested, it is enough
-- that its readers wait, unless one of them is a function, which does not.
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

-- What depends on the nodes that are tested together with others.
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
    SELECT graph, parent AS model, child AS unit_test, lag(child) OVER (PARTITION BY graph, parent ORDER BY child) AS before
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

graphs AS (
    SELECT structures.graph_id, edges.graph
    FROM structures
    INNER JOIN (SELECT DISTINCT structure, graph FROM edges) AS edges ON edges.structure = structures.structure
),

nodes AS (
    SELECT results.run, numbered.number, results.started_at, results.completed_at, results.seconds
    FROM results
    INNER JOIN numbered ON numbered.unique_id = results.unique_id
    WHERE results.is_node
),

shaped_runs AS (
    SELECT
        run,
        node_count,
        graph,
        rule,
        min(run) OVER (PARTITION BY graph, rule, node_count, first_hash, second_hash) AS shape
    FROM (
        SELECT
            nodes.run,
            graphs.graph,
            runs.rule,
            count(*) AS node_count,
            bit_xor(hash(nodes.number)) AS first_hash,
            sum(hash(nodes.number)) AS second_hash
        FROM nodes
        INNER JOIN runs ON runs.run = nodes.run
        LEFT JOIN graphs ON graphs.graph_id = runs.graph_id AND runs.rule IS NOT NULL
        GROUP BY nodes.run, graphs.graph, runs.rule
    )
),

members AS (
    SELECT shaped_runs.shape, shaped_runs.graph, shaped_runs.rule, nodes.number
    FROM shaped_runs
    INNER JOIN nodes ON nodes.run = shaped_runs.run
    WHERE shaped_runs.run = shaped_runs.shape AND shaped_runs.node_count > 1
),

-- Up from every node of a shape through what was not executed, as ephemeral models or what is not selected.
climbed (shape, graph, rule, child, parent) AS (
    SELECT members.shape, members.graph, members.rule, members.number, all_edges.parent
    FROM members
    INNER JOIN all_edges
        ON all_edges.graph = members.graph
        AND all_edges.rule = members.rule
        AND all_edges.child = members.number
    UNION
    SELECT climbed.shape, climbed.graph, climbed.rule, climbed.child, all_edges.parent
    FROM climbed
    INNER JOIN all_edges
        ON all_edges.graph = climbed.graph
        AND all_edges.rule = climbed.rule
        AND all_edges.child = climbed.parent
    LEFT JOIN members ON members.shape = climbed.shape AND members.number = climbed.parent
    WHERE members.number IS NULL
),

shape_edges AS (
    SELECT climbed.shape, climbed.child, climbed.parent
    FROM climbed
    INNER JOIN members ON members.shape = climbed.shape AND members.number = climbed.parent
    WHERE climbed.child <> climbed.parent
),

-- The longest chain of edges above every node. A step has the nodes at the end of a chain of so many edges; a chain of
-- more nodes than the shape has, or of more than 1,000, is a cycle: such a shape has no schedule.
leveled (shape, number, level) AS (
    SELECT shape, number, 0
    FROM members
    WHERE (shape, number) NOT IN (SELECT (shape, child) FROM shape_edges)
    UNION ALL
    SELECT shape_edges.shape, shape_edges.child, leveled.level + 1
    FROM leveled
    INNER JOIN shape_edges ON shape_edges.shape = leveled.shape AND shape_edges.parent = leveled.number
    INNER JOIN shaped_runs ON shaped_runs.run = leveled.shape
    WHERE leveled.level < least(shaped_runs.node_count, 1000)
    GROUP BY shape_edges.shape, shape_edges.child, leveled.level
),

levels AS (
    SELECT shape, number, CAST(max(level) AS BIGINT) AS level
    FROM leveled
    GROUP BY shape, number
),

cyclic AS (
    SELECT members.shape
    FROM members
    INNER JOIN shaped_runs ON shaped_runs.run = members.shape
    LEFT JOIN levels ON levels.shape = members.shape AND levels.number = members.number
    GROUP BY members.shape, shaped_runs.node_count
    HAVING count(levels.level) < count(*) OR max(levels.level) >= least(shaped_runs.node_count, 1000)
),

-- Every node of a run. A time that timings do not have is taken from execution_time, and the reverse.
timed AS (
    SELECT
        nodes.run,
        nodes.number,
        shaped_runs.shape,
        coalesce(levels.level, 0) AS level,
        cyclic.shape IS NOT NULL AS is_cyclic,
        nodes.completed_at,
        CAST(
            coalesce(
                round(nodes.seconds * 1e6), greatest(date_diff('microsecond', nodes.started_at, nodes.completed_at), 0), 0
            ) AS BIGINT
        ) AS duration,
        CAST(date_diff('microsecond', TIMESTAMP '0001-01-01', nodes.completed_at) AS HUGEINT) * 4294967296
        + 4294967295 - nodes.number AS finish_order
    FROM nodes
    INNER JOIN shaped_runs ON shaped_runs.run = nodes.run
    LEFT JOIN levels ON levels.shape = shaped_runs.shape AND levels.number = nodes.number
    LEFT JOIN cyclic ON cyclic.shape = shaped_runs.shape
),

acyclic_edges AS (
    SELECT shape_edges.shape, shape_edges.child, shape_edges.parent, children.level AS child_level, parents.level AS parent_level
    FROM shape_edges
    INNER JOIN levels AS children ON children.shape = shape_edges.shape AND children.number = shape_edges.child
    INNER JOIN levels AS parents ON parents.shape = shape_edges.shape AND parents.number = shape_edges.parent
    WHERE shape_edges.shape NOT IN (SELECT shape FROM cyclic)
),

-- The earliest end of every node: the longest chain of times down to it. As before, a step has the chains of so many edges.
forward (run, shape, number, level, finish) AS (
    SELECT run, shape, number, 0, duration
    FROM timed
    WHERE level = 0
    UNION ALL
    SELECT timed.run, timed.shape, timed.number, reached.level, reached.start + timed.duration
    FROM (
        SELECT forward.run, acyclic_edges.child, forward.level + 1 AS level, max(forward.finish) AS start
        FROM forward
        INNER JOIN acyclic_edges ON acyclic_edges.shape = forward.shape AND acyclic_edges.parent = forward.number
        GROUP BY forward.run, acyclic_edges.child, forward.level
    ) AS reached
    INNER JOIN timed ON timed.run = reached.run AND timed.number = reached.child
),

-- The same upwards: the longest chain of times from every node on, its own time included.
backward (run, shape, number, step, remaining) AS (
    SELECT run, shape, number, 0, duration
    FROM timed
    WHERE (shape, number) NOT IN (SELECT (shape, parent) FROM acyclic_edges)
    UNION ALL
    SELECT timed.run, timed.shape, timed.number, reached.step, reached.remaining + timed.duration
    FROM (
        SELECT backward.run, acyclic_edges.parent, backward.step + 1 AS step, max(backward.remaining) AS remaining
        FROM backward
        INNER JOIN acyclic_edges ON acyclic_edges.shape = backward.shape AND acyclic_edges.child = backward.number
        GROUP BY backward.run, acyclic_edges.parent, backward.step
    ) AS reached
    INNER JOIN timed ON timed.run = reached.run AND timed.number = reached.parent
),

lengths AS (
    SELECT
        timed.run,
        timed.number,
        timed.run * 4294967296 + timed.number AS node,
        timed.shape,
        timed.level,
        timed.completed_at,
        timed.finish_order,
        timed.duration,
        timed.is_cyclic,
        heads.finish,
        heads.finish + tails.remaining - timed.duration AS through,
        max(heads.finish) OVER (PARTITION BY timed.run) AS total
    FROM timed
    LEFT JOIN (SELECT run, number, max(finish) AS finish FROM forward GROUP BY run, number) AS heads
        ON heads.run = timed.run
        AND heads.number = timed.number
        AND NOT timed.is_cyclic
    LEFT JOIN (SELECT run, number, max(remaining) AS remaining FROM backward GROUP BY run, number) AS tails
        ON tails.run = timed.run
        AND tails.number = timed.number
),

-- The parent that finished last, in the run and in the fastest schedule; of those that finished together, the first id.
-- From the parents by the edges to the children, in this order: a condition on the run alone would tempt DuckDB to join
-- every node of a run with every other.
waits AS (
    SELECT
        children.run,
        children.number,
        4294967295 - CAST(
            max(parents.finish_order) FILTER (WHERE parents.completed_at <= children.completed_at) % 4294967296 AS BIGINT
        ) AS waited_for,
        4294967295 - CAST(
            max(CAST(parents.finish AS HUGEINT) * 4294967296 + 4294967295 - parents.number) % 4294967296 AS BIGINT
        ) AS critical_parent,
        list(parents.number ORDER BY parents.number) AS parents
    FROM lengths AS parents
    INNER JOIN acyclic_edges ON acyclic_edges.shape = parents.shape AND acyclic_edges.parent = parents.number
    INNER JOIN lengths AS children ON children.node = parents.run * 4294967296 + acyclic_edges.child
    GROUP BY children.run, children.number
),

-- The longest chain that passes a level without one node of it: beside it, over the level, or ended above it.
passing AS (
    SELECT children.run, level.level, max(parents.finish + children.through - children.finish + children.duration) AS through
    FROM (
        SELECT shape, child, parent, unnest(range(parent_level + 1, child_level)) AS level
        FROM acyclic_edges
        WHERE child_level > parent_level + 1
    ) AS level
    INNER JOIN lengths AS parents ON parents.shape = level.shape AND parents.number = level.parent
    INNER JOIN lengths AS children ON children.node = parents.run * 4294967296 + level.child
    GROUP BY children.run, level.level
),

at_level AS (
    SELECT
        run,
        level,
        count(*) FILTER (WHERE through = total) AS critical_count,
        max(through) FILTER (WHERE through < total) AS beside,
        max(finish) FILTER (WHERE through = finish) AS ended
    FROM lengths
    GROUP BY run, level
),

around AS (
    SELECT
        at_level.run,
        at_level.level,
        at_level.critical_count,
        greatest(
            at_level.beside,
            passing.through,
            max(at_level.ended) OVER (
                PARTITION BY at_level.run ORDER BY at_level.level ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS through
    FROM at_level
    LEFT JOIN passing ON passing.run = at_level.run AND passing.level = at_level.level
),

-- From what ended last back along what each node waited for; and so for the fastest schedule.
walked (run, number, is_observed, depth) AS (
    SELECT run, 4294967295 - CAST(max(finish_order) % 4294967296 AS BIGINT), TRUE, 1
    FROM lengths
    WHERE NOT is_cyclic AND completed_at IS NOT NULL
    GROUP BY run
    UNION ALL
    SELECT run, min(number), FALSE, 1
    FROM lengths
    WHERE finish = total
    GROUP BY run
    UNION ALL
    SELECT
        walked.run,
        CASE WHEN walked.is_observed THEN waits.waited_for ELSE waits.critical_parent END,
        walked.is_observed,
        walked.depth + 1
    FROM walked
    INNER JOIN waits ON waits.run = walked.run AND waits.number = walked.number
    WHERE NOT walked.is_observed OR waits.waited_for IS NOT NULL
),

steps AS (
    SELECT
        run,
        number,
        max(step) FILTER (WHERE is_observed) AS observed_step,
        max(step) FILTER (WHERE NOT is_observed) AS critical_step
    FROM (
        SELECT run, number, is_observed, max(depth) OVER (PARTITION BY run, is_observed) + 1 - depth AS step FROM walked
    )
    GROUP BY run, number
),

schedules AS (
    SELECT
        lengths.run,
        lengths.number,
        lengths.level,
        lengths.duration,
        lengths.finish,
        lengths.total,
        lengths.total - lengths.through AS slack,
        CASE
            WHEN lengths.through < lengths.total OR around.critical_count > 1 THEN 0
            WHEN lengths.through = lengths.total THEN least(lengths.duration, lengths.total - around.through)
        END AS drag,
        waited.unique_id AS waited_for_unique_id,
        waited_lengths.completed_at AS waited_for_completed_at,
        waits.parents,
        steps.observed_step,
        steps.critical_step
    FROM lengths
    LEFT JOIN around ON around.run = lengths.run AND around.level = lengths.level
    LEFT JOIN waits ON waits.run = lengths.run AND waits.number = lengths.number
    LEFT JOIN numbered AS waited ON waited.number = waits.waited_for
    LEFT JOIN lengths AS waited_lengths
        ON waited_lengths.run = lengths.run
        AND waited_lengths.number = waits.waited_for
    LEFT JOIN steps ON steps.run = lengths.run AND steps.number = lengths.number
)

SELECT
    results.artifact_key,
    results.unique_id,
    results.resource_type,
    results.is_node,
    results.status,
    results.thread_id,
    results.seconds,
    coalesce(
        results.started_at, results.completed_at - to_microseconds(CAST(round(results.seconds * 1e6) AS BIGINT))
    ) AS started_at,
    results.completed_at,
    results.compile_started_at,
    results.compile_completed_at,
    results.execute_started_at,
    results.execute_completed_at,
    numbered.number,
    schedules.level,
    schedules.duration,
    schedules.finish,
    schedules.total,
    schedules.slack,
    schedules.drag,
    schedules.waited_for_unique_id,
    schedules.waited_for_completed_at,
    schedules.parents,
    schedules.observed_step,
    schedules.critical_step
FROM results
INNER JOIN numbered ON numbered.unique_id = results.unique_id
LEFT JOIN schedules ON schedules.run = results.run AND schedules.number = numbered.number AND results.is_node;

COMMENT ON MACRO TABLE internal.run_schedules IS 'One row per executed result: what it waited for, and the fastest schedule.';
