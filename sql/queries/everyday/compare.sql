-- The nodes of two runs side by side: what fails now, what is mended, what is only in one of them, what has another
-- definition; then the largest differences of time.
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
        coalesce(after.project_name, before.project_name) AS project_name
    FROM before
    FULL JOIN after ON after.unique_id = before.unique_id
),

fields AS (
    SELECT unique_id, definition_id, previous_definition_id, any_value(changed_fields) AS changed_fields
    FROM v1.definitions
    GROUP BY unique_id, definition_id, previous_definition_id
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
    fields.changed_fields,
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
    $other_run AS after_invocation_id
FROM pairs
LEFT JOIN fields
    ON fields.unique_id = pairs.unique_id
    AND fields.definition_id = pairs.after_definition_id
    AND fields.previous_definition_id = pairs.before_definition_id
ORDER BY
    list_position(
        ['fails now', 'mended', 'still fails', 'only after', 'only before', 'other status', 'other definition', 'same'],
        difference
    ),
    abs(longer_seconds) DESC NULLS LAST,
    pairs.unique_id
