select
    orders.order_date,
    cafes.cafe_id,
    cafes.cafe_name,
    cafes.harbour,
    count(*) as orders,
    sum(orders.items) as items,
    sum(orders.total_eur) as revenue_eur
from {{ ref('fct_orders') }} as orders
inner join {{ ref('cafes') }} as cafes
    on orders.cafe_id = cafes.cafe_id
group by all
