-- dbt's checksum of the file of every definition. Versions of dbt differ: the smallest of several counts.
-- grain: definition_id
CREATE OR REPLACE VIEW internal.definition_checksums AS
SELECT
    definition_id,
    min(checksum) AS checksum,
    arg_min(rendering_id, struct_pack(checksum := checksum, id := rendering_id)) AS rendering_id
FROM stored.renderings
WHERE checksum IS NOT NULL
GROUP BY definition_id;

COMMENT ON VIEW internal.definition_checksums IS
    'One row per definition with a checksum, and a rendering that has it.';
