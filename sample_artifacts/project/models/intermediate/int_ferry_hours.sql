{{ config(materialized='view') }}

select
    harbour,
    date_trunc('hour', arrived_at) as arrival_hour,
    count(*) as ferries,
    sum(passengers) as passengers
from {{ ref('stg_ferry_arrivals') }}
group by harbour, date_trunc('hour', arrived_at)
