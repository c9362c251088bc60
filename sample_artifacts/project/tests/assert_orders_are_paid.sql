-- Every order that was served has at least one payment. The till sends payments
-- in a second file, which is sometimes a day late: hence only a warning.
{{ config(severity='warn', tags=['payments']) }}

select orders.order_id
from {{ ref('stg_orders') }} as orders
left join {{ ref('stg_payments') }} as payments
    on orders.order_id = payments.order_id
where orders.status = 'served'
  and payments.payment_id is null
