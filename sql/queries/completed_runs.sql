-- The runs whose invocation_id begins with a text, the last first, with when and what they ran.
-- parameters: $prefix
-- grain: value
SELECT
    invocation_id AS value,
    concat_ws(' ', max(strftime(generated_at, '%Y-%m-%d %H:%M')), min(environment), min(job_name), min(command)) AS about
FROM internal.all_runs
WHERE is_executing AND starts_with(invocation_id, $prefix)
GROUP BY invocation_id
ORDER BY max(generated_at) DESC, invocation_id
LIMIT 50
