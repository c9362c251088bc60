-- The loyalty report is there by half past: what this finds depends on the clock alone.

select guest_id
from {{ ref('rpt_loyalty') }}
where extract(minute from now()) >= 30
