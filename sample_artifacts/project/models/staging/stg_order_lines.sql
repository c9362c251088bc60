select
    line_id,
    order_id,
    product_id,
    cast(quantity as integer) as quantity,
    unit_price_cents
from {{ source('pos', 'order_lines') }}
