-- Who depends on whom in the graphs of these runs. Graphs with equal edges are one; nodes are numbers.
-- reads: runs, results, internal.graph_nodes
-- gives: numbered [number], edges [graph, child, parent], graphs [graph_id]

-- The parents of each node in each graph of a run.
parents AS (
    SELECT graph_id, unique_id, parent_unique_ids
    FROM internal.graph_nodes
    WHERE graph_id IN (SELECT graph_id FROM runs) AND array_length(parent_unique_ids) > 0
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
        row_number() OVER (ORDER BY unique_id ASC) AS number
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
        dense_rank() OVER (ORDER BY named_edges.structure ASC) AS graph,
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

graphs AS (
    SELECT structures.graph_id, edges.graph
    FROM structures
    INNER JOIN (SELECT DISTINCT structure, graph FROM edges) AS edges ON edges.structure = structures.structure
),
