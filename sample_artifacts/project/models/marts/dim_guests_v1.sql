select
    guest_id,
    first_name || ' ' || last_name as guest_name,
    tier
from {{ ref('stg_guests') }}
