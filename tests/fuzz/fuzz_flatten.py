"""Coverage-guided fuzzing of everything between a file's bytes and its rows: `make fuzz` runs it (see README.md).

    python fuzz_flatten.py FINDS CORPUS [LIBFUZZER OPTION...]

An input that breaks a property goes to FINDS, one of each kind, and the fuzzing goes on; what ends the interpreter,
takes too long or too much memory ends it, as libFuzzer does.
"""

from __future__ import annotations

import gc
import sys
import traceback
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["artifact_warehouse"]):
    from mutations import mutant, mutate_bytes, parsed
    from properties import check_digest, kind_of
    from seeds import seeds

    from artifact_warehouse.artifacts.flatteners import EntryCache

FINDS, CORPUS = map(Path, sys.argv[1:3])

SEEDS = [*seeds()]

DONORS = [parsed(data) for data in SEEDS[:200]]
"""Trees that mutants take parts from."""

KNOWN_ENTRIES = EntryCache(max_entries=5000)
"""What one artifact leaves in the cache must not show in the next."""


def custom_mutator(data: bytes, max_size: int, seed: int) -> bytes:
    rng = Random(seed)
    if rng.random() < 0.1:
        return bytes(atheris.Mutate(data, max_size))
    changed = mutant(data, rng, DONORS)
    return changed if len(changed) <= max_size else mutate_bytes(data, rng)[:max_size]


def test_one_input(data: bytes) -> None:
    try:
        check_digest(data, KNOWN_ENTRIES)
    except Exception as error:
        file = FINDS / kind_of(error)
        if not file.exists():
            file.write_bytes(data)
            traceback.print_exc()


def main() -> None:
    for folder in (FINDS, CORPUS):
        folder.mkdir(parents=True, exist_ok=True)
    if not any(CORPUS.iterdir()):
        for index, data in enumerate(SEEDS):
            (CORPUS / f"seed_{index}").write_bytes(data)
    gc.freeze()
    atheris.Setup([sys.argv[0], *sys.argv[2:]], test_one_input, custom_mutator=custom_mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
