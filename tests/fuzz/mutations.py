"""Mutants of artifacts: changes of the JSON tree, and of the bytes, that an enemy or an accident could make.

A tree here keeps what a dict would lose: an object is a `Pairs`, which may repeat a key, and a number is a
`Token`, which stands in the text as it is. All choices come from a `random.Random`, so that fuzzers and
hypothesis can both steer them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any


class Token(str):
    """JSON text that is written as it stands."""


class Pairs(list):
    """An object: a list of [key, value]."""


KINDS = ("manifest", "run-results", "catalog", "sources", "semantic-manifest", "freshness")

HOSTILE_TEXTS = (
    *("", " ", "\x00", "a\x00b", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\r\n\t\x08\x7f\x85", "\u2028\u202e\ufeff"),
    *(
        "\ud800",
        "\udfff\ud800",
        "\U0001f600",
        "e\u0301",
        "İı",
        "\uffff",
        "%s%n{0}{x!r}$(id)`id`",
        "../../../etc/passwd",
    ),
    *("'; DROP TABLE stored.artifacts; --", '"quoted"', "' OR 1=1 --", "$", "$.a", "[0]", "*", ".", "..", "a.b.c.d.e"),
    *('a"b', "a\\b", "a'b", "null", "NaN", "Infinity", "-1", "1e400", "9" * 19, "9" * 30, "\u0661\u0662", "true"),
    *("model", "model.", ".model", "model..", "test.a.b.c", "macro.a.b", "model.shop.orders", "success", "error"),
    *("skipped", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-23:59", "1677-09-21"),
    *("1690-01-01T00:00:00.000000Z", "2262-04-12T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z"),
    *("2026-01-01T00:00:60Z", "2026-01-01", "2026-01-01 00Z", "2026-01-01T00:00:00+99:99", "infinity", "epoch"),
    *("2026-01-01T00:00:00." + "9" * 40 + "Z", "x" * 1000, "ref('a')", "ref(" + " " * 200, "{{ source('a', 'b') }}"),
)

HOSTILE_TOKENS = tuple(
    map(
        Token,
        (
            *(
                "null",
                "true",
                "false",
                "0",
                "-0",
                "-0.0",
                "1",
                "-1",
                "0.5",
                "1e5",
                "NaN",
                "Infinity",
                "-Infinity",
                "1e400",
            ),
            *("-1e400", "1e-400", "1.7976931348623157e308", "5e-324", "1" + "0" * 400, "1e18", "9.3e18", "1e30"),
            *("2147483647", "2147483648", "-2147483649", "4294967296", "9007199254740993", "9223372036854775807"),
            *(
                "9223372036854775808",
                "-9223372036854775809",
                "18446744073709551616",
                "1" * 30,
                "7" * 5000,
                "0." + "3" * 300,
            ),
            *(
                "[]",
                "{}",
                "[[]]",
                "[null]",
                "[{}]",
                '{"":{}}',
                '{"a":1,"a":2}',
                '""',
                '"\\ud800"',
                '"\\u0000"',
                '"\x01"',
            ),
            *("01", "+1", ".5", "1.", "'a'", "undefined", "[1,]", '{"a":1,}', "/* a */ 1", '"a" "b"', "\x00", '"open'),
        ),
    )
)

DEPTHS = (1, 5, 50, 300, 490, 900, 980, 995, 1000, 1500, 3000, 10_000, 50_000)


def parsed(data: bytes) -> Any:
    """The tree of a JSON text. Raises ValueError, and RecursionError where it is nested too deeply."""
    return json.loads(data, object_pairs_hook=_pairs, parse_int=Token, parse_float=Token, parse_constant=Token)


def _pairs(items: list[tuple[str, Any]]) -> Pairs:
    return Pairs([key, value] for key, value in items)


def written(tree: Any, escape: bool = True) -> bytes:
    """The JSON text of a tree."""
    return "".join(_texts(tree, escape)).encode("utf-8", "surrogatepass")


def _texts(tree: Any, escape: bool) -> list[str]:
    out: list[str] = []
    todo: list[Any] = [tree]
    while todo:
        value = todo.pop()
        if isinstance(value, Token):
            out.append(value)
        elif isinstance(value, Pairs):
            parts: list[Any] = [Token("{")]
            for index, (key, item) in enumerate(value):
                parts += [Token(("," if index else "") + json.dumps(key, ensure_ascii=escape) + ":"), item]
            todo += [Token("}"), *reversed(parts)]
        elif isinstance(value, list):
            parts = [Token("[")]
            for index, item in enumerate(value):
                parts += [Token(","), item] if index else [item]
            todo += [Token("]"), *reversed(parts)]
        else:
            out.append(json.dumps(value, ensure_ascii=escape))
    return out


Slot = tuple[Any, int]
"""A place in a tree: a Pairs or a list, and an index into it."""


def slots(tree: Any) -> list[Slot]:
    """Every place of a tree that holds a value, its root's places first."""
    found: list[Slot] = []
    todo = [tree]
    while todo:
        container = todo.pop()
        if isinstance(container, list):
            found += [(container, index) for index in range(len(container))]
            todo += [_value(container, index) for index in range(len(container))]
    return found


def _value(container: Any, index: int) -> Any:
    return container[index][1] if isinstance(container, Pairs) else container[index]


def _put(container: Any, index: int, value: Any) -> None:
    if isinstance(container, Pairs):
        container[index][1] = value
    else:
        container[index] = value


def hostile_value(rng: Random) -> Any:
    if rng.random() < 0.5:
        return rng.choice(HOSTILE_TEXTS)
    return rng.choice(HOSTILE_TOKENS)


def nested(rng: Random, inner: str = "1") -> Token:
    depth = rng.choice(DEPTHS)
    start, end = rng.choice((("[", "]"), ('{"a":', "}"), ('[{"b":', "}]"), ('{"meta":[', "]}")))
    return Token(start * depth + inner + end * depth)


def mutate_tree(tree: Any, rng: Random, donors: Sequence[Any] = ()) -> Any:
    """Change a tree in place at one point; returns the tree. `donors` are trees that parts may come from."""
    found = slots(tree)
    if not found:
        return rng.choice([hostile_value(rng), *donors])
    container, index = rng.choice(found)
    rng.choice(_CHANGES)(tree, container, index, found, rng, donors)
    return tree


def _replace(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    _put(container, index, hostile_value(rng))


def _retype(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    value = _value(container, index)
    text = value if isinstance(value, str) else written(value).decode("utf-8", "surrogatepass")
    wrapped = ([value], Pairs([["a", value]]), str(text), Token("null"), [value, value], [], Pairs())
    _put(container, index, rng.choice(wrapped))


def _nest(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    _put(container, index, nested(rng))


def _delete(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    del container[index]


def _repeat(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    item = container[index]
    copies = rng.choice((1, 1, 1, 2, 50))
    container[index:index] = [[item[0], item[1]] if isinstance(container, Pairs) else item for _ in range(copies)]


def _rename(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    if isinstance(container, Pairs):
        keys = [other[at][0] for other, at in found if isinstance(other, Pairs)]
        container[index][0] = rng.choice(keys) if rng.random() < 0.6 else str(rng.choice(HOSTILE_TEXTS))
    else:
        _replace(tree, container, index, found, rng, donors)


def _swap(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    """Another value of the document's, of the same kind where that can be: ids meet ids."""
    value = _value(container, index)
    alike = [slot for slot in rng.sample(found, min(len(found), 50)) if type(_value(*slot)) is type(value)]
    other = _value(*rng.choice(alike or found))
    if not isinstance(other, list):  # a container within itself would have no end
        _put(container, index, other)


def _insert(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    value = hostile_value(rng)
    key = rng.choice(HOSTILE_TEXTS)
    container.insert(index, [str(key), value] if isinstance(container, Pairs) else value)


def _garble(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    """Something hostile into a text."""
    value = _value(container, index)
    if isinstance(value, str) and not isinstance(value, Token):
        at = rng.randrange(len(value) + 1)
        _put(container, index, value[:at] + rng.choice(HOSTILE_TEXTS) + value[at + rng.randrange(3) :])
    else:
        _replace(tree, container, index, found, rng, donors)


def _section(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    """A section of another artifact."""
    donor = rng.choice(donors) if donors else None
    if isinstance(tree, Pairs) and isinstance(donor, Pairs) and donor:
        key, value = rng.choice(donor)
        names = [pair[0] for pair in tree]
        if key in names and rng.random() < 0.8:
            tree[names.index(key)][1] = value
        else:
            tree.append([key if rng.random() < 0.8 or not names else rng.choice(names), value])


def _transplant(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    """Any value of another artifact."""
    places = slots(rng.choice(donors)) if donors else []
    if places:
        _put(container, index, _value(*rng.choice(places)))


def _another_kind(tree: Any, container: Any, index: int, found: list[Slot], rng: Random, donors: Sequence[Any]) -> None:
    """Claim to be another kind, or another version."""
    version = rng.choice(("0", "1", "4", "6", "9", "12", "20", "99999999999", "9" * 20, "-1", "x"))
    url = f"https://schemas.getdbt.com/dbt/{rng.choice(KINDS)}/v{version}.json"
    for other, at in found:
        if isinstance(other, Pairs) and other[at][0] == "dbt_schema_version":
            other[at][1] = url


_CHANGES = (
    *(_replace, _replace, _replace, _retype, _retype, _nest, _delete, _repeat, _rename, _rename, _swap, _swap),
    *(_insert, _garble, _garble, _section, _transplant, _another_kind),
)

_ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1", "cp1252", "utf-7")


def mutate_bytes(data: bytes, rng: Random) -> bytes:
    """Cut off, flipped, put into another encoding, repeated, or with something around it."""
    at = rng.randrange(len(data) + 1)
    match rng.randrange(7):
        case 0:
            return data[:at]
        case 1:
            flipped = bytearray(data)
            for _ in range(rng.randrange(1, 8)):
                if flipped:
                    flipped[rng.randrange(len(flipped))] = rng.randrange(256)
            return bytes(flipped)
        case 2:
            return data.decode("utf-8", "replace").encode(rng.choice(_ENCODINGS), "replace")
        case 3:
            return data[:at] + data[at + rng.randrange(200) :]
        case 4:
            return data[:at] + bytes(rng.randrange(256) for _ in range(rng.randrange(9))) + data[at:]
        case 5:
            return (
                rng.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b" \n", b"[", b"<<<<<<< HEAD\n", b"\x1f\x8b")) + data
            )
        case _:
            return data + rng.choice((b"\n", b"\x00", data[:at], b"}", b",", b"\n>>>>>>> main\n", b"\xff"))


def mutant(data: bytes, rng: Random, donors: Sequence[Any] = (), changes: int | None = None) -> bytes:
    """A mutant of an artifact: some changes of its tree, seldom of its bytes; of bytes only where it is no JSON."""
    try:
        tree = parsed(data)
    except (ValueError, RecursionError):
        return mutate_bytes(data, rng)
    for _ in range(changes or rng.choice((1, 1, 1, 2, 3, 6, 12))):
        tree = mutate_tree(tree, rng, donors)
    data = written(tree, escape=rng.random() < 0.8)
    return mutate_bytes(data, rng) if rng.random() < 0.05 else data
