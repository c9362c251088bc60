"""The numbers by which clients name environments, jobs and runs."""

from __future__ import annotations

import json
from pathlib import Path

from commandline import run
from hypothesis import given
from hypothesis import strategies as st

from artifact_warehouse.serve import ids

names = st.text(min_size=1, max_size=8)
keys = st.lists(st.tuples(names, st.none() | st.integers(1, 50).map(str)), unique_by=lambda key: key[0])


@given(keys)
def test_numbers_are_distinct_positive_and_fit_an_int(known: list[tuple[str, str | None]]) -> None:
    found = ids.assign_ids(known)
    assert found.keys() == {key for key, _ in known}
    assert len({*found.values()}) == len(found)
    assert all(0 < number < 2**31 for number in found.values())


@given(keys, keys)
def test_what_comes_later_changes_no_number(known: list[tuple[str, str | None]], later: list[tuple[str, None]]) -> None:
    before = ids.assign_ids([(key, None) for key, _ in known])
    after = ids.assign_ids([*((key, None) for key, _ in known), *((f"later {key}", None) for key, _ in later)])
    assert {key: after[key] for key in before} == before


@given(names, st.integers(1, 2**53))
def test_a_number_of_dbt_cloud_is_kept(key: str, number: int) -> None:
    assert ids.assign_ids([(key, str(number))]) == {key: number}


def test_two_keys_with_one_number_of_dbt_cloud_get_two() -> None:
    found = ids.assign_ids([("first", "7"), ("second", "7")])
    assert found["first"] == 7 != found["second"]


def test_a_collision_is_resolved_and_the_first_keeps_its_number(monkeypatch) -> None:
    monkeypatch.setattr(ids, "_BELOW", 3)  # only 1 and 2 are left
    first = ids.assign_ids([("a", None)])
    assert ids.assign_ids([("a", None), ("b", None)]) == first | {"b": 3 - first["a"]}


def test_the_command_lists_every_job_once(served_file: Path, v1) -> None:
    result = run("ids", served_file, "--format", "json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    jobs = v1("SELECT DISTINCT project_name, environment, job_name FROM v1.invocations")
    listed = [(row["project"], row["environment"], row["job"]) for row in found]
    assert sorted(listed) == sorted((row["project_name"], row["environment"], row["job_name"]) for row in jobs)
    assert len({row["job_id"] for row in found}) == len(found)
