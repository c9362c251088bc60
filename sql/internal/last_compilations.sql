-- The last compiled code of every definition in every environment. Missing code means not compiled, not changed.
-- grain: project_name, environment, definition_id
CREATE OR REPLACE VIEW internal.last_compilations AS
WITH rendering_sets AS (
    SELECT
        settled.project_name,
        settled.environment,
        artifacts.rendering_set_id,
        max(artifacts.generated_at) AS generated_at
    FROM stored.settled_artifacts AS settled
    INNER JOIN stored.artifacts AS artifacts ON artifacts.artifact_key = settled.artifact_key
    WHERE settled.is_current AND artifacts.kind = 'manifest'
    GROUP BY settled.project_name, settled.environment, artifacts.rendering_set_id
)

SELECT
    rendering_sets.project_name,
    rendering_sets.environment,
    renderings.definition_id,
    arg_max(
        renderings.compiled_code_id, struct_pack(at := rendering_sets.generated_at, id := renderings.rendering_id)
    ) AS compiled_code_id
FROM rendering_sets
INNER JOIN stored.set_members AS members ON members.set_id = rendering_sets.rendering_set_id
INNER JOIN stored.renderings AS renderings ON renderings.rendering_id = members.member_id
WHERE renderings.compiled_code_id IS NOT NULL
GROUP BY rendering_sets.project_name, rendering_sets.environment, renderings.definition_id;

COMMENT ON VIEW internal.last_compilations IS 'One row per definition that was ever compiled in an environment.';
