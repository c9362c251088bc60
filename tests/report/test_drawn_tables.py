"""Every table on the drawn page has the rows of its view: all rows of all tables, as texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any
from urllib.parse import parse_qsl

import pytest
from drawn import CHANGED, MACROS, OF_NODE, OF_RUN, TABLES, Drawn
from pages import Opened, Reported

PROJECTS = ["samples", "ad-reporting", "whyline-denver"]
NEIGHBOURS = 40
"""How many neighbours a page lists; it counts all."""
REPLAYED_NODES = 1000


def quoted(text: str | None) -> str:
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


@pytest.fixture
def ask(reported: Reported) -> Callable[..., list[tuple[Any, ...]]]:
    """Answers a statement about a scope, with the macros that format as the page does."""
    reported.warehouse.connection.execute(MACROS)

    def asked(sql: str, scope: tuple[str | None, str], **values: str) -> list[tuple[Any, ...]]:
        literals = {"project": scope[0], "environment": scope[1], **values}
        return reported.ask(re.sub(r"\{(\w+)\}", lambda found: quoted(literals[found[1]]), sql))

    return asked


def scopes(reported: Reported) -> list[tuple[str | None, str]]:
    sql = "select distinct project_name, environment from {} where kind in ('manifest', 'run_results')"
    return [(project, environment) for project, environment in reported.ask(sql.format("v1.artifacts")) if environment]


def keys_of(scope: tuple[str | None, str]) -> dict[str, str]:
    return {"in": f"{scope[0] or ''}/{scope[1]}"}


def plain(text: str) -> str:
    """A text without the marks of Markdown, which descriptions are drawn from, and without its lines."""
    without_links = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"[*`]", "", without_links)).strip()


def differences(shown: Opened, table: Drawn, expected: list[tuple[Any, ...]]) -> tuple[list[Any], list[Any]]:
    """The rows that only the page has, and those that only the view has."""
    found = Counter(tuple(plain(row[head]) for head in table.heads) for row in shown.table(table.caption))
    wanted = Counter(tuple(map(plain, row)) for row in expected)
    return sorted((found - wanted).elements())[:3], sorted((wanted - found).elements(), key=str)[:3]


@pytest.mark.release
@pytest.mark.parametrize("reported", PROJECTS, indirect=True)
def test_tables_about_a_project(opened: Callable[..., Opened], reported: Reported, ask: Callable[..., Any]) -> None:
    shown = opened(reported.file)
    count = 0
    for scope in scopes(reported):
        for table in TABLES:
            page, _, query = table.page.partition("?")
            shown.go(page, **keys_of(scope), **dict(parse_qsl(query)))
            expected = ask(table.sql, scope)
            if not expected and table.caption not in shown.text():
                continue  # the page says in a sentence that there is none
            assert differences(shown, table, expected) == ([], []), (scope, table.caption)
            count += len(expected)
        shown.go("overview", **keys_of(scope))
        captions = ("Changed since the last good run", "Last changes", "Changed")
        caption = next(caption for caption in captions if f'aria-label="{caption}"' in shown.page.content())
        changed = Drawn("overview", caption, ("Node", "What", "Since"), CHANGED)
        assert differences(shown, changed, ask(changed.sql, scope)) == ([], []), (scope, caption)
    assert count > 100


@pytest.mark.release
@pytest.mark.parametrize("reported", PROJECTS, indirect=True)
def test_tables_of_runs(opened: Callable[..., Opened], reported: Reported, ask: Callable[..., Any]) -> None:
    shown, held = opened(reported.file), replayed(reported)
    for project, environment, invocation, command in reported.ask(
        "select project_name, environment, invocation_id, command from v1.invocations where is_executing"
    ):
        scope, values = (project, environment), {"invocation": invocation, "command": command}
        shown.go(f"run/{invocation}/{command}", **keys_of(scope))
        for table in OF_RUN:
            expected = ask(table.sql, scope, **values)
            if expected or table.caption in shown.text():
                assert differences(shown, table, expected) == ([], []), (invocation, table.caption)
        assert_failures(shown, ask, scope, values)
        if invocation in held:
            assert_replays(shown, ask, scope, values)
        elif shown.page.locator("#threads").count():
            assert shown.text("#threads code") == f"FROM v1.simulate_run('{invocation}', 8)"
        assert_comparison(shown, ask, scope, values)


def assert_failures(shown: Opened, ask: Callable[..., Any], scope: Any, values: dict[str, str]) -> None:
    """Each failure with its message, and how many nodes were skipped for it."""
    expected = ask(
        "select short(e.unique_id), e.status, coalesce(left(e.message, 2000), 'no message'), count(s.unique_id)"
        " from v1.node_executions as e left join v1.skips as s on s.invocation_id = e.invocation_id"
        " and s.command = e.command and s.failed_unique_id = e.unique_id"
        " where e.status_class = 'failure' and e.invocation_id = {invocation} and e.command = {command} group by all",
        scope,
        **values,
    )
    found = shown.page.eval_on_selector_all(
        "#failures .failure",
        "all => all.map(one => [one.querySelector('.name').textContent, one.querySelector('.status').textContent,"
        " one.querySelector('pre').textContent, one.querySelector('p .quiet')?.textContent ?? ''])",
    )
    words = [
        [*row[:3], f"  {row[3]} node{'' if row[3] == 1 else 's'} skipped for it" if row[3] else ""] for row in expected
    ]
    assert sorted(found) == sorted(words), values


def replayed(reported: Reported) -> set[str]:
    """The runs whose replays the file holds: the newest of every job, then the second ones, up to a number of nodes."""
    jobs: dict[tuple[Any, ...], list[tuple[int, str]]] = {}
    for *job, count, invocation in reported.ask(
        "select project_name, environment, job_name, command, executed_count, invocation_id from v1.invocations"
        " where is_executing and executed_count >= 2 order by generated_at desc, invocation_id desc"
    ):
        jobs.setdefault(tuple(job), []).append((count, invocation))
    turns = sorted((age, -count, invocation) for runs in jobs.values() for age, (count, invocation) in enumerate(runs))
    totals = accumulate(-count for _, count, _ in turns)
    return {invocation for (_, _, invocation), total in zip(turns, totals, strict=True) if total <= REPLAYED_NODES}


def assert_replays(shown: Opened, ask: Callable[..., Any], scope: Any, values: dict[str, str]) -> None:
    """The replay of every number of threads; or the query of one where the run has no schedule."""
    expected = ask(
        "select thread_count::varchar, dur(any_value(elapsed_seconds)) from v1.simulate_runs([{invocation}],"
        " [1, 2, 4, 8, 16, 32]) where command = {command} group by thread_count order by thread_count",
        scope,
        **values,
    )
    found = shown.page.eval_on_selector_all(
        ".replay-row", "all => all.map(one => [one.firstElementChild.textContent, one.lastElementChild.textContent])"
    )
    assert found == [list(row) for row in expected], values


def assert_comparison(shown: Opened, ask: Callable[..., Any], scope: Any, values: dict[str, str]) -> None:
    """The run against the one that is chosen, node by node."""
    against = shown.page.evaluate("document.querySelector('#comparison select')?.value ?? ''")
    other, _, other_command = against.partition("/")
    times = "if(status_class in ('success', 'warn'), ms(execution_seconds), null) as seconds"
    expected = ask(
        f"with now as (select unique_id, status, {times} from v1.node_executions where invocation_id = {{invocation}}"
        f" and command = {{command}}), earlier as (select unique_id, {times} from v1.node_executions"
        " where invocation_id = {other} and command = {other_command})"
        " select short(coalesce(now.unique_id, earlier.unique_id)), coalesce(now.status, 'not in this run'),"
        " dur(now.seconds), if({other} = '', '', dur(earlier.seconds)), case when {other} = '' then ''"
        " when now.seconds is null or earlier.seconds is null then '–'"
        " else if(now.seconds < earlier.seconds, '−', '+') || dur(abs(now.seconds - earlier.seconds)) end"
        " from now full join earlier on now.unique_id = earlier.unique_id",
        scope,
        **values,
        other=other,
        other_command=other_command,
    )
    caption = shown.page.locator("#comparison .scroll").get_attribute("aria-label") or ""
    chips = (" new", " gone", " changed")
    found = [
        (
            next((row["Node"].removesuffix(chip) for chip in chips if row["Node"].endswith(chip)), row["Node"]),
            *(row.get(head, "") for head in ("Result", "Took", "Then", "Slower by")),
        )
        for row in shown.table(caption)
    ]
    assert Counter(found) == Counter(map(tuple, expected)), values


def nodes(reported: Reported) -> Iterator[tuple[tuple[str | None, str], str]]:
    for project, environment, node in reported.ask(
        "select project_name, environment, unique_id from v1.nodes where resource_type not in"
        " ('doc', 'group', 'operation', 'macro') order by all"
    ):
        yield (project, environment), node


@pytest.fixture
def kept(reported: Reported) -> Callable[[str], str]:
    """Answers a statement that reads copies of the views: thousands of statements read the same rows."""
    made: set[str] = set()

    def rewritten(sql: str) -> str:
        for name in {*re.findall(r"\bv1\.(\w+)", sql)} - made:
            reported.warehouse.connection.execute(f"create or replace temp table kept_{name} as from v1.{name}")
            made.add(name)
        return sql.replace("v1.", "kept_")

    return rewritten


@pytest.mark.release
@pytest.mark.parametrize("reported", PROJECTS, indirect=True)
def test_tables_of_nodes(
    opened: Callable[..., Opened], reported: Reported, ask: Callable[..., Any], kept: Callable[[str], str]
) -> None:
    shown = opened(reported.file).go()
    count = 0
    for scope, node in nodes(reported):
        shown.turn(f"{node.partition('.')[0]}/{node}", **keys_of(scope))
        captions = shown.page.eval_on_selector_all("[role=region]", "all => all.map(one => one.ariaLabel)")
        for table in OF_NODE:
            expected = ask(kept(table.sql), scope, node=node)
            if expected or table.caption in captions:
                assert differences(shown, table, expected) == ([], []), (scope, node, table.caption)
                count += len(expected)
        for title, side, other in (("Comes from", "parent", "child"), ("Goes to", "child", "parent")):
            edges = (
                f"select short({side}_unique_id) from v1.node_edges where {other}_unique_id = {{node}}"
                " and project_name is not distinct from {project} and environment = {environment}"
                + ("" if side == "parent" else " and split_part(child_unique_id, '.', 1) not in ('test', 'unit_test')")
            )
            expected = ask(kept(edges), scope, node=node)
            section = shown.page.locator("section.block", has=shown.page.locator("h2", has_text=title)).last
            found = section.locator("li .name").all_text_contents()
            wanted = Counter(name for (name,) in expected)
            assert Counter(found) <= wanted and len(found) == min(len(expected), NEIGHBOURS), (node, title)
            assert section.locator("h2 .quiet").inner_text().replace("\u202f", "") == str(len(expected)), (node, title)
    assert count > 100
