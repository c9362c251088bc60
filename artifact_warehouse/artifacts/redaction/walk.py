"""Walks through a parsed artifact and hides the secrets that a search finds in it.

Undecoded JSON is searched as bytes, and decoded only where it may hold a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any, Protocol

import msgspec

from artifact_warehouse.artifacts import json_text
from artifact_warehouse.artifacts.json_text import encode_in_order
from artifact_warehouse.artifacts.redaction.layouts import CODE, Layout

HIDDEN = "*****"


class Search(Protocol):
    """A way of finding secrets. `count` is the number of secrets found."""

    count: int
    reads_code: bool

    def may_find(self, document: bytes) -> bool:
        """Whether JSON may hold a secret. True wherever it holds one, also where the secret has escapes."""

    def hide(self, text: str) -> str:
        """The text without its secrets."""

    def hide_in_key(self, key: str) -> str:
        """The key without the secrets in it."""

    def hides_value_of(self, key: str, value: Any) -> bool:
        """Whether a value is a secret because of its key."""


def hide_in_fields(fields: Mapping[str, Any], layout: Layout, search: Search) -> dict[str, Any]:
    """The fields of an object of this layout, without their secrets."""
    return {
        key: value if key in layout.kept else _hide_in_field(key, value, layout, search)
        for key, value in fields.items()
    }


def _hide_in_field(key: str, value: Any, layout: Layout, search: Search) -> Any:
    if key in layout.each:
        return _hide_in_each(value, layout.each[key], search)
    if key in layout.within:
        return _hide_in_object(value, layout.within[key], search)
    return value if key in CODE and not search.reads_code else _hide_in_value_of(key, value, search)


def _hide_in_each(value: Any, layout: Layout, search: Search) -> Any:
    """The objects of a list, or the values of an object, without their secrets."""
    if isinstance(value, msgspec.Raw):
        count = search.count
        hidden = _hide_in_each(_slices(value), layout, search)
        return value if search.count == count else msgspec.Raw(encode_in_order(hidden))
    if isinstance(value, list) and value and isinstance(value[0], msgspec.Struct):
        return _hide_in_structs(value, layout, search)
    if isinstance(value, dict):
        return {name: _hide_in_object(item, layout, search) for name, item in value.items()}
    return [_hide_in_object(item, layout, search) for item in value] if isinstance(value, list) else value


def _hide_in_object(value: Any, layout: Layout, search: Search) -> Any:
    """An object of this layout, or a list of them. A value of another type is searched like an unknown field."""
    if isinstance(value, msgspec.Raw):
        if not search.may_find(bytes(value)):
            return value
        count = search.count
        hidden = _hide_in_object(_slices(value), layout, search)
        return value if search.count == count else msgspec.Raw(encode_in_order(hidden))
    if isinstance(value, dict):
        return hide_in_fields(value, layout, search) if search.may_find(encode_in_order(value)) else value
    if isinstance(value, list):
        return [_hide_in_object(item, layout, search) for item in value]
    return _hide_in_tree(value, search)


def _hide_in_structs(items: list[msgspec.Struct], layout: Layout, search: Search) -> list[msgspec.Struct]:
    """Objects that a shape has decoded. A field is searched in all objects at once, as mostly none has a secret."""
    for name in items[0].__struct_fields__:
        if name in layout.kept or (name in CODE and not search.reads_code):
            continue
        values = [*map(attrgetter(name), items)]
        if any(values) and search.may_find(encode_in_order(values)):
            hidden = [_hide_in_value_of(name, value, search) for value in values]
            items = [msgspec.structs.replace(item, **{name: value}) for item, value in zip(items, hidden, strict=True)]
    return items


def _hide_in_value_of(key: str, value: Any, search: Search) -> Any:
    """The value of a field that no layout names."""
    if isinstance(value, msgspec.Raw):
        if not search.may_find(encode_in_order({key: value})):
            return value
        count = search.count
        hidden = _hide_in_value_of(key, json_text.decode(value), search)
        return value if search.count == count else msgspec.Raw(encode_in_order(hidden))
    return HIDDEN if search.hides_value_of(key, value) else _hide_in_tree(value, search)


def _hide_in_tree(value: Any, search: Search) -> Any:
    """A decoded value. Recursive, so its depth is limited by Python's stack."""
    if isinstance(value, str):
        return search.hide(value)
    if isinstance(value, list):
        before = ["", *value]
        return [
            HIDDEN if _is_option(option) and search.hides_value_of(option, item) else _hide_in_tree(item, search)
            for option, item in zip(before, value, strict=False)
        ]
    if not isinstance(value, dict):
        return value
    hidden = {}
    for key, item in value.items():
        if key in CODE and not search.reads_code:
            hidden[key] = item
        else:
            is_hidden = search.hides_value_of(_name_of(key, value), item)
            hidden[search.hide_in_key(key)] = HIDDEN if is_hidden else _hide_in_tree(item, search)
    return hidden


def _is_option(value: Any) -> bool:
    """Whether an item of a list may be an option of a command: `["--password", "x"]`."""
    return isinstance(value, str) and value.startswith("-")


def _name_of(key: str, fields: dict[str, Any]) -> str:
    """The key of a value, or the name beside it in `{"name": "DB_PASSWORD", "value": "x"}`."""
    name = fields.get("name", fields.get("key")) if key == "value" else key
    return name if isinstance(name, str) else key


def _slices(raw: msgspec.Raw) -> Any:
    """The undecoded members of an object or a list. Another value is decoded."""
    for container in (dict[str, msgspec.Raw], list[msgspec.Raw]):
        try:
            return json_text.decode(raw, container)
        except json_text.UnexpectedShape:
            continue
    return json_text.decode(raw)
