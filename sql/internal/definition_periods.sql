-- From when to when each resource had which definition, by the manifests that were loaded.
-- grain: project_name, environment, unique_id, valid_from
CREATE OR REPLACE VIEW internal.definition_periods AS
WITH manifests AS (
    SELECT
        project_name,
        environment,
        graph_id,
        valid_from,
        lag(graph_id) OVER (PARTITION BY project_name, environment ORDER BY valid_from ASC) AS previous_graph_id
    FROM internal.manifest_periods
),

-- Successive manifests with the same graph count as one.
graphs AS (
    SELECT
        project_name,
        environment,
        graph_id,
        valid_from,
        lead(valid_from) OVER (PARTITION BY project_name, environment ORDER BY valid_from ASC) AS valid_to
    FROM manifests
    WHERE previous_graph_id IS DISTINCT FROM graph_id
),

marked AS (
    SELECT
        graphs.project_name,
        graphs.environment,
        nodes.unique_id,
        nodes.definition_id,
        graphs.valid_from,
        graphs.valid_to,
        lag(nodes.definition_id) OVER versions IS NOT DISTINCT FROM nodes.definition_id
        AND lag(graphs.valid_to) OVER versions IS NOT DISTINCT FROM graphs.valid_from AS is_continued
    FROM graphs
    INNER JOIN internal.graph_nodes AS nodes ON nodes.graph_id = graphs.graph_id
    WINDOW versions AS (
        PARTITION BY graphs.project_name, graphs.environment, nodes.unique_id ORDER BY graphs.valid_from ASC
    )
),

numbered AS (
    SELECT
        project_name,
        environment,
        unique_id,
        definition_id,
        valid_from,
        valid_to,
        sum(CASE WHEN is_continued THEN 0 ELSE 1 END) OVER (
            PARTITION BY project_name, environment, unique_id ORDER BY valid_from ASC
        ) AS period
    FROM marked
),

periods AS (
    SELECT
        project_name,
        environment,
        unique_id,
        definition_id,
        min(valid_from) AS valid_from,
        CASE WHEN count(*) = count(valid_to) THEN max(valid_to) END AS valid_to
    FROM numbered
    GROUP BY project_name, environment, unique_id, definition_id, period
)

SELECT
    project_name,
    environment,
    unique_id,
    definition_id,
    valid_from,
    valid_to,
    lag(definition_id) OVER (PARTITION BY project_name, environment, unique_id ORDER BY valid_from ASC)
        AS previous_definition_id
FROM periods;

COMMENT ON VIEW internal.definition_periods IS 'One row per stretch of time in which a resource had one definition.';
