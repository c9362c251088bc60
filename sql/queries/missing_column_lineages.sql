-- The lineages that manifests refer to and that are not stored.
-- parameters: none
-- grain: artifact_key, member_id
SELECT manifests.artifact_key, members.member_id
FROM stored.manifest_column_lineages AS manifests
LEFT JOIN stored.column_lineage_sets AS sets ON sets.inputs_id = manifests.inputs_id
LEFT JOIN stored.set_members AS members ON members.set_id = sets.set_id
LEFT JOIN stored.column_lineages AS lineages ON lineages.lineage_id = members.member_id
WHERE sets.set_id IS NULL OR (members.member_id IS NOT NULL AND lineages.lineage_id IS NULL)
