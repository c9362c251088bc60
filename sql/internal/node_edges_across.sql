-- The edges of all graphs as they stood at a time, joined across projects; 'infinity' means now.
-- grain: parent_artifact_key, parent_unique_id, child_artifact_key, child_unique_id
--
-- Not portable, like all macros. An external node is the node of the project that defines it, which alone says what that
-- depends on. A source depends on the node of another project that makes its relation. With `across` false nothing is
-- joined.
CREATE OR REPLACE MACRO internal.node_edges_across(ts, across := TRUE) AS TABLE
WITH external_nodes AS MATERIALIZED (
    SELECT artifact_key, unique_id, how_known, parent_artifact_key, parent_unique_id
    FROM internal.external_nodes_at(ts)
    WHERE across
),

edges AS (
    SELECT periods.artifact_key, edges.parent_unique_id, edges.child_unique_id
    FROM internal.manifest_periods AS periods
    INNER JOIN internal.graph_edges AS edges ON edges.graph_id = periods.graph_id
    WHERE periods.valid_from <= ts AND (periods.valid_to IS NULL OR ts < periods.valid_to)
)

SELECT
    coalesce(parents.parent_artifact_key, edges.artifact_key) AS parent_artifact_key,
    edges.parent_unique_id,
    edges.artifact_key AS child_artifact_key,
    edges.child_unique_id
FROM edges
LEFT JOIN external_nodes AS parents
    ON parents.artifact_key = edges.artifact_key
    AND parents.unique_id = edges.parent_unique_id
    AND parents.how_known = 'unique_id'
LEFT JOIN external_nodes AS children
    ON children.artifact_key = edges.artifact_key
    AND children.unique_id = edges.child_unique_id
    AND children.how_known = 'unique_id'
WHERE children.unique_id IS NULL

UNION ALL

SELECT parent_artifact_key, parent_unique_id, artifact_key, unique_id
FROM external_nodes
WHERE how_known = 'relation';

COMMENT ON MACRO TABLE internal.node_edges_across IS 'One row per edge, in one graph or from one into another.';
