"""The tables of the report's pages as the views have them: a statement for each table, which answers the drawn texts.

The statements are written against the public views, and format as the page does by macros of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

MACROS = r"""
create or replace temp macro num(x) as
    case when x is null then '–' else replace(format('{:,}', round(x)::bigint), ',', chr(8239)) end;
create or replace temp macro up(s) as s + if(s * 8 = floor(s * 8), 1e-9, 0);  -- ties go up in JavaScript
create or replace temp macro dur(s) as case
    when s is null then '–'
    when s = 0 then '0 s'
    when s < 0.0995 then format('{:.0f} ms', round(s * 1000))
    when s < 0.995 then format('{:.2f} s', up(s))
    when s < 9.95 then format('{:.1f} s', up(s))
    when s < 99.5 then format('{:.0f} s', up(s))
    when round(s) < 6000 then format('{} min {:02d} s', round(s)::bigint // 60, round(s)::bigint % 60)
    when round(s) < 36000 then format('{:.1f} h', round(s) / 3600)
    when round(s) < 172800 then format('{:.0f} h', round(s) / 3600)
    when round(s) < 864000 then format('{:.1f} d', round(s) / 86400)
    else format('{:.0f} d', round(s) / 86400) end;
create or replace temp macro ms(s) as round(s * 1000) / 1000;
create or replace temp macro stamp(t) as
    case when t is null then '–' else strftime(make_timestamp_ms(epoch_ms(t)), '%-d %b %H:%M') end;
create or replace temp macro dash(x) as coalesce(nullif(x, ''), '–');
create or replace temp macro several(n, one) as num(n) || ' ' || one || if(n = 1, '', 's');
create or replace temp macro short(id) as coalesce(nullif(array_to_string(
    case when split_part(id, '.', 1) = 'test' and len(string_split(id, '.')) > 3
    then string_split(id, '.')[3:-2] else string_split(id, '.')[3:] end, '.'), ''), id);
create or replace temp macro label(column_name, test_name, name) as
    if(column_name <> '', coalesce(nullif(test_name, ''), 'test') || ' ' || column_name, name);
create or replace temp macro change(fields) as nullif(array_to_string(fields, ', '), '');
create or replace temp macro cause(is_parent_failing, fields) as case
    when is_parent_failing then 'a parent failed too'
    else coalesce('with a change of ' || change(fields), 'no change known') end;
"""

PLACE = "project_name is not distinct from {project} and environment = {environment}"

EXECUTIONS = f"""
    select e.*, coalesce(i.started_at, i.generated_at) as happened_at, i.is_empty or i.is_sample as is_partial
    from v1.node_executions as e join v1.invocations as i using (invocation_id, command, project_name, environment)
    where i.is_executing and {PLACE}
"""

CHANGES = f"""
    versions as (from v1.definitions where {PLACE} and resource_type not in ('doc', 'operation', 'group')
        and (resource_type <> 'macro' or split_part(unique_id, '.', 2) = project_name)),
    changes as (
        select unique_id, valid_from as changed_at, change(changed_fields) as what from versions
        where change(changed_fields) is not null
        union all
        select unique_id, valid_from, 'new' from versions
        where change(changed_fields) is null
            and epoch_ms(valid_from) > (select min(epoch_ms(valid_from)) + 60000 from versions)
        union all
        select unique_id, max(coalesce(valid_to, 'infinity'::timestamp)), 'gone' from versions group by unique_id
        having max(coalesce(valid_to, 'infinity'::timestamp)) < 'infinity'::timestamp
    )
"""


@dataclass(frozen=True)
class Drawn:
    """A table of a page: its caption, some of its heads, and the statement that answers their texts."""

    page: str
    caption: str
    heads: tuple[str, ...]
    sql: str


TABLES = (
    Drawn(
        "runs",
        "Every run, with its retries",
        ("Result", "Started, UTC", "What", "Took", "Passed", "Warned", "Failed", "Skipped"),
        f"""
        select case when is_success then 'passed' when not is_success then 'failed' else 'nothing executed' end,
            strftime(coalesce(started_at, generated_at), '%a %-d %b %H:%M'),
            concat_ws(' · ', command, nullif(job_name, ''))
            || if(retry_count > 0, format(' ({{}} retr{{}})', retry_count, if(retry_count = 1, 'y', 'ies')), ''),
            dur((select sum(span_seconds) from v1.invocations as i where i.environment = runs.environment
                and i.project_name is not distinct from runs.project_name
                and list_contains(runs.invocation_ids, i.invocation_id))),
            num(success_count), num(warn_count), num(failure_count), num(skipped_count)
        from v1.logical_runs as runs where {PLACE}
        """,
    ),
    Drawn(
        "runs?count=invocations",
        "Every invocation with results",
        ("Result", "Started, UTC", "What", "Took", "Passed", "Warned", "Failed", "Skipped"),
        f"""
        select case when not is_executing then 'nothing executed'
                when failure_count > 0 or is_aborted or not is_success then 'failed'
                when is_success or warn_count > 0 then 'passed' else 'nothing executed' end,
            strftime(coalesce(started_at, generated_at), '%a %-d %b %H:%M'),
            concat_ws(' · ', command, nullif(job_name, '')) || if(is_retry, ' (retry)', ''), dur(span_seconds),
            num(success_count), num(warn_count), num(failure_count), num(skipped_count)
        from v1.invocations where {PLACE}
        """,
    ),
    Drawn(
        "tests",
        "All tests",
        ("Now", "Test", "On", "Failed", "Warned", "Flips", "Last failed"),
        f"""
        with executions as ({EXECUTIONS}), run as (
            select distinct unique_id from executions where status_class in ('success', 'warn', 'failure'))
        select if(t.unique_id in (from run), t.last_status, 'never run'),
            label(t.column_name, t.test_name, t.name) || if(f.flip_count > 0, ' flaky', '')
            || if(t.severity ilike '%warn%', ' warns only', '') || coalesce('on ' || short(t.tested_unique_id), ''),
            coalesce(short(t.tested_unique_id), '–'),
            if(r.executed_count > 0, num(r.failure_count) || ' of ' || num(r.executed_count), '–'),
            num(coalesce(r.warn_count, 0)), num(coalesce(f.flip_count, 0)),
            if(r.last_failed_at is null, 'never', stamp(r.last_failed_at))
        from v1.tests as t
        left join v1.test_failure_rates as r using (project_name, environment, unique_id)
        left join v1.flaky_tests as f using (project_name, environment, unique_id)
        where {PLACE}
        """,
    ),
    Drawn(
        "sources",
        "All sources",
        ("Now", "Source", "Age", "Against its limits", "Last row", "Checked", "Loader", "Tests"),
        f"""
        select case freshness_status when 'pass' then 'fresh' when 'warn' then 'late' when 'error' then 'stale'
                else coalesce(freshness_status, 'never checked') end,
            short(unique_id), dur(max_loaded_at_age_seconds),
            if(max_loaded_at_age_seconds is null, '–', coalesce(nullif(concat_ws(', ',
                'warn after ' || dur(nullif(warn_after_seconds, 0)) || '' ,
                'error after ' || dur(nullif(error_after_seconds, 0))), ''), 'no limits')),
            stamp(max_loaded_at), stamp(snapshotted_at), dash(loader),
            case when failing_test_count > 0 then num(failing_test_count) || ' of ' || num(test_count) || ' failing'
                when test_count > 0 then num(test_count) else '–' end
        from v1.sources where {PLACE}
        """,
    ),
    Drawn(
        "incidents",
        "All incidents",
        ("State", "Node", "Opened", "Failures", "What explains it", "Closed with", "To recovery"),
        f"""
        select if(is_open, 'open', 'over'), short(unique_id), stamp(opened_at), failure_count::varchar,
            cause(is_parent_failing, opening_changed_fields),
            coalesce('a change of ' || change(closing_changed_fields), '–'), dur(recovery_seconds)
        from v1.failure_incidents where {PLACE}
        """,
    ),
    Drawn(
        "incidents",
        "Reliability of the nodes that have failed",
        ("Node", "Failed", "Between failures", "To recovery", "Time in the failed state"),
        f"""
        select short(unique_id), num(failure_count) || ' of ' || num(executed_count),
            dur(mean_time_between_failures_seconds), dur(mean_time_to_recovery_seconds),
            coalesce(format('{{:.1f}} %', 100 * failed_time_rate), '–')
        from v1.reliability where failure_count > 0 and {PLACE}
        """,
    ),
    Drawn(
        "changes?tests=1",
        "All changes",
        ("Node", "What", "Type", "Since"),
        f"""
        with {CHANGES}
        select short(unique_id), what, replace(split_part(unique_id, '.', 1), '_', ' '), stamp(changed_at) from changes
        """,
    ),
    Drawn(
        "costs",
        "Where the time goes",
        ("Node", "Executions", "Execution time", "Share", "Runs sooner without it"),
        f"""
        select short(c.unique_id), num(count(*)), dur(sum(execution_seconds)),
            format('{{:.1f}} %', 100 * sum(execution_seconds) / sum(sum(execution_seconds)) over ()),
            dur(any_value(k.drag_seconds_sum))
        from v1.costs as c
        left join (from v1.node_criticality where critical_count > 0 or observed_count > 0) as k
            using (project_name, environment, unique_id)
        where {PLACE} group by c.unique_id
        """,
    ),
    Drawn(
        "costs",
        "Executed for nothing",
        ("Node", "Times", "Took"),
        f"""
        select short(unique_id) || case reason
                when 'unchanged_sources' then 'rebuilt, though nothing that it reads had changed'
                when 'never_failed' then 'a test that has never failed' else reason end,
            num(wasted_count) || ' of ' || num(judged_count), dur(wasted_seconds)
        from v1.materialization_waste where wasted_count > 0 and {PLACE}
        """,
    ),
    Drawn(
        "costs",
        "Slower than before",
        ("State", "Node", "Times", "Since"),
        f"""
        select if(ended_at is null, 'slower', 'over'),
            short(unique_id) || coalesce('with a change of ' || change(changed_fields), 'no change known'),
            dur(baseline_seconds) || ' → ' || dur(regressed_seconds), stamp(began_at)
        from v1.execution_time_regressions where is_confirmed and {PLACE}
        """,
    ),
    Drawn(
        "rules",
        "Broken rules",
        ("Severity", "Rule", "Node", "What is wrong"),
        f"""
        select severity, replace(rule, '_', ' '), coalesce(short(unique_id), '–'), sentence
        from v1.project_rules where {PLACE}
        """,
    ),
    Drawn(
        "overview",
        "What went wrong",
        ("What", "Node", "Since", "For"),
        f"""
        select if(is_open, 'failing', 'failed'),
            short(unique_id) || several(failure_count, 'failure') || ', '
            || cause(is_parent_failing, opening_changed_fields),
            stamp(opened_at), if(is_open, 'open', dur(recovery_seconds))
        from v1.failure_incidents where {PLACE}
        union all
        select if(ended_at is null, 'slower', 'was slower'), short(unique_id) || dur(baseline_seconds) || ' → '
            || dur(regressed_seconds) || ', '
            || coalesce('with a change of ' || change(changed_fields), 'no change known'),
            stamp(began_at), if(ended_at is null, 'open', dur((epoch_ms(ended_at) - epoch_ms(began_at)) / 1000))
        from v1.execution_time_regressions where is_confirmed and {PLACE}
        union all
        select 'flaky', short(f.unique_id) || several(f.flip_count, 'flip')
            || ' in ' || several(r.executed_count, 'run')
            || ', passed again with no change known', stamp(r.last_failed_at), '–'
        from v1.flaky_tests as f join v1.tests as t using (project_name, environment, unique_id)
        left join v1.test_failure_rates as r using (project_name, environment, unique_id)
        where f.flip_count > 0 and {PLACE}
        """,
    ),
    Drawn(
        "overview",
        "Where the time goes",
        ("Node", "Median", "In all"),
        f"""
        select short(unique_id), dur(execution_seconds_median), dur(execution_seconds_sum)
        from v1.node_execution_times where execution_seconds_sum > 0 and {PLACE}
        order by execution_seconds_sum desc limit 8
        """,
    ),
)
"""The tables of pages that are about a project and environment."""

CHANGED = f"""
    with {CHANGES}, good as (
        select max(coalesce(started_at, generated_at)) as good_at from v1.logical_runs where is_success and {PLACE}),
    since as (
        from changes where coalesce(changed_at > (select good_at - interval 1 minute from good), true))
    select short(unique_id), what, stamp(changed_at) from since
    union all
    (select short(unique_id), what, stamp(changed_at) from changes where (select count(*) from since) = 0
     order by epoch_ms(changed_at) desc, unique_id desc limit 12)
"""

OF_RUN = (
    Drawn(
        "run/{run}",
        "What decided the time",
        ("Step", "Node", "Waited for a thread", "Took"),
        """
        select observed_step::varchar, short(unique_id), dur(round(coalesce(queued_seconds, 0) * 1000) / 1000),
            dur(ms(execution_seconds))
        from v1.run_timelines_of([{invocation}]) where command = {command} and observed_step is not null
        """,
    ),
    Drawn(
        "run/{run}",
        "Longest chain, with threads enough",
        ("Step", "Node", "Took", "Sooner without it"),
        """
        select critical_step::varchar, short(unique_id), dur(ms(execution_seconds)),
            dur(round(coalesce(drag_seconds, 0) * 1000) / 1000)
        from v1.run_timelines_of([{invocation}]) where command = {command} and critical_step is not null
        """,
    ),
)

OF_NODE = (
    Drawn(
        "node",
        "Columns",
        ("Column", "Type", "Tests", "Description"),
        f"""
        with own as (from v1.columns where unique_id = {{node}} and {PLACE}),
        edges as (from v1.column_edges where {PLACE})
        select column_name, lower(coalesce(data_type, declared_data_type, '–')),
            case when failing_test_count > 0 then num(failing_test_count) || ' of ' || num(test_count) || ' failing'
                when test_count > 0 then test_count::varchar else '–' end,
            dash(coalesce(nullif(description, ''), comment))
        from own
        union all
        select distinct name, '–', '–', '–' from (
            select lower(to_column) as name from edges where to_unique_id = {{node}}
            union all select lower(from_column) from edges where from_unique_id = {{node}}
        ) where name not in (select lower(column_name) from own)
        """,
    ),
    Drawn(
        "node",
        "Tests",
        ("Now", "Test", "Failed"),
        f"""
        select coalesce(t.last_status, 'never run'), label(t.column_name, t.test_name, t.name),
            if(r.executed_count > 0, num(r.failure_count) || ' of ' || num(r.executed_count), '–')
        from v1.tests as t left join v1.test_failure_rates as r using (project_name, environment, unique_id)
        where t.tested_unique_id = {{node}} and {PLACE}
        """,
    ),
    Drawn(
        "node",
        "Statistics",
        ("What", "Now", "Counted"),
        f"""
        select s.label, arg_max(h.value, h.catalog_generated_at), stamp(max(h.catalog_generated_at))
        from v1.relation_stat_history as h
        join v1.relation_stats as s using (project_name, environment, unique_id, stat_id)
        where s.is_included and unique_id = {{node}} and {PLACE} group by s.stat_id, s.label
        """,
    ),
    Drawn(
        "node",
        "Incidents",
        ("State", "Opened", "Failures", "What explains it", "To recovery"),
        f"""
        select if(is_open, 'open', 'over'), stamp(opened_at), failure_count::varchar,
            cause(is_parent_failing, opening_changed_fields), dur(recovery_seconds)
        from v1.failure_incidents where unique_id = {{node}} and {PLACE}
        """,
    ),
)
