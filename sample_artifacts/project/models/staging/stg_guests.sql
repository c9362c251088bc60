select
    guest_id,
    first_name,
    last_name,
    email,
    home_harbour,
    tier,
    updated_at
from {{ source('loyalty', 'guests') }}
