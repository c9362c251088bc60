-- Where to look for what: a question, the view that answers it, a query, and the command that asks it.
-- grain: question
-- since: 0.1
--
-- `@` stands for the schema: a name in a text is nothing that the view reads.
CREATE OR REPLACE VIEW v1.guide AS
WITH questions (place, topic, question, view_name, query, command) AS (
    VALUES
    (1, 'runs', 'How did the runs go?', 'invocations', 'FROM @invocations WHERE is_executing ORDER BY generated_at DESC LIMIT 20', 'runs WH'),
    (2, 'runs', 'What happened in one run?', 'node_executions', 'FROM @node_executions WHERE invocation_id = ''…''', 'run WH RUN'),
    (3, 'runs', 'Why was a node skipped?', 'skips', 'FROM @skips WHERE invocation_id = ''…''', 'diagnose WH RUN'),
    (4, 'runs', 'How often do runs succeed, with their retries?', 'logical_run_success_rates', 'FROM @logical_run_success_rates ORDER BY run_date DESC', NULL),
    (5, 'failures', 'What fails now?', 'nodes', 'SELECT environment, unique_id, last_error FROM @nodes WHERE is_failing', 'failures WH'),
    (6, 'failures', 'Since when did it fail, and what had changed?', 'failure_incidents', 'FROM @failure_incidents ORDER BY opened_at DESC', 'failures WH --since 30d'),
    (7, 'failures', 'How often does a node succeed?', 'node_success_rates', 'FROM @node_success_rates ORDER BY success_rate', NULL),
    (8, 'failures', 'How often does a test fail?', 'test_failure_rates', 'FROM @test_failure_rates ORDER BY failure_rate DESC', NULL),
    (9, 'failures', 'Which tests are flaky?', 'flaky_tests', 'FROM @flaky_tests ORDER BY flip_count DESC', 'flaky WH'),
    (10, 'times', 'How long does a node take?', 'node_execution_times', 'FROM @node_execution_times ORDER BY execution_seconds_sum DESC', 'slow WH'),
    (11, 'times', 'What has become slower?', 'execution_time_regressions', 'FROM @execution_time_regressions WHERE ended_at IS NULL', 'slow WH'),
    (12, 'times', 'What decided how long a run took?', 'critical_paths', 'FROM @critical_paths WHERE invocation_id = ''…'' ORDER BY step', 'diagnose WH RUN'),
    (13, 'times', 'What was built for nothing?', 'materialization_waste', 'FROM @materialization_waste ORDER BY wasted_seconds DESC', 'slow WH'),
    (14, 'times', 'What does it cost?', 'costs', 'SELECT unique_id, sum(bytes_billed) FROM @costs GROUP BY unique_id', NULL),
    (15, 'nodes', 'Which models are there, and how are they?', 'models', 'SELECT name, owner, last_status, failing_test_count FROM @models', 'show WH NODE'),
    (16, 'nodes', 'Which columns has a model?', 'columns', 'FROM @columns WHERE unique_id = ''…'' ORDER BY column_index', NULL),
    (17, 'nodes', 'Are the sources fresh?', 'sources', 'SELECT name, freshness_status, max_loaded_at FROM @sources', 'status WH'),
    (18, 'nodes', 'Is a dashboard in order?', 'exposure_tiles', 'FROM @exposure_tiles', 'tile WH EXPOSURE'),
    (19, 'nodes', 'What needs care?', 'health', 'FROM @health WHERE health <> ''healthy''', NULL),
    (20, 'nodes', 'Which rules of good practice are broken?', 'project_rules', 'FROM @project_rules ORDER BY severity, rule', 'check WH --rules warn'),
    (21, 'changes', 'What changed?', 'definitions', 'FROM @definitions WHERE changed_fields IS NOT NULL ORDER BY valid_from DESC', 'changes WH'),
    (22, 'lineage', 'What does a node depend on?', 'ancestors_of', 'FROM @ancestors_of(''…'')', 'lineage WH NODE --up'),
    (23, 'lineage', 'What depends on a node?', 'descendants_of', 'FROM @descendants_of(''…'')', 'lineage WH NODE --down'),
    (24, 'lineage', 'Where does a column come from?', 'column_ancestors_of', 'FROM @column_ancestors_of(''…'', ''…'')', 'lineage WH NODE --column COLUMN --up'),
    (25, 'file', 'Which artifacts were loaded, and which could not be read?', 'artifacts', 'FROM @artifacts WHERE status = ''quarantined''', 'status WH')
)

SELECT
    CAST(topic AS VARCHAR) AS topic,
    CAST(question AS VARCHAR) AS question,
    CAST('v1.' || view_name AS VARCHAR) AS view_name,
    CAST(replace(query, '@', 'v1.') AS VARCHAR) AS query,
    CAST('artifact-warehouse ' || command AS VARCHAR) AS command
FROM questions
ORDER BY place ASC;

COMMENT ON VIEW v1.guide IS 'One row per question.';
COMMENT ON COLUMN v1.guide.topic IS 'runs, failures, times, nodes, changes, lineage or file.';
COMMENT ON COLUMN v1.guide.question IS 'The question.';
COMMENT ON COLUMN v1.guide.view_name IS 'The view or table macro that answers it.';
COMMENT ON COLUMN v1.guide.query IS 'A query to begin with; … stands for a value.';
COMMENT ON COLUMN v1.guide.command IS 'The command that answers it; NULL where there is none.';
