-- Of how many columns of every model, snapshot and seed the lineage is known, and why not of all.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.column_lineage_coverage AS
SELECT
    current_lineages.project_name,
    current_lineages.environment,
    current_lineages.unique_id,
    lineages.status,
    lineages.dialect,
    lineages.column_count,
    lineages.resolved_count,
    lineages.unresolved_columns,
    lineages.error,
    lineages.repair,
    lineages.resolver,
    current_lineages.is_stale
FROM internal.current_column_lineages AS current_lineages
INNER JOIN stored.column_lineages AS lineages ON lineages.lineage_id = current_lineages.lineage_id;

COMMENT ON VIEW v1.column_lineage_coverage IS 'One row per current model, snapshot and seed, since `columns` resolved it.';
COMMENT ON COLUMN v1.column_lineage_coverage.unique_id IS 'The model, snapshot or seed.';
COMMENT ON COLUMN v1.column_lineage_coverage.status IS 'resolved, partial (some columns not, or an asterisk over unknown columns), failed (the code cannot be read: columns are matched by name), not_compiled, or not_sql (seeds and Python models).';
COMMENT ON COLUMN v1.column_lineage_coverage.dialect IS 'The SQL dialect in which its code was read; NULL for none in particular.';
COMMENT ON COLUMN v1.column_lineage_coverage.column_count IS 'How many columns it has: by a catalog, else by its SQL, else as declared.';
COMMENT ON COLUMN v1.column_lineage_coverage.resolved_count IS 'Of how many of them it is known where they come from, be it from nowhere, as constants do.';
COMMENT ON COLUMN v1.column_lineage_coverage.unresolved_columns IS 'Those of which its code does not tell.';
COMMENT ON COLUMN v1.column_lineage_coverage.error IS 'Why the code cannot be read, or which names in it belong to no relation.';
COMMENT ON COLUMN v1.column_lineage_coverage.repair IS 'What had to be done to the code before it could be read.';
COMMENT ON COLUMN v1.column_lineage_coverage.resolver IS 'The versions of the resolver and of the parser.';
COMMENT ON COLUMN v1.column_lineage_coverage.is_stale IS 'Whether a newer manifest was loaded since, of which `columns` is yet to be run.';
