{{ config(group='guest_care') }}

select
    guests.guest_id,
    guests.tier,
    count(orders.order_id) as visits,
    coalesce(sum(orders.total_eur), 0) as spent_eur
from {{ ref('dim_guests') }} as guests
left join {{ ref('fct_orders') }} as orders
    on guests.guest_id = orders.guest_id
group by guests.guest_id, guests.tier
