select
    days.order_date,
    days.harbour,
    sum(days.orders) as orders,
    sum(days.revenue_eur) as revenue_eur,
    coalesce(max(ferries.passengers), 0) as passengers
from {{ ref('fct_cafe_days') }} as days
left join (
    select
        harbour,
        cast(arrival_hour as date) as arrival_date,
        sum(passengers) as passengers
    from {{ ref('int_ferry_hours') }}
    group by harbour, cast(arrival_hour as date)
) as ferries
    on days.harbour = ferries.harbour
    and days.order_date = ferries.arrival_date
group by days.order_date, days.harbour
