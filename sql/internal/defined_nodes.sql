-- Every node of the current manifests with all that manifests say of it, and nothing of its executions.
-- grain: project_name, environment, unique_id
--
-- Not portable: `json_merge_patch`.
CREATE OR REPLACE VIEW internal.defined_nodes AS
WITH group_owners AS (
    SELECT
        nodes.project_name,
        nodes.environment,
        definitions.package_name,
        nodes.name,
        any_value(coalesce(definitions.owner ->> 'name', definitions.owner ->> 'email')) AS owner
    FROM internal.current_nodes AS nodes
    INNER JOIN stored.definitions AS definitions ON definitions.definition_id = nodes.definition_id
    WHERE nodes.resource_type = 'group'
    GROUP BY nodes.project_name, nodes.environment, definitions.package_name, nodes.name
)

SELECT
    nodes.project_name,
    nodes.environment,
    nodes.unique_id,
    nodes.resource_type,
    definitions.package_name,
    nodes.name,
    renderings.alias,
    renderings.database_name,
    renderings.schema_name,
    renderings.relation_name,
    definitions.path,
    definitions.original_file_path,
    definitions.patch_path,
    definitions.fqn,
    definitions.description,
    coalesce(
        definitions.language,
        CASE
            WHEN nodes.resource_type IN (
                'model', 'seed', 'snapshot', 'test', 'analysis', 'operation', 'sql operation', 'function', 'macro'
            )
                THEN 'sql'
        END
    ) AS language,
    nodes.materialized,
    definitions.tags,
    definitions.meta,
    coalesce(CAST(configs.text AS JSON), definitions.config) AS config,
    coalesce(
        definitions.owner ->> 'name',
        definitions.owner ->> 'email',
        definitions.meta ->> 'owner',
        group_owners.owner
    ) AS owner,
    definitions.group_name,
    coalesce(definitions.access, CASE WHEN nodes.resource_type = 'model' THEN 'protected' END) AS access,
    coalesce(definitions.is_contract_enforced, CASE WHEN nodes.resource_type = 'model' THEN FALSE END)
        AS is_contract_enforced,
    definitions.version,
    definitions.latest_version,
    definitions.deprecation_date,
    nodes.is_enabled,
    raw_codes.text AS raw_code,
    compiled_codes.text AS compiled_code,
    renderings.checksum,
    nodes.depends_on_nodes,
    renderings.depends_on_macros,
    nodes.definition_id,
    nodes.manifest_generated_at,
    definitions.test_type,
    definitions.test_name,
    definitions.test_namespace,
    definitions.kwargs,
    definitions.column_name,
    definitions.tested_unique_id,
    definitions.severity,
    definitions.warn_if,
    definitions.error_if,
    definitions.owner ->> 'name' AS owner_name,
    definitions.owner ->> 'email' AS owner_email,
    definitions.extra,
    -- All that has no column here: of the definition, of the rendering, and of an owner beyond name and email.
    nullif(
        json_merge_patch(
            json_merge_patch(coalesce(definitions.extra, '{}'), coalesce(renderings.extra, '{}')),
            CASE
                WHEN definitions.owner IS NULL THEN '{}'
                WHEN json_type(definitions.owner) <> 'OBJECT' THEN json_object('owner', definitions.owner)
                ELSE json_object('owner', nullif(json_merge_patch(definitions.owner, '{"name": null, "email": null}'), '{}'))
            END
        ),
        '{}'
    ) AS other_fields
FROM internal.current_nodes AS nodes
INNER JOIN stored.definitions AS definitions ON definitions.definition_id = nodes.definition_id
LEFT JOIN stored.renderings AS renderings ON renderings.rendering_id = nodes.rendering_id
LEFT JOIN stored.texts AS configs ON configs.text_id = renderings.config_id
LEFT JOIN stored.texts AS raw_codes ON raw_codes.text_id = definitions.raw_code_id
LEFT JOIN internal.last_compilations AS compilations
    ON compilations.project_name IS NOT DISTINCT FROM nodes.project_name
    AND compilations.environment = nodes.environment
    AND compilations.definition_id = nodes.definition_id
LEFT JOIN stored.texts AS compiled_codes ON compiled_codes.text_id = compilations.compiled_code_id
LEFT JOIN group_owners
    ON group_owners.project_name IS NOT DISTINCT FROM nodes.project_name
    AND group_owners.environment = nodes.environment
    AND group_owners.package_name = definitions.package_name
    AND group_owners.name = definitions.group_name;

COMMENT ON VIEW internal.defined_nodes IS 'One row per node of a current manifest.';
