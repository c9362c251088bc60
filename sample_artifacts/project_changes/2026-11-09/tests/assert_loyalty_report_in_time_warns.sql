-- The same, which only warns.
{{ config(severity='warn') }}

select guest_id
from {{ ref('rpt_loyalty') }}
where extract(minute from now()) >= 30
