select
    payment_id,
    order_id,
    method,
    {{ cents_to_euros('amount_cents') }} as amount_eur,
    paid_at
from {{ source('pos', 'payments') }}
