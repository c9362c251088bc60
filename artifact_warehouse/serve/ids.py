"""Numbers for projects, environments, jobs and runs, as clients of dbt's API send them. Knows no database.

A number of dbt Cloud is kept where the artifacts have it. Any other is made of the names: positive and below 2^31, as a
GraphQL Int demands, and the same in every copy of a warehouse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import count

_BELOW = 2**31


def assign_ids(keys: Iterable[tuple[str, str | None]]) -> dict[str, int]:
    """A number for each key, which comes with its number of dbt Cloud or None. The keys come in the order of time.

    Of two keys with the same number, the first keeps it: a key that comes later changes no number but its own.
    """
    keys = list(keys)
    ids: dict[str, int] = {}
    taken: set[int] = set()
    for key, known in keys:
        if known and known.isdecimal() and (number := int(known)) > 0 and number not in taken:
            ids[key] = number
            taken.add(number)
    for key, _ in keys:
        if key not in ids:
            ids[key] = next(number for number in _candidates(key) if number not in taken)
            taken.add(ids[key])
    return ids


def _candidates(key: str) -> Iterable[int]:
    for attempt in count():
        digest = hashlib.blake2b(f"{key}\n{attempt}".encode(), digest_size=8).digest()
        if number := int.from_bytes(digest, "big") % _BELOW:
            yield number
