-- What only groups have.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, owner_name, owner_email
FROM v1.groups
