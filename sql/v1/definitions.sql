-- Every version of every definition, with what changed from the one before.
-- grain: project_name, environment, unique_id, valid_from
-- since: 0.1
CREATE OR REPLACE VIEW v1.definitions AS
SELECT
    periods.project_name,
    periods.environment,
    periods.unique_id,
    periods.valid_from,
    periods.valid_to,
    periods.definition_id,
    changes.changed_fields,
    texts.text AS raw_code,
    checksums.checksum,
    definitions.resource_type,
    definitions.name,
    definitions.description,
    definitions.materialized,
    definitions.tags,
    definitions.meta,
    definitions.config,
    definitions.depends_on_nodes,
    definitions.is_enabled,
    periods.previous_definition_id
FROM internal.definition_periods AS periods
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = periods.definition_id
LEFT JOIN internal.definition_changes AS changes
    ON changes.previous_definition_id = periods.previous_definition_id
    AND changes.definition_id = periods.definition_id
LEFT JOIN stored.texts AS texts ON texts.text_id = definitions.raw_code_id
LEFT JOIN internal.definition_checksums AS checksums ON checksums.definition_id = periods.definition_id;

COMMENT ON VIEW v1.definitions IS 'One row per version of a resource: a stretch of time, by the manifests that were loaded, in which its definition stayed the same.';
COMMENT ON COLUMN v1.definitions.unique_id IS 'dbt''s id of the resource, of any type.';
COMMENT ON COLUMN v1.definitions.valid_from IS 'When the first manifest with it was written, UTC.';
COMMENT ON COLUMN v1.definitions.valid_to IS 'When the first manifest without it was written, UTC; NULL while it is current.';
COMMENT ON COLUMN v1.definitions.definition_id IS 'The hash of the definition: what its author wrote.';
COMMENT ON COLUMN v1.definitions.changed_fields IS 'What differs from the version before; NULL for the first, and where a resource came back as it was.';
COMMENT ON COLUMN v1.definitions.raw_code IS 'The code as written.';
COMMENT ON COLUMN v1.definitions.checksum IS 'dbt''s checksum of the file; where versions of dbt disagree, the smallest.';
COMMENT ON COLUMN v1.definitions.name IS 'Its name.';
COMMENT ON COLUMN v1.definitions.description IS 'Its description then.';
COMMENT ON COLUMN v1.definitions.materialized IS 'Its materialization then.';
COMMENT ON COLUMN v1.definitions.tags IS 'Its tags then.';
COMMENT ON COLUMN v1.definitions.meta IS 'Its meta then.';
COMMENT ON COLUMN v1.definitions.config IS 'Its config then, without defaults and without what belongs to the environment.';
COMMENT ON COLUMN v1.definitions.depends_on_nodes IS 'Its parents then.';
COMMENT ON COLUMN v1.definitions.is_enabled IS 'Whether it was enabled then.';
COMMENT ON COLUMN v1.definitions.previous_definition_id IS 'The definition before.';
