{% snapshot guest_history %}

{{
    config(
        target_schema=target.schema ~ '_snapshots',
        unique_key='guest_id',
        strategy='timestamp',
        updated_at='updated_at',
        tags=['nightly']
    )
}}

select guest_id, tier, home_harbour, updated_at
from {{ source('loyalty', 'guests') }}

{% endsnapshot %}
