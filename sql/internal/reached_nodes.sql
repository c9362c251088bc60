-- Everything that one node depends on, or that depends on it, in the graphs as they stood at a time.
-- grain: project_name, environment, unique_id
--
-- Not portable: a breadth-first search from the one node. Every step goes on from the new nodes. It carries the nodes
-- reached so far to which several steps lead: no other can be reached again. It ends when a step finds no new node, on
-- cycles too. `ts` 'infinity' means the current graphs.
--
-- It starts from a row with the node, not from a condition on the node: DuckDB 1.4 and 1.5 lose most rows of such a
-- recursion where the macro is called for each row of another table. DuckDB computes `nodes` and `steps` once, not at
-- every step, because they are read twice: a file of storage version 1.3 does not keep the word MATERIALIZED.
CREATE OR REPLACE MACRO internal.reached_nodes(node_unique_id, is_upwards, ts) AS TABLE
WITH RECURSIVE manifests AS (
    SELECT project_name, environment, graph_id
    FROM internal.current_manifests
    WHERE ts = TIMESTAMP 'infinity'

    UNION ALL

    SELECT project_name, environment, graph_id
    FROM internal.manifest_periods
    WHERE ts < TIMESTAMP 'infinity' AND valid_from <= ts AND (valid_to IS NULL OR ts < valid_to)
),

nodes AS MATERIALIZED (
    SELECT graph_id, unique_id, name, parent_unique_ids
    FROM internal.graph_nodes
    WHERE graph_id IN (SELECT graph_id FROM manifests)
),

steps AS (
    SELECT
        graph_id,
        CASE WHEN is_upwards THEN child_unique_id ELSE parent_unique_id END AS from_unique_id,
        CASE WHEN is_upwards THEN parent_unique_id ELSE child_unique_id END AS to_unique_id
    FROM (SELECT graph_id, unique_id AS child_unique_id, unnest(parent_unique_ids) AS parent_unique_id FROM nodes)
),

joining AS (
    SELECT graph_id, to_unique_id AS unique_id
    FROM steps
    GROUP BY graph_id, to_unique_id
    HAVING count(*) > 1
    UNION
    SELECT graph_id, node_unique_id
    FROM manifests
),

reached (graph_id, unique_id, step, is_new) AS (
    SELECT DISTINCT graph_id, node_unique_id, 0, TRUE
    FROM manifests

    UNION ALL

    SELECT graph_id, unique_id, max(step) + 1, bool_and(is_new)
    FROM (
        SELECT steps.graph_id, steps.to_unique_id AS unique_id, reached.step, TRUE AS is_new
        FROM reached
        INNER JOIN steps ON steps.graph_id = reached.graph_id AND steps.from_unique_id = reached.unique_id
        WHERE reached.is_new
        UNION ALL
        SELECT reached.graph_id, reached.unique_id, reached.step, FALSE AS is_new
        FROM reached
        INNER JOIN joining ON joining.graph_id = reached.graph_id AND joining.unique_id = reached.unique_id
    )
    WHERE EXISTS (SELECT 1 FROM reached WHERE is_new)
    GROUP BY graph_id, unique_id
),

found AS (
    SELECT manifests.project_name, manifests.environment, reached.unique_id, nodes.name, reached.step
    FROM reached
    INNER JOIN manifests ON manifests.graph_id = reached.graph_id
    LEFT JOIN nodes
        ON nodes.graph_id = reached.graph_id
        AND nodes.unique_id = reached.unique_id
    WHERE reached.is_new AND reached.step > 0
),

-- What the graph itself only names may be the node of another project.
others AS (
    SELECT unique_id, min(name) AS name
    FROM stored.definitions
    WHERE unique_id IN (SELECT unique_id FROM found WHERE name IS NULL)
    GROUP BY unique_id
)

SELECT
    found.project_name,
    found.environment,
    found.unique_id,
    split_part(found.unique_id, '.', 1) AS resource_type,
    coalesce(found.name, others.name, found.unique_id) AS name,
    found.step AS distance
FROM found
LEFT JOIN others ON others.unique_id = found.unique_id;

COMMENT ON MACRO TABLE internal.reached_nodes IS 'One row per node that is reached from the given one, upwards or downwards.';
