{{ config(materialized='table') }}

select
    orders.order_id,
    sum(lines.quantity) as items,
    sum(lines.quantity * lines.unit_price_cents) as total_cents
from {{ ref('stg_orders') }} as orders
inner join {{ ref('stg_order_lines') }} as lines
    on orders.order_id = lines.order_id
group by orders.order_id
