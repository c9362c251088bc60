-- Which relations the current models name in their code instead of by ref() or source().
-- grain: project_name, environment, unique_id, relation_name
--
-- Where there is column lineage, a parser has read the compiled code. Elsewhere the code as written is searched, without
-- Jinja, comments and texts, for a name with dots after FROM or JOIN whose first part is not an alias there.
CREATE OR REPLACE VIEW internal.hard_coded_references AS
WITH models AS MATERIALIZED (
    SELECT project_name, environment, unique_id, raw_code_id
    FROM internal.project_nodes
    WHERE is_own AND is_sql AND resource_type IN ('model', 'snapshot')
),

parsed AS MATERIALIZED (
    SELECT project_name, environment, unique_id, lineage_id
    FROM internal.current_column_lineages
    WHERE NOT is_stale
),

read_columns AS (
    SELECT parsed.project_name, parsed.environment, parsed.unique_id, edges.from_unique_id AS relation_name
    FROM parsed
    INNER JOIN stored.column_edges AS edges ON edges.lineage_id = parsed.lineage_id
    UNION
    SELECT parsed.project_name, parsed.environment, parsed.unique_id, uses.from_unique_id AS relation_name
    FROM parsed
    INNER JOIN stored.column_uses AS uses ON uses.lineage_id = parsed.lineage_id
),

by_parser AS (
    SELECT models.project_name, models.environment, models.unique_id, reads.relation_name
    FROM models
    INNER JOIN read_columns AS reads
        ON reads.project_name IS NOT DISTINCT FROM models.project_name
        AND reads.environment = models.environment
        AND reads.unique_id = models.unique_id
    WHERE reads.relation_name NOT IN (SELECT unique_id FROM stored.definitions WHERE unique_id IS NOT NULL)
        AND contains(reads.relation_name, '.')
),

codes AS (
    SELECT
        models.project_name,
        models.environment,
        models.unique_id,
        lower(
            regexp_replace(
                regexp_replace(
                    regexp_replace(texts.text, '(?s)\{#.*?#\}|/\*.*?\*/|--[^\n]*|''[^'']*''', ' ', 'g'),
                    '(?s)\{%.*?%\}|\{\{.*?\}\}',
                    ' jinja ',
                    'g'
                ),
                '(?is)(\b(extract|trim|substring|overlay)\s*\([^()]*\bfrom\b)|(\bdistinct\s+from\b)',
                ' ',
                'g'
            )
        ) AS code
    FROM models
    INNER JOIN stored.texts AS texts ON texts.text_id = models.raw_code_id
    LEFT JOIN parsed
        ON parsed.project_name IS NOT DISTINCT FROM models.project_name
        AND parsed.environment = models.environment
        AND parsed.unique_id = models.unique_id
    WHERE parsed.unique_id IS NULL
),

-- A part of a name is a word (with hyphens, as in BigQuery's projects) or quoted text; a part may be left out.
named AS (
    SELECT
        project_name,
        environment,
        unique_id,
        regexp_replace(code, '["`]|\[|\]', '', 'g') AS code,
        unnest(
            regexp_extract_all(
                code,
                '\b(?:from|join)\s+'
                || '((?:\w[\w-]*|"[^"]+"|`[^`]+`|\[[^\]]+\])(?:\.\.?(?:\w[\w-]*|"[^"]+"|`[^`]+`|\[[^\]]+\])){0,3})',
                1
            )
        ) AS quoted_name
    FROM codes
),

by_code AS (
    SELECT DISTINCT project_name, environment, unique_id, relation_name
    FROM (
        SELECT
            project_name,
            environment,
            unique_id,
            code,
            regexp_replace(quoted_name, '["`]|\[|\]', '', 'g') AS relation_name
        FROM named
    )
    WHERE contains(relation_name, '.')
        AND NOT regexp_matches(relation_name, '^jinja\b|\sjinja\s')
        AND NOT regexp_matches(
            code, '\b' || regexp_escape(split_part(relation_name, '.', 1)) || '\s*([^.\w\s]|\s\w|$)'
        )
)

SELECT project_name, environment, unique_id, relation_name
FROM by_parser
UNION
SELECT project_name, environment, unique_id, relation_name
FROM by_code;

COMMENT ON VIEW internal.hard_coded_references IS 'One row per own model or snapshot and relation that its code names.';
