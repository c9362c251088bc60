-- Every snapshot of the current manifests: what it is, how its last execution went, and what catalogs and tests say.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.snapshots AS
SELECT *
FROM internal.catalogued_nodes
WHERE resource_type = 'snapshot';

COMMENT ON VIEW v1.snapshots IS 'One row per snapshot of the current manifest of a project and environment.';
