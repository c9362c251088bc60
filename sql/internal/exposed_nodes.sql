-- Everything that every exposure depends on, directly or not.
-- grain: project_name, environment, unique_id, upstream_unique_id
--
-- Not portable: a recursive `UNION`. It goes up from the exposures, and so costs what lies above them: the pairs of
-- v1.node_ancestors are those of all nodes.
CREATE OR REPLACE VIEW internal.exposed_nodes AS
WITH RECURSIVE edges AS MATERIALIZED (
    SELECT DISTINCT project_name, environment, parent_unique_id, child_unique_id, child_resource_type
    FROM internal.current_edges
),

reached (project_name, environment, unique_id, upstream_unique_id) AS (
    SELECT project_name, environment, child_unique_id, parent_unique_id
    FROM edges
    WHERE child_resource_type = 'exposure'
    UNION
    SELECT reached.project_name, reached.environment, reached.unique_id, edges.parent_unique_id
    FROM reached
    INNER JOIN edges
        ON edges.project_name IS NOT DISTINCT FROM reached.project_name
        AND edges.environment = reached.environment
        AND edges.child_unique_id = reached.upstream_unique_id
)

-- No node is its own ancestor, on a cycle either.
SELECT
    project_name,
    environment,
    unique_id,
    upstream_unique_id,
    split_part(upstream_unique_id, '.', 1) AS upstream_resource_type
FROM reached
WHERE upstream_unique_id <> unique_id;

COMMENT ON VIEW internal.exposed_nodes IS 'One row per exposure and node above it.';
