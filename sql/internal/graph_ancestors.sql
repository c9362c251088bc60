-- Not portable: the closure of every current graph with the shortest distances, 64 ancestors to a machine word.
-- grain: graph_id, unique_id, ancestor_unique_id
--
-- A breadth-first search from all nodes at once. `fresh` has a bit for every ancestor that is reached at exactly
-- this distance, `seen` one for every ancestor reached so far: a node's next `fresh` is its parents' `fresh`
-- without its own `seen`. It ends when nothing is fresh, on cycles too, and never enumerates a path.
--
-- Only a node with several parents can be reached by an ancestor again, and so needs `seen`: a step of a search along a
-- ring or a chain costs what is fresh in it. No node is its own ancestor: its own bit never goes round a ring.
--
-- A node's type comes with its number: split_part for every pair took as long as all the rest.
CREATE OR REPLACE VIEW internal.graph_ancestors AS
WITH RECURSIVE edges AS MATERIALIZED (
    SELECT DISTINCT graph_id, parent_unique_id, child_unique_id
    FROM internal.graph_edges
    WHERE graph_id IN (SELECT graph_id FROM internal.current_manifests)
),

-- The order decides only how densely words are filled: nodes without children are no ancestors and come last.
numbered AS MATERIALIZED (
    SELECT
        graph_id,
        unique_id,
        split_part(unique_id, '.', 1) AS resource_type,
        CAST(row_number() OVER (ORDER BY graph_id ASC, max(is_parent) DESC, unique_id ASC) - 1 AS INTEGER) AS number
    FROM (
        SELECT graph_id, parent_unique_id AS unique_id, 1 AS is_parent FROM edges
        UNION ALL
        SELECT graph_id, child_unique_id AS unique_id, 0 AS is_parent FROM edges
    )
    GROUP BY graph_id, unique_id
),

arcs AS MATERIALIZED (
    SELECT parents.number AS parent, children.number AS child
    FROM edges
    INNER JOIN numbered AS parents
        ON parents.graph_id = edges.graph_id AND parents.unique_id = edges.parent_unique_id
    INNER JOIN numbered AS children
        ON children.graph_id = edges.graph_id AND children.unique_id = edges.child_unique_id
    WHERE parents.number <> children.number
),

joining AS MATERIALIZED (
    SELECT child AS node
    FROM arcs
    GROUP BY child
    HAVING count(*) > 1
),

reached (node, word, distance, fresh, seen) AS (
    SELECT
        child,
        parent >> 6,
        1,
        bit_or(CAST(1 AS UBIGINT) << (parent & 63)),
        bit_or(CAST(1 AS UBIGINT) << (parent & 63))
    FROM arcs
    GROUP BY child, parent >> 6

    UNION ALL

    SELECT
        node,
        word,
        distance + 1,
        bit_or(fresh) & ~bit_or(seen)
        & ~CASE WHEN word = node >> 6 THEN CAST(1 AS UBIGINT) << (node & 63) ELSE CAST(0 AS UBIGINT) END,
        bit_or(fresh) | bit_or(seen)
    FROM (
        SELECT arcs.child AS node, reached.word, reached.distance, reached.fresh, CAST(0 AS UBIGINT) AS seen
        FROM reached
        INNER JOIN arcs ON arcs.parent = reached.node
        WHERE reached.fresh <> 0
        UNION ALL
        SELECT node, word, distance, CAST(0 AS UBIGINT) AS fresh, seen
        FROM reached
        WHERE node IN (SELECT node FROM joining)
    )
    -- A node without an ancestor at this distance has none at the next.
    WHERE node IN (SELECT node FROM reached WHERE fresh <> 0)
    GROUP BY node, word, distance
),

bytes AS (
    SELECT node, word * 64 + shift AS first_number, distance, CAST((fresh >> CAST(shift AS UBIGINT)) & 255 AS UTINYINT) AS byte
    FROM reached, (SELECT unnest([0, 8, 16, 24, 32, 40, 48, 56]) AS shift)
    WHERE fresh <> 0 AND (fresh >> CAST(shift AS UBIGINT)) & 255 <> 0
),

bits AS MATERIALIZED (
    SELECT CAST(byte AS UTINYINT) AS byte, CAST(bit AS INTEGER) AS bit
    FROM range(256) AS all_bytes(byte), range(8) AS all_bits(bit)
    WHERE (byte >> bit) & 1 = 1
)

SELECT
    nodes.graph_id,
    nodes.unique_id,
    ancestors.unique_id AS ancestor_unique_id,
    nodes.resource_type,
    ancestors.resource_type AS ancestor_resource_type,
    bytes.distance
FROM bytes
INNER JOIN bits ON bits.byte = bytes.byte
INNER JOIN numbered AS nodes ON nodes.number = bytes.node
INNER JOIN numbered AS ancestors ON ancestors.number = bytes.first_number + bits.bit;

COMMENT ON VIEW internal.graph_ancestors IS 'One row per pair of a node and one of its ancestors, in every current graph.';
