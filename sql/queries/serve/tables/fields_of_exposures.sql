-- What only exposures have.
-- parameters: none
-- grain: project_name, environment, unique_id
SELECT project_name, environment, unique_id, exposure_type, label, maturity, url, owner_name, owner_email
FROM v1.exposures
