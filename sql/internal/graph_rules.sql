-- Where the current graphs break the rules on which nodes may depend on which.
-- grain: project_name, environment, rule, unique_id
CREATE OR REPLACE VIEW internal.graph_rules AS
WITH nodes AS MATERIALIZED (
    SELECT
        project_name,
        environment,
        unique_id,
        rendering_id,
        resource_type,
        name,
        materialized,
        access,
        source_name,
        layer,
        is_own
    FROM internal.project_nodes
    WHERE resource_type IN ('source', 'model', 'seed', 'snapshot', 'exposure')
),

edges AS MATERIALIZED (
    SELECT DISTINCT
        edges.project_name,
        edges.environment,
        parents.unique_id AS parent_unique_id,
        parents.resource_type AS parent_type,
        coalesce(parents.source_name || '.' || parents.name, parents.name) AS parent_name,
        parents.layer AS parent_layer,
        parents.access AS parent_access,
        parents.materialized AS parent_materialized,
        parents.is_own AS parent_is_own,
        children.unique_id AS child_unique_id,
        children.resource_type AS child_type,
        children.name AS child_name,
        children.layer AS child_layer,
        children.is_own AS child_is_own
    FROM internal.current_edges AS edges
    INNER JOIN nodes AS parents
        ON parents.project_name IS NOT DISTINCT FROM edges.project_name
        AND parents.environment = edges.environment
        AND parents.unique_id = edges.parent_unique_id
    INNER JOIN nodes AS children
        ON children.project_name IS NOT DISTINCT FROM edges.project_name
        AND children.environment = edges.environment
        AND children.unique_id = edges.child_unique_id
),

-- Every model once, with its number of parents of each kind.
readers AS MATERIALIZED (
    SELECT
        project_name,
        environment,
        child_unique_id AS unique_id,
        child_layer AS layer,
        count(*) AS parent_count,
        count(*) FILTER (WHERE parent_type = 'source') AS source_count,
        string_agg(parent_name, ', ' ORDER BY parent_name ASC) FILTER (WHERE parent_type = 'source') AS sources,
        string_agg(parent_name, ', ' ORDER BY parent_name ASC) FILTER (WHERE parent_type <> 'source') AS others,
        string_agg(parent_name, ', ' ORDER BY parent_name ASC) FILTER (WHERE parent_layer = 'staging') AS staging,
        string_agg(parent_name, ', ' ORDER BY parent_name ASC) FILTER (WHERE parent_layer IN ('intermediate', 'marts'))
            AS downstream
    FROM edges
    WHERE child_type = 'model' AND child_is_own
    GROUP BY project_name, environment, child_unique_id, child_layer
),

-- Every node once, with the models that read it. A leaf is a model that no model reads.
read AS MATERIALIZED (
    SELECT
        edges.project_name,
        edges.environment,
        edges.parent_unique_id AS unique_id,
        edges.parent_type AS resource_type,
        edges.parent_is_own AS is_own,
        count(*) FILTER (WHERE edges.child_type = 'model') AS model_count,
        string_agg(edges.child_name, ', ' ORDER BY edges.child_name ASC) FILTER (WHERE edges.child_type = 'model')
            AS models,
        count(*) FILTER (WHERE edges.child_type = 'model' AND parents.unique_id IS NULL) AS leaf_count,
        string_agg(edges.child_name, ', ' ORDER BY edges.child_name ASC)
            FILTER (WHERE edges.child_type = 'model' AND parents.unique_id IS NULL) AS leaves
    FROM edges
    LEFT JOIN (
        SELECT DISTINCT project_name, environment, parent_unique_id AS unique_id
        FROM edges
        WHERE child_type = 'model'
    ) AS parents
        ON parents.project_name IS NOT DISTINCT FROM edges.project_name
        AND parents.environment = edges.environment
        AND parents.unique_id = edges.child_unique_id
    GROUP BY
        edges.project_name, edges.environment, edges.parent_unique_id, edges.parent_type, edges.parent_is_own
),

-- A model reads a node and also, by way of a model that nobody else reads, the same node again.
rejoined AS (
    SELECT
        shortcut.project_name,
        shortcut.environment,
        shortcut.child_unique_id AS unique_id,
        string_agg(DISTINCT shortcut.parent_name, ', ' ORDER BY shortcut.parent_name ASC) AS concepts,
        string_agg(DISTINCT below.parent_name, ', ' ORDER BY below.parent_name ASC) AS detours
    FROM edges AS shortcut
    INNER JOIN edges AS above
        ON above.project_name IS NOT DISTINCT FROM shortcut.project_name
        AND above.environment = shortcut.environment
        AND above.parent_unique_id = shortcut.parent_unique_id
        AND above.child_unique_id <> shortcut.child_unique_id
    INNER JOIN edges AS below
        ON below.project_name IS NOT DISTINCT FROM shortcut.project_name
        AND below.environment = shortcut.environment
        AND below.parent_unique_id = above.child_unique_id
        AND below.child_unique_id = shortcut.child_unique_id
    INNER JOIN read AS detour
        ON detour.project_name IS NOT DISTINCT FROM below.project_name
        AND detour.environment = below.environment
        AND detour.unique_id = below.parent_unique_id
        AND detour.model_count = 1
    WHERE shortcut.child_type = 'model'
        AND shortcut.child_is_own
        AND above.child_type = 'model'
        AND shortcut.parent_unique_id <> shortcut.child_unique_id
    GROUP BY shortcut.project_name, shortcut.environment, shortcut.child_unique_id
),

-- The models with one view directly above them, with two in a row, and so on up to five.
views AS MATERIALIZED (
    SELECT DISTINCT project_name, environment, parent_unique_id, child_unique_id, child_is_own
    FROM edges
    WHERE parent_type = 'model' AND child_type = 'model' AND parent_materialized IN ('view', 'ephemeral')
),

chains_of_2 AS MATERIALIZED (
    SELECT DISTINCT views.project_name, views.environment, views.child_unique_id AS unique_id
    FROM views
    INNER JOIN views AS above
        ON above.project_name IS NOT DISTINCT FROM views.project_name
        AND above.environment = views.environment
        AND above.child_unique_id = views.parent_unique_id
),

chains_of_3 AS MATERIALIZED (
    SELECT DISTINCT views.project_name, views.environment, views.child_unique_id AS unique_id
    FROM views
    INNER JOIN chains_of_2 AS above
        ON above.project_name IS NOT DISTINCT FROM views.project_name
        AND above.environment = views.environment
        AND above.unique_id = views.parent_unique_id
),

chains_of_4 AS MATERIALIZED (
    SELECT DISTINCT views.project_name, views.environment, views.child_unique_id AS unique_id
    FROM views
    INNER JOIN chains_of_3 AS above
        ON above.project_name IS NOT DISTINCT FROM views.project_name
        AND above.environment = views.environment
        AND above.unique_id = views.parent_unique_id
),

exposed AS (
    SELECT
        project_name,
        environment,
        child_unique_id AS unique_id,
        string_agg(parent_name, ', ' ORDER BY parent_name ASC)
            FILTER (WHERE parent_type = 'model' AND parent_access = 'private') AS privates,
        string_agg(parent_name, ', ' ORDER BY parent_name ASC) FILTER (WHERE parent_type = 'source') AS sources,
        string_agg(parent_name, ', ' ORDER BY parent_name ASC)
            FILTER (WHERE parent_type = 'model' AND parent_materialized IN ('view', 'ephemeral')) AS views
    FROM edges
    WHERE child_type = 'exposure' AND child_is_own
    GROUP BY project_name, environment, child_unique_id
),

same_relations AS (
    SELECT
        nodes.project_name,
        nodes.environment,
        nodes.unique_id,
        string_agg(coalesce(nodes.source_name || '.' || nodes.name, nodes.name), ', ') OVER same AS sources,
        count(*) OVER same AS source_count,
        nodes.is_own
    FROM nodes
    INNER JOIN stored.renderings AS renderings ON renderings.rendering_id = nodes.rendering_id
    WHERE nodes.resource_type = 'source'
    WINDOW same AS (
        PARTITION BY
            nodes.project_name,
            nodes.environment,
            lower(renderings.database_name),
            lower(renderings.schema_name),
            lower(renderings.alias)
        ORDER BY nodes.source_name ASC, nodes.name ASC, nodes.unique_id ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
)

SELECT project_name, environment, 'direct_join_to_source' AS rule, unique_id,
    'Reads sources (' || sources || ') beside other nodes (' || others || ').' AS sentence
FROM readers
WHERE sources IS NOT NULL AND others IS NOT NULL
UNION ALL
SELECT project_name, environment, 'marts_or_intermediate_dependent_on_source' AS rule, unique_id,
    'Is a model of layer ' || layer || ' and reads sources (' || sources || ').' AS sentence
FROM readers
WHERE sources IS NOT NULL AND layer IN ('intermediate', 'marts')
UNION ALL
SELECT project_name, environment, 'multiple_sources_joined' AS rule, unique_id,
    'Reads ' || source_count || ' sources (' || sources || ').' AS sentence
FROM readers
WHERE source_count > 1
UNION ALL
SELECT project_name, environment, 'staging_dependent_on_staging' AS rule, unique_id,
    'Is a staging model and reads staging models (' || staging || ').' AS sentence
FROM readers
WHERE layer = 'staging' AND staging IS NOT NULL
UNION ALL
SELECT project_name, environment, 'staging_dependent_on_marts_or_intermediate' AS rule, unique_id,
    'Is a staging model and reads models of later layers (' || downstream || ').' AS sentence
FROM readers
WHERE layer = 'staging' AND downstream IS NOT NULL
UNION ALL
SELECT project_name, environment, 'too_many_joins' AS rule, unique_id,
    'Reads ' || parent_count || ' nodes; more than six are hard to follow.' AS sentence
FROM readers
WHERE parent_count >= 7
UNION ALL
SELECT nodes.project_name, nodes.environment, 'root_models' AS rule, nodes.unique_id,
    'Depends on nothing: its data has no lineage.' AS sentence
FROM nodes
LEFT JOIN (SELECT DISTINCT project_name, environment, child_unique_id FROM internal.current_edges) AS reads
    ON reads.project_name IS NOT DISTINCT FROM nodes.project_name
    AND reads.environment = nodes.environment
    AND reads.child_unique_id = nodes.unique_id
WHERE nodes.resource_type = 'model' AND nodes.is_own AND reads.child_unique_id IS NULL
UNION ALL
SELECT project_name, environment, 'source_fanout' AS rule, unique_id,
    'Is read by ' || model_count || ' models (' || models || ').' AS sentence
FROM read
WHERE resource_type = 'source' AND is_own AND model_count > 1
UNION ALL
SELECT project_name, environment, 'model_fanout' AS rule, unique_id,
    'Is read by ' || leaf_count || ' models that nothing builds upon (' || leaves || ').' AS sentence
FROM read
WHERE resource_type = 'model' AND is_own AND leaf_count >= 3
UNION ALL
SELECT nodes.project_name, nodes.environment, 'unused_sources' AS rule, nodes.unique_id,
    'Is read by no model, snapshot or exposure.' AS sentence
FROM nodes
LEFT JOIN read
    ON read.project_name IS NOT DISTINCT FROM nodes.project_name
    AND read.environment = nodes.environment
    AND read.unique_id = nodes.unique_id
WHERE nodes.resource_type = 'source' AND nodes.is_own AND read.unique_id IS NULL
UNION ALL
SELECT project_name, environment, 'rejoining_of_upstream_concepts' AS rule, unique_id,
    'Reads ' || concepts || ', and again by way of ' || detours || ', which nothing else reads.' AS sentence
FROM rejoined
UNION ALL
SELECT DISTINCT views.project_name, views.environment, 'chained_views_dependencies' AS rule,
    views.child_unique_id AS unique_id, 'Has a chain of five views or ephemeral models or more above it.' AS sentence
FROM views
INNER JOIN chains_of_4 AS above
    ON above.project_name IS NOT DISTINCT FROM views.project_name
    AND above.environment = views.environment
    AND above.unique_id = views.parent_unique_id
WHERE views.child_is_own
UNION ALL
SELECT project_name, environment, 'exposures_dependent_on_private_models' AS rule, unique_id,
    'Is an exposure and depends on private models (' || privates || ').' AS sentence
FROM exposed
WHERE privates IS NOT NULL
UNION ALL
SELECT project_name, environment, 'exposures_dependent_on_sources' AS rule, unique_id,
    'Is an exposure and depends on sources (' || sources || ').' AS sentence
FROM exposed
WHERE sources IS NOT NULL
UNION ALL
SELECT project_name, environment, 'exposure_parents_materializations' AS rule, unique_id,
    'Is an exposure and depends on views or ephemeral models (' || views || ').' AS sentence
FROM exposed
WHERE views IS NOT NULL
UNION ALL
SELECT project_name, environment, 'duplicate_sources' AS rule, unique_id,
    'Is the same relation as other sources (' || sources || ').' AS sentence
FROM same_relations
WHERE source_count > 1 AND is_own;

COMMENT ON VIEW internal.graph_rules IS 'One row per node of a current manifest and rule that it breaks.';
