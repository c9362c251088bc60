select
    date_trunc('week', order_date) as week,
    harbour,
    sum(revenue_eur) as revenue_eur,
    sum(passengers) as passengers,
    sum(revenue_eur) / nullif(sum(passengers), 0) as revenue_per_passenger_eur
from {{ ref('fct_ferry_demand') }}
group by all
