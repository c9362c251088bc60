-- Every version of every definition, with the fields that changed since the version before.
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
    periods.previous_definition_id,
    definitions.extra
FROM internal.definition_periods AS periods
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = periods.definition_id
LEFT JOIN internal.definition_changes AS changes
    ON changes.previous_definition_id = periods.previous_definition_id
    AND changes.definition_id = periods.definition_id
LEFT JOIN stored.texts AS texts ON texts.text_id = definitions.raw_code_id
LEFT JOIN internal.definition_checksums AS checksums ON checksums.definition_id = periods.definition_id;

COMMENT ON VIEW v1.definitions IS 'One row per version of a resource: a period in which its definition stayed the same, by the manifests that were loaded.';
COMMENT ON COLUMN v1.definitions.unique_id IS 'dbt''s id of the resource, of any type.';
COMMENT ON COLUMN v1.definitions.valid_from IS 'When the first manifest with this version was written, UTC.';
COMMENT ON COLUMN v1.definitions.valid_to IS 'When the first manifest without this version was written, UTC; NULL while it is current.';
COMMENT ON COLUMN v1.definitions.changed_fields IS 'The fields that differ from the version before; NULL for the first version, and where a resource came back unchanged.';
COMMENT ON COLUMN v1.definitions.raw_code IS 'The code as written.';
COMMENT ON COLUMN v1.definitions.checksum IS 'dbt''s checksum of the file; the smallest where versions of dbt disagree.';
COMMENT ON COLUMN v1.definitions.name IS 'Its name.';
COMMENT ON COLUMN v1.definitions.description IS 'Its description in this version.';
COMMENT ON COLUMN v1.definitions.materialized IS 'Its materialization in this version.';
COMMENT ON COLUMN v1.definitions.tags IS 'Its tags in this version.';
COMMENT ON COLUMN v1.definitions.meta IS 'Its meta in this version.';
COMMENT ON COLUMN v1.definitions.config IS 'Its config in this version, without defaults and without what depends on the target.';
COMMENT ON COLUMN v1.definitions.depends_on_nodes IS 'The unique_ids of its parents in this version.';
COMMENT ON COLUMN v1.definitions.is_enabled IS 'Whether it was enabled in this version.';
COMMENT ON COLUMN v1.definitions.previous_definition_id IS 'The definition of the version before.';
COMMENT ON COLUMN v1.definitions.extra IS 'What its author wrote beyond these columns, by field.';
