{{ config(materialized='ephemeral', group='finance', access='private') }}

select
    product_id,
    product_name,
    category,
    list_price_cents - cost_cents as margin_cents
from {{ ref('products') }}
