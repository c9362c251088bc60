"""Whatever the bytes: they become rows that can be stored and asked for, or a reason, and nothing else happens.

What the fuzzers of tests/fuzz found is replayed here; see the README there.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fuzz.properties import check_digest, check_warehouse

FINDS = sorted((Path(__file__).parent / "fuzz" / "finds").iterdir())


@pytest.mark.parametrize("find", FINDS, ids=lambda find: find.stem)
def test_what_fuzzing_found_becomes_rows_or_a_reason(find: Path) -> None:
    check_digest(find.read_bytes())


def test_a_warehouse_of_all_that_fuzzing_found_is_sound_and_answers(tmp_path: Path) -> None:
    assert sum(check_warehouse(tmp_path / "wh.duckdb", FINDS).values()) == len(FINDS)
