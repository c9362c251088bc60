"""Tells values that may be secrets from those that are not."""

from __future__ import annotations

import binascii
import math
import re
from base64 import b64decode
from collections import Counter

_NO_SECRETS = frozenset({"", "null", "none", "true", "false", "undefined", "nil", "*****"})
_PLACEHOLDER = re.compile(
    r"\{\{\s*[\w.]{1,100}(?:[(\[]\s*[\"'][\w.-]{1,100}[\"']\s*[)\]])?(?:\s*\|\s*\w{1,40})?\s*\}\}"  # Jinja
    r"|\$\{\{?[^{}]{1,200}\}\}?|\$[A-Z_][A-Z0-9_]{0,63}|%\(\w{1,64}\)s|%[A-Z_]{2,64}%"
    r"|<[\w .-]{1,64}>|\*{3,}|[xX]{3,}|\.{3}"
)
_SHORTEST_VALUE = 4
_WORD = re.compile(r"[A-Za-z_]+|\d{1,5}")
_RANDOM = re.compile(r"(?=[^A-Za-z]*[A-Za-z])(?=\D*\d)[A-Za-z0-9+/=_~.%-]{12,4096}")
_SHARE_OF_DIGITS_OR_CAPITALS = 0.2
_LEAST_ENTROPY = 3.0
"""The least entropy of a character, in bits. gitleaks requires 3 to 3.5 for generic keys."""


def is_placeholder(value: str) -> bool:
    """Whether a value is empty, or a placeholder for a secret: `{{ env_var('X') }}`, `${X}`, `<token>`."""
    return value.lower() in _NO_SECRETS or bool(_PLACEHOLDER.fullmatch(value))


def is_specific(value: str) -> bool:
    """Whether a value is long enough to be searched for. Shorter ones occur in too many texts."""
    return len(value) >= _SHORTEST_VALUE and not is_placeholder(value)


def is_word(value: str) -> bool:
    """Whether a value is a word or a small number. To hide it everywhere would also hide names in code."""
    return bool(_WORD.fullmatch(value))


def looks_random(value: str) -> bool:
    """Whether a value looks generated. Decides for keys that mostly have no secret: `client_key`, `auth`."""
    if not _RANDOM.fullmatch(value):
        return False
    length = len(value)
    telling = sum(character.isdigit() or character.isupper() for character in value)
    entropy = -sum(n / length * math.log2(n / length) for n in Counter(value).values())
    return telling >= _SHARE_OF_DIGITS_OR_CAPITALS * length and entropy >= _LEAST_ENTROPY


def is_basic_credential(value: str) -> bool:
    """Whether a value is user:password in base64 (https://www.rfc-editor.org/rfc/rfc7617)."""
    try:
        decoded = b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (ValueError, binascii.Error):
        return False
    return b":" in decoded and all(0x20 <= byte != 0x7F for byte in decoded)
