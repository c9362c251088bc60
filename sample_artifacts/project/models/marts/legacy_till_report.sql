{{ config(enabled=false) }}

-- The paper report of the old tills. Kept for reference, no longer built.
select order_date, sum(total_eur) as total_eur
from {{ ref('fct_orders') }}
group by order_date
