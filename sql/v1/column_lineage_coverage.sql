-- How many columns of every model, snapshot and seed have a known lineage, and why the others have none.
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

COMMENT ON VIEW v1.column_lineage_coverage IS 'One row per current model, snapshot and seed whose lineage `columns` has resolved.';
COMMENT ON COLUMN v1.column_lineage_coverage.unique_id IS 'The model, snapshot or seed.';
COMMENT ON COLUMN v1.column_lineage_coverage.status IS 'resolved, partial (some columns are not, or a star selects unknown columns), failed (the code cannot be read: columns are matched by name), not_compiled, or not_sql (seeds and Python models).';
COMMENT ON COLUMN v1.column_lineage_coverage.dialect IS 'The SQL dialect in which the code was parsed; NULL for the general one.';
COMMENT ON COLUMN v1.column_lineage_coverage.column_count IS 'How many columns the node has: from a catalog, else from its SQL, else as declared.';
COMMENT ON COLUMN v1.column_lineage_coverage.resolved_count IS 'How many of its columns have a known origin. A constant is known to have none.';
COMMENT ON COLUMN v1.column_lineage_coverage.unresolved_columns IS 'The columns whose origin the code does not tell.';
COMMENT ON COLUMN v1.column_lineage_coverage.error IS 'Why the code cannot be read, or which names in it belong to no relation.';
COMMENT ON COLUMN v1.column_lineage_coverage.repair IS 'What was changed in the code to make it readable.';
COMMENT ON COLUMN v1.column_lineage_coverage.resolver IS 'The versions of the resolver and of the parser.';
COMMENT ON COLUMN v1.column_lineage_coverage.is_stale IS 'Whether a newer manifest is loaded, for which `columns` has not run yet.';
