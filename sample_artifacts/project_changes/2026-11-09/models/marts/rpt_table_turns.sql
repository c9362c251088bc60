select
    cafe_id,
    order_date,
    count(distinct order_id) as orders,
    count(distinct guest_id) as guests
from {{ ref('fct_orders') }}
group by cafe_id, order_date
