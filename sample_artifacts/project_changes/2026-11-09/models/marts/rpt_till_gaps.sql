-- The longest silence of each till. Every ping is compared with every other one, which is well while there are few.
select
    pings.cafe_id,
    count(*) as pairs,
    max(later.pinged_at - pings.pinged_at) as longest
from {{ source('pos', 'till_pings') }} as pings
inner join {{ source('pos', 'till_pings') }} as later
    on pings.pinged_at < later.pinged_at
group by pings.cafe_id
