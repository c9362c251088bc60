-- The edges between the nodes that a run executed. Runs of one graph that executed the same nodes share a shape.
-- reads: runs, results, numbered, graphs, all_edges
-- gives: nodes [run, number], shaped_runs [run], members [shape, number], shape_edges [shape, child, parent]

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

-- Up from every node of a shape through nodes that were not executed: ephemeral models, or nodes that were not
-- selected.
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
