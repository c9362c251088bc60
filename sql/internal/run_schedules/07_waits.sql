-- The parent for which each node waited, in the run and in the fastest schedule.
-- reads: acyclic_edges, lengths
-- gives: waits [run, number]

-- The parent that finished last, in the run and in the fastest schedule; of several that finished together, the first
-- id. The joins go from the parents by the edges to the children: a condition on the run alone would make DuckDB join
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
        list(parents.number ORDER BY parents.number ASC) AS parents
    FROM lengths AS parents
    INNER JOIN acyclic_edges ON acyclic_edges.shape = parents.shape AND acyclic_edges.parent = parents.number
    INNER JOIN lengths AS children ON children.node = parents.run * 4294967296 + acyclic_edges.child
    GROUP BY children.run, children.number
),
