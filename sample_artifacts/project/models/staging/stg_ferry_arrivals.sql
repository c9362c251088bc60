select
    arrival_id,
    harbour,
    ferry,
    arrived_at,
    passengers
from {{ source('port', 'ferry_arrivals') }}
