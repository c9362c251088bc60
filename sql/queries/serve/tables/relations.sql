-- The relations among the nodes, with what catalogs say of them.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT
    project_name,
    environment,
    unique_id,
    catalog_type,
    catalog_owner,
    catalog_comment,
    row_count,
    size_bytes,
    column_count
FROM internal.catalogued_nodes
