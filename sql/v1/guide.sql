-- Where to look for what: a question, the view that answers it, a query, and the command that asks it.
-- grain: question
-- since: 0.1
CREATE OR REPLACE VIEW v1.guide AS
WITH questions (place, topic, question, view_name, query, command) AS (
    VALUES
    (1, 'runs', 'How did the runs go?', 'v1.invocations', 'FROM v1.invocations WHERE is_executing ORDER BY generated_at DESC LIMIT 20', 'runs WH'),
    (2, 'runs', 'What happened in one run?', 'v1.node_executions', 'FROM v1.node_executions WHERE invocation_id = ''…''', 'run WH RUN'),
    (3, 'runs', 'Why was a node skipped?', 'v1.skips', 'FROM v1.skips WHERE invocation_id = ''…''', 'diagnose WH RUN'),
    (4, 'runs', 'How often do runs succeed, with their retries?', 'v1.logical_run_success_rates', 'FROM v1.logical_run_success_rates ORDER BY run_date DESC', NULL),
    (5, 'failures', 'What fails now?', 'v1.nodes', 'SELECT environment, unique_id, last_error FROM v1.nodes WHERE is_failing', 'failures WH'),
    (6, 'failures', 'Since when did it fail, and what had changed?', 'v1.failure_incidents', 'FROM v1.failure_incidents ORDER BY opened_at DESC', 'failures WH --since 30d'),
    (7, 'failures', 'How often does a node succeed?', 'v1.node_success_rates', 'FROM v1.node_success_rates ORDER BY success_rate', NULL),
    (8, 'failures', 'How often does a test fail?', 'v1.test_failure_rates', 'FROM v1.test_failure_rates ORDER BY failure_rate DESC', NULL),
    (9, 'failures', 'Which tests are flaky?', 'v1.flaky_tests', 'FROM v1.flaky_tests ORDER BY flip_count DESC', 'flaky WH'),
    (10, 'times', 'How long does a node take?', 'v1.node_execution_times', 'FROM v1.node_execution_times ORDER BY execution_seconds_sum DESC', 'slow WH'),
    (11, 'times', 'What has become slower?', 'v1.execution_time_regressions', 'FROM v1.execution_time_regressions WHERE ended_at IS NULL', 'slow WH'),
    (12, 'times', 'What decided how long a run took?', 'v1.critical_paths', 'FROM v1.critical_paths WHERE invocation_id = ''…'' ORDER BY step', 'diagnose WH RUN'),
    (13, 'times', 'What was built for nothing?', 'v1.materialization_waste', 'FROM v1.materialization_waste ORDER BY wasted_seconds DESC', 'slow WH'),
    (14, 'times', 'What does it cost?', 'v1.costs', 'SELECT unique_id, sum(bytes_billed) FROM v1.costs GROUP BY unique_id', NULL),
    (15, 'nodes', 'Which models are there, and how are they?', 'v1.models', 'SELECT name, owner, last_status, failing_test_count FROM v1.models', 'show WH NODE'),
    (16, 'nodes', 'Which columns has a model?', 'v1.columns', 'FROM v1.columns WHERE unique_id = ''…'' ORDER BY column_index', NULL),
    (17, 'nodes', 'Are the sources fresh?', 'v1.sources', 'SELECT name, freshness_status, max_loaded_at FROM v1.sources', 'status WH'),
    (18, 'nodes', 'Is a dashboard in order?', 'v1.exposure_tiles', 'FROM v1.exposure_tiles', 'tile WH EXPOSURE'),
    (19, 'nodes', 'What needs care?', 'v1.health', 'FROM v1.health WHERE health <> ''healthy''', NULL),
    (20, 'nodes', 'Which rules of good practice are broken?', 'v1.project_rules', 'FROM v1.project_rules ORDER BY severity, rule', 'check WH --rules warn'),
    (21, 'changes', 'What changed?', 'v1.definitions', 'FROM v1.definitions WHERE changed_fields IS NOT NULL ORDER BY valid_from DESC', 'changes WH'),
    (22, 'lineage', 'What does a node depend on?', 'v1.ancestors_of', 'FROM v1.ancestors_of(''…'')', 'lineage WH NODE --up'),
    (23, 'lineage', 'What depends on a node?', 'v1.descendants_of', 'FROM v1.descendants_of(''…'')', 'lineage WH NODE --down'),
    (24, 'lineage', 'Where does a column come from?', 'v1.column_ancestors_of', 'FROM v1.column_ancestors_of(''…'', ''…'')', 'lineage WH NODE --column COLUMN --up'),
    (25, 'file', 'Which artifacts were loaded, and which could not be read?', 'v1.artifacts', 'FROM v1.artifacts WHERE status = ''quarantined''', 'status WH')
)

SELECT
    CAST(topic AS VARCHAR) AS topic,
    CAST(question AS VARCHAR) AS question,
    CAST(view_name AS VARCHAR) AS view_name,
    CAST(query AS VARCHAR) AS query,
    CAST('artifact-warehouse ' || command AS VARCHAR) AS command
FROM questions
ORDER BY place;

COMMENT ON VIEW v1.guide IS 'One row per question.';
COMMENT ON COLUMN v1.guide.topic IS 'runs, failures, times, nodes, changes, lineage or file.';
COMMENT ON COLUMN v1.guide.question IS 'The question.';
COMMENT ON COLUMN v1.guide.view_name IS 'The view or table macro that answers it.';
COMMENT ON COLUMN v1.guide.query IS 'A query to begin with; … stands for a value.';
COMMENT ON COLUMN v1.guide.command IS 'The command that answers it; NULL where there is none.';
