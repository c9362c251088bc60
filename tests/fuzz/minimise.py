"""Makes a find as small as it can be while it still breaks the same thing.

python minimise.py FIND > finds/what_it_broke.json
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mutations import Pairs, Token, parsed, slots, written
from properties import check_digest, kind_of


def minimised(data: bytes, is_broken: Callable[[bytes], bool]) -> bytes:
    """The smallest input found that is still broken: by its tree where it is JSON, then by its bytes."""
    assert is_broken(data), "nothing is broken"
    try:
        smaller = written(_smaller_tree(parsed(data), lambda tree: is_broken(written(tree))))
        data = smaller if is_broken(smaller) else data
    except (ValueError, RecursionError, AssertionError):
        pass
    return _smaller_bytes(data, is_broken)


def _smaller_tree(tree: Any, is_broken: Callable[[Any], bool]) -> Any:
    assert is_broken(tree)
    is_smaller = True
    while is_smaller:
        is_smaller = False
        todo = [tree]
        while todo:
            container = todo.pop(0)
            if isinstance(container, list):
                is_smaller |= _delete_items(container, lambda: is_broken(tree))
                todo += [item[1] for item in container] if isinstance(container, Pairs) else container
        is_smaller |= _simplify_values(tree, is_broken)
    return tree


def _delete_items(container: list[Any], is_broken: Callable[[], bool]) -> bool:
    """Delete as many items as can be, in parts that halve; returns whether there were any."""
    before = len(container)
    size = len(container)
    while size:
        start = 0
        while start < len(container):
            part = container[start : start + size]
            del container[start : start + size]
            if not is_broken():
                container[start:start] = part
                start += size
        size //= 2
    return len(container) < before


def _simplify_values(tree: Any, is_broken: Callable[[Any], bool]) -> bool:
    is_smaller = False
    for container, index in slots(tree):
        if index >= len(container):
            continue
        value = container[index][1] if isinstance(container, Pairs) else container[index]
        for simple in (Token("0"), "", "a", Pairs(), []):
            if value == simple and type(value) is type(simple):
                break
            if isinstance(value, list) and not value and simple in ("", "a"):
                continue
            _set(container, index, simple)
            if is_broken(tree):
                is_smaller = len(written(simple)) < len(written(value)) or is_smaller
                break
            _set(container, index, value)
    return is_smaller


def _set(container: Any, index: int, value: Any) -> None:
    if isinstance(container, Pairs):
        container[index][1] = value
    else:
        container[index] = value


def _smaller_bytes(data: bytes, is_broken: Callable[[bytes], bool]) -> bytes:
    size = len(data) // 2
    while size:
        start = 0
        while start < len(data):
            shorter = data[:start] + data[start + size :]
            if is_broken(shorter):
                data = shorter
            else:
                start += size
        size = size // 2 if size < 16 or len(data) < 20_000 else 0
    return data


def kind_of_failure(data: bytes) -> str | None:
    """Which property an input breaks; None where all hold."""
    try:
        check_digest(data)
    except Exception as error:
        return kind_of(error)
    return None


def main() -> None:
    data = Path(sys.argv[1]).read_bytes()
    kind = kind_of_failure(data)
    sys.stdout.buffer.write(minimised(data, lambda smaller: kind_of_failure(smaller) == kind))


if __name__ == "__main__":
    main()
