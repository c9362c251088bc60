select
    order_id,
    cafe_id,
    guest_id,
    ordered_at,
    cast(ordered_at as date) as order_date,
    lower(channel) as channel,
    table_number,
    status,
    tip_cents
from {{ source('pos', 'orders') }}
