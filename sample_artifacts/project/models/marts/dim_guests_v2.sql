select
    guest_id,
    first_name,
    last_name,
    home_harbour,
    tier
from {{ ref('stg_guests') }}
