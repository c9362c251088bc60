"""Ids of contents. The same content has the same id in every warehouse."""

from __future__ import annotations

import hashlib


def hash_text(text: str) -> str:
    """The id of a text: BLAKE2b-128, in hex."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
