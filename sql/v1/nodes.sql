-- Every resource of the current manifests, of any type: what it is, and how it last went.
-- grain: project_name, environment, unique_id
-- since: 0.1
CREATE OR REPLACE VIEW v1.nodes AS
WITH group_owners AS (
    SELECT
        nodes.project_name,
        nodes.environment,
        nodes.name,
        any_value(coalesce(definitions.owner ->> 'name', definitions.owner ->> 'email')) AS owner
    FROM internal.current_nodes AS nodes
    INNER JOIN dbt.definitions AS definitions ON definitions.definition_id = nodes.definition_id
    WHERE nodes.resource_type = 'group'
    GROUP BY nodes.project_name, nodes.environment, nodes.name
),

last_successes AS (
    SELECT project_name, environment, unique_id, invocation_id, completed_at
    FROM internal.classified_executions
    WHERE status_class IN ('success', 'warn')
    QUALIFY row_number() OVER (
        PARTITION BY project_name, environment, unique_id
        ORDER BY completed_at DESC, generated_at DESC, invocation_id DESC, command DESC
    ) = 1
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
    coalesce(definitions.language, CASE WHEN definitions.raw_code_id IS NOT NULL THEN 'sql' END) AS language,
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
    coalesce(renderings.depends_on_macros, definitions.depends_on_macros) AS depends_on_macros,
    nodes.definition_id,
    nodes.manifest_generated_at,
    last.status AS last_status,
    CASE WHEN last.status_class = 'failure' THEN last.message END AS last_error,
    last.invocation_id AS last_invocation_id,
    last.completed_at AS last_executed_at,
    last_successes.invocation_id AS last_success_invocation_id,
    last_successes.completed_at AS last_success_at,
    last.execution_seconds AS last_execution_seconds
FROM internal.current_nodes AS nodes
INNER JOIN dbt.definitions AS definitions ON definitions.definition_id = nodes.definition_id
LEFT JOIN dbt.renderings AS renderings ON renderings.rendering_id = nodes.rendering_id
LEFT JOIN dbt.texts AS configs ON configs.text_id = renderings.config_id
LEFT JOIN dbt.texts AS raw_codes ON raw_codes.text_id = definitions.raw_code_id
LEFT JOIN internal.last_compilations AS compilations
    ON compilations.project_name IS NOT DISTINCT FROM nodes.project_name
    AND compilations.environment = nodes.environment
    AND compilations.definition_id = nodes.definition_id
LEFT JOIN dbt.texts AS compiled_codes ON compiled_codes.text_id = compilations.compiled_code_id
LEFT JOIN group_owners
    ON group_owners.project_name IS NOT DISTINCT FROM nodes.project_name
    AND group_owners.environment = nodes.environment
    AND group_owners.name = definitions.group_name
LEFT JOIN internal.last_executions AS last
    ON last.project_name IS NOT DISTINCT FROM nodes.project_name
    AND last.environment = nodes.environment
    AND last.unique_id = nodes.unique_id
LEFT JOIN last_successes
    ON last_successes.project_name IS NOT DISTINCT FROM nodes.project_name
    AND last_successes.environment = nodes.environment
    AND last_successes.unique_id = nodes.unique_id;

COMMENT ON VIEW v1.nodes IS 'One row per resource of the current manifest of a project and environment.';
COMMENT ON COLUMN v1.nodes.project_name IS 'The project.';
COMMENT ON COLUMN v1.nodes.environment IS 'The environment.';
COMMENT ON COLUMN v1.nodes.unique_id IS 'dbt''s id of the node.';
COMMENT ON COLUMN v1.nodes.resource_type IS 'model, test, seed, snapshot, source, exposure, metric, macro, doc, group, ….';
COMMENT ON COLUMN v1.nodes.package_name IS 'The package that it belongs to.';
COMMENT ON COLUMN v1.nodes.name IS 'Its name; versions of a model share it.';
COMMENT ON COLUMN v1.nodes.alias IS 'The name of its relation; of a source, its identifier.';
COMMENT ON COLUMN v1.nodes.database_name IS 'The database of its relation.';
COMMENT ON COLUMN v1.nodes.schema_name IS 'The schema of its relation.';
COMMENT ON COLUMN v1.nodes.relation_name IS 'Its relation, quoted for the database.';
COMMENT ON COLUMN v1.nodes.path IS 'Its path below the resource''s folder.';
COMMENT ON COLUMN v1.nodes.original_file_path IS 'Its path below the project.';
COMMENT ON COLUMN v1.nodes.patch_path IS 'The file with its properties.';
COMMENT ON COLUMN v1.nodes.fqn IS 'Its fully qualified name, part by part.';
COMMENT ON COLUMN v1.nodes.description IS 'Its description.';
COMMENT ON COLUMN v1.nodes.language IS 'sql or python.';
COMMENT ON COLUMN v1.nodes.materialized IS 'Its materialization.';
COMMENT ON COLUMN v1.nodes.tags IS 'Its tags.';
COMMENT ON COLUMN v1.nodes.meta IS 'Its meta.';
COMMENT ON COLUMN v1.nodes.config IS 'Its config, whole.';
COMMENT ON COLUMN v1.nodes.owner IS 'The owner of an exposure or group; else meta.owner; else the owner of its group.';
COMMENT ON COLUMN v1.nodes.group_name IS 'The group that it belongs to.';
COMMENT ON COLUMN v1.nodes.access IS 'private, protected or public; a model is protected unless it says otherwise.';
COMMENT ON COLUMN v1.nodes.is_contract_enforced IS 'Whether a model''s contract is enforced.';
COMMENT ON COLUMN v1.nodes.version IS 'The version of a versioned model.';
COMMENT ON COLUMN v1.nodes.latest_version IS 'The latest version of a versioned model.';
COMMENT ON COLUMN v1.nodes.deprecation_date IS 'When a model is to go, UTC.';
COMMENT ON COLUMN v1.nodes.is_enabled IS 'False for what the manifest lists as disabled.';
COMMENT ON COLUMN v1.nodes.raw_code IS 'The code as written; of a macro its SQL, of a doc its text.';
COMMENT ON COLUMN v1.nodes.compiled_code IS 'The last compiled code of this definition in this environment.';
COMMENT ON COLUMN v1.nodes.checksum IS 'dbt''s checksum of the file; it differs between versions of dbt.';
COMMENT ON COLUMN v1.nodes.depends_on_nodes IS 'The unique_ids of its parents.';
COMMENT ON COLUMN v1.nodes.depends_on_macros IS 'The macros that it uses; complete only once dbt has compiled it.';
COMMENT ON COLUMN v1.nodes.definition_id IS 'The hash of its definition: what its author wrote.';
COMMENT ON COLUMN v1.nodes.manifest_generated_at IS 'When the manifest was written, UTC.';
COMMENT ON COLUMN v1.nodes.last_status IS 'dbt''s word for its last execution; a later skip does not hide it.';
COMMENT ON COLUMN v1.nodes.last_error IS 'The message of its last execution, if that failed.';
COMMENT ON COLUMN v1.nodes.last_invocation_id IS 'The invocation of its last execution.';
COMMENT ON COLUMN v1.nodes.last_executed_at IS 'When its last execution was completed, UTC.';
COMMENT ON COLUMN v1.nodes.last_success_invocation_id IS 'The invocation of its last execution of class success or warn.';
COMMENT ON COLUMN v1.nodes.last_success_at IS 'When that execution was completed, UTC.';
COMMENT ON COLUMN v1.nodes.last_execution_seconds IS 'How long its last execution took.';
