-- The last run before a run that has its project, environment and command; of its job, where there is one. A retry is
-- a part of a run, and is left out.
-- parameters: $run, $command
-- grain: invocation_id, command
SELECT earlier.invocation_id, earlier.command
FROM v1.invocations AS given
INNER JOIN v1.invocations AS earlier
    ON earlier.project_name IS NOT DISTINCT FROM given.project_name
    AND earlier.environment = given.environment
    AND earlier.command = given.command
    AND earlier.generated_at < given.generated_at
WHERE given.invocation_id = $run AND given.command = $command AND earlier.is_executing AND NOT earlier.is_retry
ORDER BY (earlier.job_name IS NOT DISTINCT FROM given.job_name) DESC, earlier.generated_at DESC, earlier.invocation_id
LIMIT 1
