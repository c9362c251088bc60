{% snapshot product_prices %}

{{
    config(
        target_schema=target.schema ~ '_snapshots',
        unique_key='product_id',
        strategy='check',
        check_cols=['list_price_cents', 'supplier'],
        tags=['nightly']
    )
}}

select * from {{ ref('products') }}

{% endsnapshot %}
