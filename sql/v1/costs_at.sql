-- What every node cost on each day, at the prices that are given.
-- grain: project_name, environment, unique_id, run_date
-- since: 0.1
CREATE OR REPLACE MACRO v1.costs_at(price_per_tib := 0, price_per_slot_hour := 0, price_per_credit := 0, price_per_hour := 0) AS TABLE
-- The sums are of integers, which add up exactly in any order.
WITH sums AS (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        run_date,
        count(*) AS executed_count,
        -- Without the CASE, least(NULL, limit) would be the limit.
        CASE
            WHEN count(coalesce(bytes_billed, bytes_processed)) > 0
                THEN CAST(least(sum(coalesce(bytes_billed, bytes_processed)), 9223372036854775807) AS BIGINT)
        END AS bytes_billed,
        CAST(sum(CASE WHEN slot_seconds BETWEEN 0 AND 1e12 THEN CAST(round(slot_seconds * 1e3) AS HUGEINT) END) AS DOUBLE)
        / 1e3 AS slot_seconds,
        CAST(sum(CASE WHEN credits BETWEEN 0 AND 1e12 THEN CAST(round(credits * 1e9) AS HUGEINT) END) AS DOUBLE)
        / 1e9 AS credits,
        CAST(sum(CASE WHEN execution_seconds BETWEEN 0 AND 1e9 THEN CAST(round(execution_seconds * 1e15) AS HUGEINT) END)
            AS DOUBLE) / 1e15 AS execution_seconds
    FROM v1.costs
    GROUP BY project_name, environment, unique_id, resource_type, name, run_date
),

priced AS (
    SELECT
        project_name,
        environment,
        unique_id,
        resource_type,
        name,
        run_date,
        executed_count,
        bytes_billed,
        slot_seconds,
        credits,
        execution_seconds,
        bytes_billed / 1099511627776.0 * CAST(price_per_tib AS DOUBLE) AS bytes_cost,
        slot_seconds / 3600.0 * CAST(price_per_slot_hour AS DOUBLE) AS slot_cost,
        credits * CAST(price_per_credit AS DOUBLE) AS credits_cost,
        execution_seconds / 3600.0 * CAST(price_per_hour AS DOUBLE) AS time_cost
    FROM sums
)

SELECT
    project_name,
    environment,
    unique_id,
    resource_type,
    name,
    run_date,
    executed_count,
    bytes_billed,
    slot_seconds,
    credits,
    execution_seconds,
    bytes_cost,
    slot_cost,
    credits_cost,
    time_cost,
    CASE
        WHEN coalesce(bytes_cost, slot_cost, credits_cost, time_cost) IS NOT NULL
            THEN coalesce(bytes_cost, 0) + coalesce(slot_cost, 0) + coalesce(credits_cost, 0) + coalesce(time_cost, 0)
    END AS total_cost
FROM priced;

COMMENT ON MACRO TABLE v1.costs_at IS 'One row per node and day: price_per_tib for bytes billed (else processed), price_per_slot_hour, price_per_credit, and price_per_hour of execution; a price that is not given is 0.';
