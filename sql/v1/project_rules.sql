-- Where the current manifests break rules of good practice that need only the graph and the manifest.
-- grain: project_name, environment, rule, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.project_rules AS
WITH broken AS (
    SELECT project_name, environment, rule, unique_id, sentence FROM internal.graph_rules
    UNION ALL
    SELECT project_name, environment, rule, unique_id, sentence FROM internal.node_rules
    UNION ALL
    SELECT
        project_name,
        environment,
        'hard_coded_references' AS rule,
        unique_id,
        'Names relations in its code instead of by ref or source ('
        || string_agg(relation_name, ', ' ORDER BY relation_name ASC) || ').' AS sentence
    FROM internal.hard_coded_references
    GROUP BY project_name, environment, unique_id
),

rules (rule, category, severity) AS (
    VALUES
    ('hard_coded_references', 'modeling', 'error'),
    ('duplicate_sources', 'modeling', 'error'),
    ('direct_join_to_source', 'modeling', 'warn'),
    ('marts_or_intermediate_dependent_on_source', 'modeling', 'warn'),
    ('multiple_sources_joined', 'modeling', 'warn'),
    ('staging_dependent_on_staging', 'modeling', 'warn'),
    ('staging_dependent_on_marts_or_intermediate', 'modeling', 'warn'),
    ('root_models', 'modeling', 'warn'),
    ('source_fanout', 'modeling', 'warn'),
    ('model_fanout', 'modeling', 'info'),
    ('too_many_joins', 'modeling', 'info'),
    ('rejoining_of_upstream_concepts', 'modeling', 'info'),
    ('unused_sources', 'modeling', 'info'),
    ('missing_primary_key_tests', 'testing', 'warn'),
    ('untested_models', 'testing', 'warn'),
    ('sources_without_freshness', 'testing', 'info'),
    ('undocumented_models', 'documentation', 'info'),
    ('undocumented_source_tables', 'documentation', 'info'),
    ('undocumented_sources', 'documentation', 'info'),
    ('undocumented_columns', 'documentation', 'info'),
    ('undocumented_public_models', 'governance', 'warn'),
    ('public_models_without_contract', 'governance', 'error'),
    ('exposures_dependent_on_private_models', 'governance', 'error'),
    ('exposures_dependent_on_sources', 'governance', 'warn'),
    ('exposure_parents_materializations', 'performance', 'info'),
    ('chained_views_dependencies', 'performance', 'warn'),
    ('model_naming_conventions', 'structure', 'info'),
    ('model_directories', 'structure', 'info')
)

SELECT
    broken.project_name,
    broken.environment,
    broken.rule,
    broken.unique_id,
    rules.category,
    rules.severity,
    broken.sentence
FROM broken
INNER JOIN rules ON rules.rule = broken.rule;

COMMENT ON VIEW v1.project_rules IS 'One row per node of the project''s own package and rule that it breaks. docs/analytics.md states every rule.';
COMMENT ON COLUMN v1.project_rules.rule IS 'The name of the rule, as dbt_project_evaluator calls it where it has that rule.';
COMMENT ON COLUMN v1.project_rules.unique_id IS 'The node that breaks the rule.';
COMMENT ON COLUMN v1.project_rules.category IS 'modeling, testing, documentation, structure, performance or governance.';
COMMENT ON COLUMN v1.project_rules.severity IS 'error where lineage, the build order or the access of a model is broken; warn where damage is likely; else info.';
COMMENT ON COLUMN v1.project_rules.sentence IS 'What is wrong, with the names of the other nodes.';
