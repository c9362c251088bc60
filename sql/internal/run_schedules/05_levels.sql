-- The level of every node: how many edges the longest chain above it has. A cycle has no levels.
-- reads: shaped_runs, members, shape_edges
-- gives: levels [shape, number], cyclic [shape], acyclic_edges [shape, child, parent]

-- The longest chain of edges above every node. Step N of the recursion has the nodes at the end of a chain of N edges.
-- A chain of more nodes than the shape has, or of more than 1,000, is a cycle: such a shape has no schedule.
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

acyclic_edges AS (
    SELECT shape_edges.shape, shape_edges.child, shape_edges.parent, children.level AS child_level, parents.level AS parent_level
    FROM shape_edges
    INNER JOIN levels AS children ON children.shape = shape_edges.shape AND children.number = shape_edges.child
    INNER JOIN levels AS parents ON parents.shape = shape_edges.shape AND parents.number = shape_edges.parent
    WHERE shape_edges.shape NOT IN (SELECT shape FROM cyclic)
),
