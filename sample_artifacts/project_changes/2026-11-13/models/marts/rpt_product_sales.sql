{{ config(group='finance') }}

select
    margins.product_id,
    margins.product_name,
    margins.category,
    sum(lines.quantity) as sold,
    {{ cents_to_euros('sum(lines.quantity * margins.margin_cents)') }} as margin_eur
from {{ ref('stg_order_lines') }} as lines
inner join {{ ref('int_product_margins') }} as margins
    on lines.product_id = margins.product_id
group by all
