select
    dayname(order_date) as weekday,
    avg(revenue_eur) as average_revenue_eur
from {{ ref('fct_cafe_days') }}
group by dayname(order_date)
