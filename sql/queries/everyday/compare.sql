-- The nodes of two runs side by side: what fails now, what is mended, what is only in one of them, what has another
-- definition; then the largest differences of time. A node that changed has the columns that read its columns directly.
-- parameters: $run, $command, $other_run, $other_command
-- grain: unique_id
WITH before AS (
    SELECT * FROM v1.node_executions WHERE invocation_id = $run AND command = $command
),

after AS (
    SELECT * FROM v1.node_executions WHERE invocation_id = $other_run AND command = $other_command
),

pairs AS (
    SELECT
        coalesce(after.unique_id, before.unique_id) AS unique_id,
        coalesce(after.resource_type, before.resource_type) AS resource_type,
        coalesce(after.name, before.name) AS name,
        before.status AS before_status,
        after.status AS after_status,
        before.execution_seconds AS before_seconds,
        after.execution_seconds AS after_seconds,
        before.status_class = 'failure' AS was_failing,
        after.status_class = 'failure' AS is_failing,
        before.unique_id IS NULL AS is_new,
        after.unique_id IS NULL AS is_gone,
        before.status_class IS DISTINCT FROM after.status_class AS is_other_status,
        before.definition_id <> after.definition_id AS is_other_definition,
        before.rows_affected AS before_rows,
        after.rows_affected AS after_rows,
        before.definition_id AS before_definition_id,
        after.definition_id AS after_definition_id,
        after.message,
        coalesce(after.project_name, before.project_name) AS project_name,
        coalesce(after.environment, before.environment) AS environment
    FROM before
    FULL JOIN after ON after.unique_id = before.unique_id
),

fields AS (
    SELECT unique_id, definition_id, previous_definition_id, any_value(changed_fields) AS changed_fields
    FROM v1.definitions
    GROUP BY unique_id, definition_id, previous_definition_id
),

-- Of a definition that followed another one in between, or in another environment, only the main fields are compared.
versions AS (
    SELECT DISTINCT ON (definition_id)
        definition_id, raw_code, checksum, description, materialized, tags, meta, config, depends_on_nodes
    FROM v1.definitions
    WHERE definition_id IN (
        SELECT unnest([before_definition_id, after_definition_id]) FROM pairs WHERE is_other_definition
    )
),

main_fields AS (
    SELECT
        pairs.unique_id,
        CASE WHEN was.description IS DISTINCT FROM is_now.description THEN ['description'] ELSE [] END
        || CASE WHEN was.materialized IS DISTINCT FROM is_now.materialized THEN ['materialized'] ELSE [] END
        || CASE WHEN was.tags IS DISTINCT FROM is_now.tags THEN ['tags'] ELSE [] END
        || CASE WHEN was.meta IS DISTINCT FROM is_now.meta THEN ['meta'] ELSE [] END
        || CASE WHEN was.config IS DISTINCT FROM is_now.config THEN ['config'] ELSE [] END
        || CASE WHEN was.raw_code IS DISTINCT FROM is_now.raw_code THEN ['raw_code'] ELSE [] END
        || CASE WHEN is_now.raw_code IS NULL AND was.checksum <> is_now.checksum THEN ['checksum'] ELSE [] END
        || CASE WHEN was.depends_on_nodes IS DISTINCT FROM is_now.depends_on_nodes THEN ['depends_on_nodes'] ELSE [] END
            AS changed_fields
    FROM pairs
    INNER JOIN versions AS was ON was.definition_id = pairs.before_definition_id
    INNER JOIN versions AS is_now ON is_now.definition_id = pairs.after_definition_id
    WHERE pairs.is_other_definition
),

changed AS (
    SELECT unique_id, project_name, environment FROM pairs WHERE is_other_definition OR is_new
),

-- A column that a node joins, filters, groups or sorts by flows into none of its columns.
column_consumers AS (
    SELECT project_name, environment, from_unique_id, from_column, to_unique_id, to_column, kind FROM v1.column_edges
    UNION ALL BY NAME
    SELECT project_name, environment, from_unique_id, from_column, to_unique_id, kind FROM v1.column_uses
),

consumers AS (
    SELECT
        changed.unique_id,
        list({
            'column_name': consumers.from_column,
            'consumer_unique_id': consumers.to_unique_id,
            'consumer_column_name': consumers.to_column,
            'kind': consumers.kind
        } ORDER BY consumers.from_column, consumers.to_unique_id, consumers.to_column, consumers.kind) AS consumers
    FROM changed
    INNER JOIN column_consumers AS consumers
        ON consumers.project_name IS NOT DISTINCT FROM changed.project_name
        AND consumers.environment = changed.environment
        AND consumers.from_unique_id = changed.unique_id
        AND consumers.to_unique_id <> changed.unique_id
    GROUP BY changed.unique_id
),

exposed AS (
    SELECT
        project_name,
        environment,
        upstream_unique_id AS unique_id,
        list(unique_id ORDER BY unique_id) AS exposure_unique_ids
    FROM internal.exposed_nodes
    GROUP BY project_name, environment, upstream_unique_id
)

SELECT
    CASE
        WHEN pairs.is_failing AND NOT coalesce(pairs.was_failing, FALSE) THEN 'fails now'
        WHEN pairs.was_failing AND NOT pairs.is_failing THEN 'mended'
        WHEN pairs.is_failing THEN 'still fails'
        WHEN pairs.is_new THEN 'only after'
        WHEN pairs.is_gone THEN 'only before'
        WHEN pairs.is_other_status THEN 'other status'
        WHEN pairs.is_other_definition THEN 'other definition'
        ELSE 'same'
    END AS difference,
    coalesce(pairs.name, pairs.unique_id) AS name,
    pairs.before_status,
    pairs.after_status,
    pairs.before_seconds,
    pairs.after_seconds,
    pairs.after_seconds - pairs.before_seconds AS longer_seconds,
    coalesce(fields.changed_fields, main_fields.changed_fields) AS changed_fields,
    pairs.resource_type,
    pairs.message,
    pairs.before_rows,
    pairs.after_rows,
    pairs.is_other_definition,
    pairs.before_definition_id,
    pairs.after_definition_id,
    pairs.unique_id,
    pairs.project_name,
    $run AS before_invocation_id,
    $other_run AS after_invocation_id,
    nodes.owner,
    exposed.exposure_unique_ids,
    consumers.consumers AS column_consumers,
    pairs.environment,
    $other_command AS after_command
FROM pairs
LEFT JOIN fields
    ON fields.unique_id = pairs.unique_id
    AND fields.definition_id = pairs.after_definition_id
    AND fields.previous_definition_id = pairs.before_definition_id
LEFT JOIN main_fields ON main_fields.unique_id = pairs.unique_id
LEFT JOIN consumers ON consumers.unique_id = pairs.unique_id
LEFT JOIN v1.nodes AS nodes
    ON nodes.project_name IS NOT DISTINCT FROM pairs.project_name
    AND nodes.environment = pairs.environment
    AND nodes.unique_id = pairs.unique_id
LEFT JOIN exposed
    ON exposed.project_name IS NOT DISTINCT FROM pairs.project_name
    AND exposed.environment = pairs.environment
    AND exposed.unique_id = pairs.unique_id
ORDER BY
    list_position(
        ['fails now', 'mended', 'still fails', 'only after', 'only before', 'other status', 'other definition', 'same'],
        difference
    ),
    abs(longer_seconds) DESC NULLS LAST,
    pairs.unique_id
