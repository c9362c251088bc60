-- The longest chain of a run without the critical node of each level. It limits the drag of that node.
-- reads: acyclic_edges, lengths
-- gives: around [run, level]

-- The longest chain with an edge that passes over a level.
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

-- `beside` is the longest chain through a node of the level that is not critical, `ended` the longest that ends in it.
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
                PARTITION BY at_level.run ORDER BY at_level.level ASC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS through
    FROM at_level
    LEFT JOIN passing ON passing.run = at_level.run AND passing.level = at_level.level
),
