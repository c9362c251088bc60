-- The rates of the public views that are not between 0 and 1.
-- parameters: none
-- grain: none
SELECT rate
FROM (
    SELECT success_rate AS rate FROM v1.node_success_rates
    UNION ALL
    SELECT success_rate FROM v1.run_success_rates
    UNION ALL
    SELECT failure_rate FROM v1.test_failure_rates
)
WHERE rate NOT BETWEEN 0 AND 1
