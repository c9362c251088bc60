{{
    config(
        materialized='incremental',
        unique_key='order_id',
        incremental_strategy='delete+insert',
        on_schema_change='append_new_columns',
        group='finance'
    )
}}

select
    orders.order_id,
    orders.cafe_id,
    orders.guest_id,
    orders.ordered_at,
    orders.order_date,
    orders.channel,
    orders.status,
    totals.items,
    {{ cents_to_euros('totals.total_cents') }} as total_eur,
    {{ cents_to_euros('orders.tip_cents') }} as tip_eur
from {{ ref('stg_orders') }} as orders
inner join {{ ref('int_order_totals') }} as totals
    on orders.order_id = totals.order_id
{% if is_incremental() %}
where orders.order_date >= (
    select max(order_date) - {{ var('lookback_days') }} from {{ this }}
)
{% endif %}
